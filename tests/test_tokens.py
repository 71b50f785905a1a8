"""Tokens: encode and decode, the vocabulary, the split."""

import itertools
import json
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from melodies import TWELFTH, collection, melodies, one_clear_line
from tunesmith.music.data import data_path
from tunesmith.music.files import read
from tunesmith.music.key import Key, to_empty_signature
from tunesmith.music.melody import Melody
from tunesmith.tokens.split import incipit, split
from tunesmith.tokens.steps import as_step, decode, encode
from tunesmith.tokens.vocabulary import Vocabulary

TWO_BARS = "62 _ _ _ _ _ _ _ r _ _ _ 64 _ 67 _ 65 _ _ _ 64 _ _ _"


# --- Encode and decode --------------------------------------------------------------------------


def test_the_introductions_two_bars():
    melody = read(data_path("songs", "two_bars.krn"))
    assert " ".join(encode(melody)) == TWO_BARS
    assert decode(TWO_BARS, time_signature="3/4", key="C major", tempo=100) == melody


@given(melodies())
def test_sixteenths_there_and_back(melody):
    tokens = encode(melody)
    assert len(tokens) == melody.duration * 4
    assert decode(tokens).notes == melody.notes
    assert decode(" ".join(tokens)) == decode(tokens)


@given(melodies(step=TWELFTH), st.sampled_from(["1/12", 1 / 12, Fraction(1, 12)]))
def test_twelfths_there_and_back(melody, step):
    assert decode(encode(melody, step), step).notes == melody.notes


@given(melodies(step=Fraction(1, 2)), st.sampled_from(["1/2", 0.25, "1/8", TWELFTH]))
def test_any_finer_grid_will_do(melody, step):
    assert decode(encode(melody, step), step).notes == melody.notes


@pytest.mark.parametrize("name", ["erk", "kinder"])
def test_every_song_there_and_back(name):
    for song in collection(name):
        moved = to_empty_signature(song)
        assert decode(encode(moved)).notes == moved.notes


def test_decode_takes_the_frame():
    melody = decode("60 _ r", "1/2", time_signature="3/4", upbeat="1/2", key=Key("F"), tempo=80, title="x")
    assert melody == Melody.of([(60, 1), (None, "1/2")], time_signature="3/4", upbeat="1/2", key="F major", tempo=80)
    assert melody.title == "x"
    assert decode([]) == Melody(())


@pytest.mark.parametrize("upbeat", ["x", "1/0", float("nan"), float("inf"), 9, -1])
def test_decode_refuses_an_upbeat_that_is_none(upbeat):
    with pytest.raises(ValueError) as error:
        decode("60 _", time_signature="3/4", upbeat=upbeat)
    one_clear_line(error.value)


@pytest.mark.parametrize(
    "tokens, words",
    [
        ("_ 60", "token 1 is '_', but there is no note before it"),
        ("60 _ H", "token 3, 'H'"),
        ("60 128", "token 2, '128'"),
        ("60 -1", "token 2, '-1'"),
        ("60 /", "token 2, '/'"),
        ("²", "token 1"),
        ("60.0", "token 1"),
        (["60", ""], "token 2, ''"),
    ],
)
def test_decode_names_the_place(tokens, words):
    with pytest.raises(ValueError) as error:
        decode(tokens)
    one_clear_line(error.value, words)


def test_encode_names_the_note_and_a_step_that_works():
    melody = Melody.of([(60, 1), (64, "1/3"), (67, "2/3")])
    with pytest.raises(ValueError, match=r"note 2 \(E4 1/3\) is not on a grid of 1/4.* such as 1/12") as error:
        encode(melody)
    one_clear_line(error.value)
    assert decode(encode(melody, "1/12"), "1/12") == melody


@given(st.integers(1, 200).map(lambda n: Fraction(n, 48)), st.sampled_from(["1/4", "1/12", "1/2", "2/3", "1/8", 1]))
def test_the_step_that_an_error_names_works(duration, step):
    melody = Melody.of([(60, duration)])
    try:
        encode(melody, step)
    except ValueError as error:
        better = str(error).rpartition(" ")[2]
        assert decode(encode(melody, better), better) == melody


