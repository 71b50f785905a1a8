"""The Kern reader and writer: tokens, spines, round trips, agreement with music21, and bad input."""

import warnings
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21 import converter

from melodies import TWELFTH, collection, melodies, one_clear_line, rests_joined
from tunesmith.music.draft import SongError
from tunesmith.music.kern import kern_text, kern_token, parse_kern, printable_values
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody

HEAD = "**kern\n*clefG2\n*k[]\n*C:\n*M4/4\n"


def played(text):
    return [(note.pitch, note.duration) for note in parse_kern(text).melody.notes]


@pytest.mark.parametrize(
    "token, pitch, duration",
    [
        ("4c", 60, 1),
        ("4C", 48, 1),
        ("4cc", 72, 1),
        ("4CC", 36, 1),
        ("4b", 71, 1),
        ("4B", 59, 1),
        ("8.f#", 66, "3/4"),
        ("4..g", 67, "7/4"),
        ("2e-", 63, 2),
        ("2e--", 62, 2),
        ("2f##", 67, 2),
        ("4bn", 71, 1),
        ("4r", None, 1),
        ("4ryy", None, 1),
        ("1r;", None, 4),
        ("12c", 60, "1/3"),
        ("24dd", 74, "1/6"),
        ("20c", 60, "1/5"),
        ("0c", 60, 8),
        ("00c", 60, 16),
        ("0.c", 60, 12),
        ("3%2c", 60, "8/3"),
        ("{[8aaL", 81, "1/2"),
        ("16ff#JJ]}", 78, "1/4"),
        ("(4d)", 62, 1),
        ("4d'", 62, 1),
        ("4d\x08", 62, 1),
        ("CCCCC4", None, None),
    ],
)
def test_tokens(token, pitch, duration):
    if duration is None:
        with pytest.raises(ValueError, match="not a note"):
            kern_token(token)
    else:
        assert kern_token(token) == (pitch, Fraction(duration))


@pytest.mark.parametrize("token", ["", "c", "4", "4h", "hello", "4.", "r"])
def test_what_is_no_token(token):
    with pytest.raises(ValueError, match="not a note") as error:
        kern_token(token)
    one_clear_line(error.value)


def test_a_whole_file():
    parsed = parse_kern(
        "!!!OTL: Air\n!! a comment\n**kern\n*ICvox\n*k[f#]\n*e:\n*M3/4\n*MM96\n{8.e\n16f#\n=1\n"
        "! local\n4g\n[2b\n=2\n4b]\n4r}\n{8qf\n4d#\n=3:|!\n2.e}\n==\n*-\n",
        "air.krn",
    )
    assert parsed.melody == Melody.of(
        [(64, "3/4"), (66, "1/4"), (67, 1), (71, 3), (None, 1), (63, 1), (64, 3)],
        time_signature="3/4",
        upbeat=1,
        key="E minor",
        tempo=96,
    )
    assert (parsed.melody.title, parsed.melody.source) == ("Air", "air.krn")
    assert parsed.written == {Fraction(3, 4): 0, Fraction(1, 4): 0, 1: 1, 2: 1, 3: 3}  # before ties are joined
    assert set(parsed.remarks) == {"repeat signs are read once", "grace notes dropped: 1"}


@pytest.mark.parametrize(
    "cell, key",
    [
        ("*F:", "F major"),
        ("*a:", "A minor"),
        ("*b-:", "Bb minor"),
        ("*B-:", "Bb major"),
        ("*f#:", "F# minor"),
        ("*d:dor", "D dorian"),
        ("*G:mix", "G mixolydian"),
        ("*A:aeo", "A minor"),
        ("*c:ion", "C major"),
    ],
)
def test_keys(cell, key):
    assert parse_kern(f"**kern\n{cell}\n4c\n*-").melody.key == Key.parse(key)


def test_no_key_is_estimated_and_said():
    parsed = parse_kern("**kern\n2g\n4b\n2dd\n4a\n4b\n2g\n*-")
    assert str(parsed.melody.key) == "G major"
    assert parsed.remarks == ("no key named: G major estimated",)


def test_the_first_key_holds():
    assert parse_kern("**kern\n*G:\n4g\n*e:\n4e\n*-").melody.key == Key("G")


@pytest.mark.parametrize(
    "text, upbeat",
    [
        ("4g\n=1\n1c\n==", 1),
        ("=1\n4g\n=2\n1c\n==", 1),  # a short first bar is an upbeat, whatever its number
        ("=1\n1c\n=2\n1d\n==", 0),
        ("1c\n=2\n1d\n==", 0),
        ("=1-\n4c\n==", 0),  # the only bar
        ("4c", 0),
        ("=1\n=1\n4c\n=2\n=2\n1d", 1),
        ("4r\n=\n1d\n=", 1),
    ],
)
def test_upbeat(text, upbeat):
    assert parse_kern(f"{HEAD}{text}\n*-\n").melody.upbeat == upbeat