@pytest.mark.parametrize("step", [0, -1, "x", "1/0", float("nan"), float("inf"), None, 1e-9])
def test_a_step_is_a_length(step):
    with pytest.raises(ValueError, match="no length") as error:
        as_step(step)
    one_clear_line(error.value)


def test_a_step_is_exact():
    assert as_step(1 / 12) == as_step("1/12") == Fraction(1, 12)
    assert as_step(0.25) == Fraction(1, 4)


# --- Vocabulary ---------------------------------------------------------------------------------

VOCABULARY = Vocabulary.of([TWO_BARS, ["r", "100"]])


def test_signs_first_then_pitches_from_low_to_high():
    assert list(VOCABULARY) == ["/", "_", "r", "62", "64", "65", "67", "100"]
    assert VOCABULARY.ids("/ 100 _").tolist() == [0, 7, 1]
    assert VOCABULARY.ids("62").dtype == np.int64 and VOCABULARY.ids([]).shape == (0,)
    assert "64" in VOCABULARY and "63" not in VOCABULARY and len(VOCABULARY) == 8


@given(st.lists(st.lists(st.sampled_from(["_", "r", *map(str, range(128))]), max_size=20), max_size=5), st.randoms())
def test_the_order_depends_on_the_set_alone(songs, chance):
    one = Vocabulary.of(songs)
    shuffled = [token for song in songs for token in song]
    chance.shuffle(shuffled)
    assert Vocabulary(shuffled) == one and hash(Vocabulary(shuffled)) == hash(one)
    for song in songs:
        assert one.tokens(one.ids(song)) == song
    assert one.ids(one.tokens(range(len(one)))).tolist() == list(range(len(one)))


@pytest.mark.parametrize(
    "token, near", [("63", "62, 64, 65"), ("-5", "62, 64, 65"), ("127", "65, 67, 100"), ("R", "/, _, r")]
)
def test_an_unknown_token_names_the_nearest(token, near):
    with pytest.raises(ValueError) as error:
        VOCABULARY.ids(f"62 _ {token}")
    one_clear_line(error.value, f"token 3, {token!r}", f"near it: {near}")


@pytest.mark.parametrize("token", ["--5", "²", "9" * 5000, "", "60 _", "\n", "🎵"])
def test_no_unknown_token_is_too_strange(token):
    with pytest.raises(ValueError, match="is not in the vocabulary"):
        VOCABULARY.ids([token])
    assert list(Vocabulary([*VOCABULARY, "²"]))[-1] == "100"


@pytest.mark.parametrize("i", [-1, 8])
def test_an_id_outside_is_refused(i):
    with pytest.raises(ValueError, match=f"id {i} is outside the vocabulary: 0 to 7"):
        VOCABULARY.tokens([0, i])


def test_saved_and_loaded(tmp_path):
    VOCABULARY.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json") == VOCABULARY
    assert json.loads((tmp_path / "v.json").read_text())["tokens"] == list(VOCABULARY)
    before = (tmp_path / "v.json").read_bytes()
    VOCABULARY.save(str(tmp_path / "v.json"))
    assert (tmp_path / "v.json").read_bytes() == before


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "not a vocabulary"),
        (b"[]", "not a vocabulary"),
        (b"{}", "not a vocabulary"),
        (b'{"tokens": 5}', "not a vocabulary"),
        (b'{"tokens": [1, 2]}', "not a vocabulary"),
        (b'{"tokens": [["a"]]}', "not a vocabulary"),
        (b'{"tokens": ["/", "_"', "not a vocabulary"),
        (b"\xff\xfe\x00", "not a vocabulary"),
        (b'{"tokens": "/_r"}', "order"),
        (b'{"tokens": ["60", "/", "_"]}', "order"),
        (b'{"tokens": ["_", "60"]}', "order"),
        (b'{"tokens": ["/", "_", "60", "60"]}', "order"),
    ],
)
def test_a_damaged_vocabulary_is_refused(tmp_path, content, words):
    path = tmp_path / "v.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as error:
        Vocabulary.load(path)
    one_clear_line(error.value, "v.json")


def test_a_missing_vocabulary(tmp_path):
    with pytest.raises(FileNotFoundError):
        Vocabulary.load(tmp_path / "v.json")


# --- Split --------------------------------------------------------------------------------------


def some_songs(count=300, seed=0):
    chance = random.Random(seed)
    return [
        [token for _ in range(chance.randrange(10, 30)) for token in (str(chance.randrange(55, 80)), "_", "_")]
        for _ in range(count)
    ]


def test_split_is_a_partition_by_the_shares():
    songs = some_songs()
    for shares in [(0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (1, 0, 0), (0, 0, 1)]:
        parts = split(songs, shares)
        assert [len(part) for part in parts] == [pytest.approx(300 * share, abs=1) for share in shares]
        assert sorted(song for part in parts for song in part) == sorted(songs)
        for part in parts:
            assert [songs.index(song) for song in part] == sorted(songs.index(song) for song in part)


def test_split_is_the_same_at_every_run_and_changes_with_the_seed():
    songs = some_songs()
    assert split(songs) == split(list(songs))
    assert split(songs) != split(songs, seed=1)
    # Written down once: the same on every machine and in every version of Python.
    assert [[songs.index(song) for song in part][:5] for part in split(songs)[1:]] == SPLIT_OF_300


SPLIT_OF_300 = [[3, 5, 12, 14, 67], [17, 26, 30, 38, 42]]


def test_families_stay_on_one_side():
    songs = some_songs(120)
    variants = [[*song[:30], "60", "_", "r"] for song in songs[:40]]  # the same first eight intervals
    lower = [[str(int(token) - 5) if token.isdigit() else token for token in song] for song in songs[:20]]
    titles = [f"T{i}" for i in range(120)] + [f"V{i}" for i in range(40)] + [f"L{i}" for i in range(20)]
    same_title = some_songs(30, seed=1)
    titles += [f" v{i}  ".upper() for i in range(30)]
    every = songs + variants + lower + same_title
    parts = split(every, titles=titles)
    side = {tuple(song): number for number, part in enumerate(parts) for song in part}
    for i in range(40):
        assert side[tuple(songs[i])] == side[tuple(variants[i])]
    for i in range(20):
        assert side[tuple(songs[i])] == side[tuple(lower[i])]  # transposed
    for i in range(30):
        assert side[tuple(variants[i])] == side[tuple(same_title[i])]  # through its title, and so through others
    assert {side[tuple(song)] for song in same_title} == {0, 1, 2}
    assert sum(map(len, parts)) == len(every)


def test_songs_without_a_title_are_no_family():
    songs = some_songs(50)
    assert [len(part) for part in split(songs, titles=[""] * 50)] == [40, 5, 5]
    assert [len(part) for part in split(songs, titles=["same"] * 50)].count(0) == 2


def test_erk_is_split_by_families():
    songs = collection("erk")
    tokens = [encode(to_empty_signature(song)) for song in songs]
    titles = [song.title for song in songs]
    parts = split(tokens, titles=titles)
    assert [len(part) for part in parts] == [1424, 178, 178]
    sides = [{incipit(song) for song in part} for part in parts]
    assert not any(a & b for a, b in itertools.combinations(sides, 2))


def test_incipit():
    assert incipit("60 _ 62 64 _ _ r _ 64") == ((2, 2, 0), (2, 1, 3))
    assert incipit("r _ 60 _ 62") == ((2,), (2,))
    assert incipit("60 61 62 63 64 65 66 67 68 69 70") == ((1,) * 8, (1,) * 8)
    assert incipit("") == incipit("r _") == ((), ())


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.8, 0.1, 0.2), (1.2, -0.1, -0.1), (float("nan"), 0.5, 0.5)])
def test_shares_add_up(shares):
    with pytest.raises(ValueError, match="shares") as error:
        split(some_songs(10), shares)
    one_clear_line(error.value)


def test_titles_are_one_a_song():
    with pytest.raises(ValueError, match="there are 10 songs but 2 titles"):
        split(some_songs(10), titles=["a", "b"])


def test_split_of_little():
    assert split([]) == ([], [], [])
    assert split([["60"]]) == ([["60"]], [], [])