def test_ties():
    assert played(f"{HEAD}[4c\n=2\n4c_\n=3\n4c]\n4c\n*-") == [(60, 3), (60, 1)]
    parsed = parse_kern(f"{HEAD}=1\n2.c\n4d\n=2\n4c]\n2.c\n==\n*-")
    assert [note.duration for note in parsed.melody.notes] == [3, 1, 1, 3]  # joins nothing, and is kept
    assert parsed.remarks == ("a tie in bar 2 joins nothing",)
    assert parse_kern(f"{HEAD}4c\n=1\n1d\n=2\n1c]\n==\n*-").remarks == ("a tie in bar 2 joins nothing",)


def test_several_spines():
    text = (
        "**dynam\t**kern\t**kern\n*\t*M2/4\t*M2/4\n.\t4c\t4e\n*\t*G:\t*\n=1\t=1\t=1\np\t4d\t.\n.\t4e\t2g\n*-\t*-\t*-\n"
    )
    parsed = parse_kern(text)
    assert parsed.melody.pitches == (60, 62, 64)
    assert parsed.melody.key == Key("G")
    assert parsed.remarks == ("3 spines: only the first **kern spine is read",)


@pytest.mark.parametrize(
    "text",
    [
        "**dynam\t**kern\n*^\t*\np\tf\t4c\n*v\t*v\t*\np\t4d\n*-\t*-\n",
        "**dynam\t**kern\n*^\t*\n*^\t*\t*\np\tq\tf\t4c\n*v\t*v\t*v\t*\np\t4d\n*-\t*-\n",
        "**dynam\t**kern\n*+\t*\n**text\t**x\t*\nx\ty\t4c\n*\t*-\t*\nx\t4d\n*-\t*-\n",
        "**dynam\t**x\t**kern\n*-\t*\t*\nx\t4c\n*\t*\nx\t4d\n*-\t*-\n",
        "**x\t**kern\n*\t*^\nq\t4c\t4e\n*\t*v\t*v\nq\t4d\n*-\t*-\n",
    ],
)
def test_spines_that_split_and_join_are_followed(text):
    assert parse_kern(text).melody.pitches == (60, 62)


def test_chords_keep_their_first_note_and_are_counted():
    parsed = parse_kern(f"{HEAD}4c 4e 4g\n4d\n4e 4g\n*-")
    assert parsed.melody.pitches == (60, 62, 64)
    assert parsed.remarks == ("chords cut down to one note: 2",)


def test_windows_line_ends_and_the_end_of_the_spine():
    assert played(f"{HEAD}4c\n4d\n*-\n4e\n".replace("\n", "\r\n")) == [(60, 1), (62, 1)]


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "no **kern spine"),
        ("!! nothing but comments\n", "no **kern spine"),
        ("X:1\nK:C\nCDE|\n", "line 1"),
        ("\x00\x07\x1b[31m noise \x85\n\x01\x02\n", "not a Kern file"),
        ("**kern\n*M4/4\n4x\n*-\n", "line 3"),
        ("**kern\n4c\n4d4\n", "line 3"),
        ("**kern\n4ggggggggg\n", "MIDI range"),
        ("**kern\n4CCCCCCCC\n", "MIDI range"),
        ("**kern\n4%0c\n", "line 2"),
        ("**kern\n1%" + "9" * 400 + "c\n", "line 2"),
        ("**dynam\t**kern\n*\t*\np\n", "line 3"),
        ("**kern\n4r\n2r\n*-\n", "no note"),
        ("**kern\n*M3/4\n*C:\n4c\n=2\n*M4/4\n4c\n*-\n", "3/4 to 4/4"),
        ("**kern\n*M3/5\n4c\n=2\n4c\n*-\n", "3/5"),
        ("**kern\n*M0/4\n4c\n*-\n", "0/4"),
        ("**kern\n*C###:\n4c\n*-\n", "not a tonic"),
    ],
)
def test_bad_input_is_one_clear_line(text, words):
    if words == "line 3" and "4d4" in text:
        assert parse_kern(text).melody.pitches == (60, 62)  # a stray sign behind a note does no harm
        return
    with pytest.raises(SongError) as error:
        parse_kern(text, "tune.krn")
    one_clear_line(error.value, "tune.krn", words)


def test_causes():
    for text, cause in [("**kern\n4r\n", "no notes"), ("**kern\n*M2/4\n*M3/4\n4c\n", "metre"), ("x", "broken file")]:
        with pytest.raises(SongError) as error:
            parse_kern(text)
        assert error.value.cause == cause


# fmt: off
PIECES = [
    "**kern", "**x", "4c", "8.dd#", "16r", "[2g", "2g]", "=1", "=", "*M3/4", "*M9/0", "*M99/7", "*k[f#]",
    "*F:", "*C#-:", "*MM0", "*MM1e9", "*-", "*^", "*v", "*+", ".", "!", "!!!OTL:x", "0%0c", "\x00", "\x85",
    "\u2028", "é", "",
]
# fmt: on


@given(st.lists(st.lists(st.sampled_from(PIECES) | st.text(max_size=2), min_size=1, max_size=2), max_size=6))
def test_nothing_but_a_song_error_comes_of_noise(rows):
    for head in ("", "**kern\n"):
        try:
            parsed = parse_kern(head + "\n".join("\t".join(row) for row in rows))
        except SongError as error:
            one_clear_line(error)
        else:
            assert parsed.melody.pitches


# --- Writing ------------------------------------------------------------------------------------


def can_come_back(melody):
    """Whether no rest has to be cut: at a bar line, or because no single sign can write it."""
    written = [part for bar in melody.bars() for part in bar if part.pitch is None]
    rests = [note for note in melody.notes if note.pitch is None]
    return len(written) == len(rests) and all(len(printable_values(rest.duration)) == 1 for rest in rests)


def check_round_trip(melody):
    again = parse_kern(kern_text(melody))
    assert rests_joined(again.melody) == rests_joined(melody)
    if can_come_back(melody):
        assert again.melody == melody
    assert again.melody.title == " ".join(melody.title.split())
    assert again.remarks == ()


@given(melodies())
def test_sixteenths_written_are_read_back(melody):
    check_round_trip(melody)


@given(melodies(step=TWELFTH))
def test_twelfths_written_are_read_back(melody):
    check_round_trip(melody)


@given(melodies(rests=False) | melodies(step=TWELFTH, rests=False))
def test_without_rests_every_melody_comes_back_equal(melody):
    assert parse_kern(kern_text(melody)).melody == melody


@given(melodies() | melodies(step=TWELFTH))
def test_every_line_has_one_sign(melody):
    """No line of a written file needs two tokens, and its bars are numbered."""
    lines = kern_text(melody).splitlines()
    assert lines[-2:] == ["==", "*-"]
    numbers = [int(line[1:].rstrip("-")) for line in lines if line.startswith("=") and line != "=="]
    assert numbers == list(range(1, len(numbers) + 1))


@given(st.integers(1, 400).map(lambda n: Fraction(n, 48)) | st.integers(1, 90).map(lambda n: Fraction(n, 20)))
def test_printable_values_add_up(duration):
    values = printable_values(duration)
    assert sum(values) == duration
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    "duration, values",
    [
        ("5/4", ["1", "1/4"]),
        ("7/4", ["3/2", "1/4"]),
        ("3", ["3"]),
        ("5/3", ["4/3", "1/3"]),
        ("1/12", ["1/12"]),
        ("9/2", ["4", "1/2"]),
    ],
)
def test_printable_values(duration, values):
    assert printable_values(Fraction(duration)) == [Fraction(value) for value in values]


def test_kern_text():
    tune = Melody.of(
        [(62, 1), (67, 3), (66, "5/4"), (None, "3/4"), (55, 1)],
        time_signature="3/4",
        upbeat=1,
        key="G major",
        tempo=90,
        title="An\nair",
    )
    assert kern_text(tune).split("\n") == [
        "!!!OTL: An air", "**kern", "*clefG2", "*k[f#]", "*G:", "*M3/4", "*MM90",
        "4d", "=1", "2.g", "=2", "[4f#", "16f#]", "8.r", "4G", "==", "*-", "",
    ]  # fmt: skip
    assert "*clefF4" in kern_text(tune.transpose(-24))
    assert "\n=1-\n" in kern_text(tune.replace(upbeat=0))  # a bar line that is not drawn
    assert "*k[b-e-]" in kern_text(tune.replace(key="G minor"))


def test_every_song_of_the_collections_comes_back():
    for song in (*collection("kinder"), *collection("erk")[::12]):
        assert rests_joined(parse_kern(kern_text(song)).melody) == rests_joined(song)


def test_our_reader_agrees_with_music21():
    """Note for note on 60 songs of kinder, written by us: pitch, duration, metre, and what stands in each bar."""
    for song in collection("kinder")[::4]:
        text = kern_text(song)
        ours = parse_kern(text).melody
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            part = converter.parseData(text, format="humdrum").parts[0]
        theirs = part.stripTies().flatten().notesAndRests
        assert [(n.pitch, n.duration) for n in ours.notes] == [
            (n.pitch.midi if n.isNote else None, Fraction(n.quarterLength)) for n in theirs
        ]
        assert ours.time_signature == part.recurse().getElementsByClass("TimeSignature").first().ratioString
        bars = [[Fraction(n.quarterLength) for n in bar.notesAndRests] for bar in part.getElementsByClass("Measure")]
        assert [[d for part in bar for d in printable_values(part.duration)] for bar in ours.bars()] == [
            b for b in bars if b
        ]
