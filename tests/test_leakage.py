"""What of the test songs stands in training: by hand, and that keeping families together keeps it out."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from melodies import collection, one_clear_line
from tunesmith.learn.leakage import Leakage, Song, leakage, split_by_chance
from tunesmith.learn.originality import CopiedRuns
from tunesmith.music.key import to_empty_signature
from tunesmith.music.melody import Melody
from tunesmith.tokens.split import incipit, split, split_places
from tunesmith.tokens.steps import encode


def song(pitches: range | list[int], title: str = "") -> Song:
    melody = Melody.of([(pitch, 1) for pitch in pitches])
    return Song(melody, title, incipit(encode(melody)))


UP, DOWN = list(range(50, 70)), list(range(70, 50, -1))
LEAPS = [60, 67, 62, 69, 64, 71, 66, 73, 68, 75, 70, 77]


def test_by_hand():
    train = [song(UP, "Going  Up"), song(LEAPS)]
    test = [
        song(DOWN, "going up "),  # the title alone
        song([pitch + 5 for pitch in UP[:9]] + [60] * 30),  # the beginning alone: less than half
        song([60, 61, 60, 61] + LEAPS),  # most notes, another beginning
        song(LEAPS[::-1], "Leaps"),  # nothing
        song(DOWN, ""),  # nothing: no title is no title in common
    ]
    found = leakage(train, test)
    assert found == Leakage(train=2, test=5, title=1, incipit=1, half=1, any=3, long=1)
    assert found.share == 0.6 and found.as_json()["share"] == 0.6
    assert leakage(train, []).share == 0


def test_a_song_that_can_not_be_read_is_compared_by_its_text():
    lost = Song(None, "Going up", ("incipit",))
    assert leakage([song(UP, "going up")], [lost]).any == 1
    assert leakage([lost], [song(DOWN, "other"), Song(None, "", ("incipit",))]) == Leakage(1, 2, 0, 1, 0, 1, 0)


@given(st.integers(0, 60), st.integers(0, 100))
def test_a_split_by_chance_loses_nothing(count, seed):
    parts = split_by_chance(count, (0.8, 0.1, 0.1), torch.Generator().manual_seed(seed))
    assert sorted(place for part in parts for place in part) == list(range(count))
    assert abs(len(parts[0]) - 0.8 * count) <= 1 and abs(len(parts[2]) - 0.1 * count) <= 1
    assert parts == split_by_chance(count, (0.8, 0.1, 0.1), torch.Generator().manual_seed(seed))


def test_places_are_those_of_split():
    songs = [encode(to_empty_signature(tune)) for tune in collection("kinder")]
    titles = [tune.title for tune in collection("kinder")]
    places = split_places(songs, titles=titles, seed=3)
    assert [[songs[i] for i in part] for part in places] == list(split(songs, titles=titles, seed=3))


notes = st.lists(st.integers(60, 62), min_size=1, max_size=40)


@given(st.lists(notes, max_size=4), notes)
def test_long_runs_are_found_as_a_slow_search_finds_them(songs, tune):
    """Runs of eight notes or more are found by their first eight, and followed."""
    melodies = [Melody.of([(pitch, 1) for pitch in pitches]) for pitches in songs]
    runs, melody = CopiedRuns(melodies), Melody.of([(pitch, 1) for pitch in tune])

    def steps(pitches):
        return [b - a for a, b in pairwise(pitches)]

    def has(pitches, length):
        mine = {tuple(steps(tune)[i : i + length - 1]) for i in range(len(tune) - length + 1)}
        return any(tuple(steps(pitches)[i : i + length - 1]) in mine for i in range(len(pitches) - length + 1))

    longest = max((n for n in range(1, len(tune) + 1) if any(has(pitches, n) for pitches in songs)), default=0)
    assert runs.longest(melody) == longest
    for length in {8, 9, 12, max(1, longest)}:
        first = next((place for place, pitches in enumerate(songs) if has(pitches, length)), None)
        assert runs.song_with(melody, length) == first


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Forty tunes, each with a variant of the same title in another key."""
    folder = tmp_path_factory.mktemp("leakage") / "tunes"
    folder.mkdir()
    tunes = []
    for n in range(40):
        row = [(n * (i + 3) + i * i * (n % 5 + 1)) % 7 for i in range(16)]
        for key, letters in (("C", "CDEFGAB"), ("D", "DEFGABc")):
            bars = "|".join("".join(letters[place] for place in row[i : i + 4]) for i in range(0, 16, 4))
            tunes.append(f"X:{len(tunes) + 1}\nT:Tune {n}\nM:4/4\nL:1/4\nK:{key}\n{bars}|]\n")
    (folder / "tunes.abc").write_text("\n".join(tunes), encoding="utf-8")
    return folder


def test_the_command_counts_both_kinds_of_split(run, folder, tmp_path):
    out = tmp_path / "leakage.json"
    arguments = ["leakage", folder, "--texts", folder, "--random-splits", 3, "--more", folder, "--out", out]
    code, text, err = run(*arguments)
    assert (code, err) == (0, "") and "tunes as texts, by chance" in text
    results = json.loads(out.read_text(encoding="utf-8"))
    assert [row["divided_as"] for row in results["rows"]] == ["tokens", "texts"]
    for row in results["rows"]:
        assert row["songs"] == 80 and row["families"]["title"] == row["families"]["incipit"] == 0
        found = row["by_chance"]["title"]
        assert 3 <= found["least"] <= found["mean"] <= found["most"]  # most variants are torn from each other
    assert results["more"]["all"]["share"] == 1  # the same songs are learned from beside
    assert results["more"]["without_variants"]["any"] == results["rows"][0]["families"]["any"]
    assert results["settings"]["random_splits"] == 3 and "python" in results["versions"]
    code, _, err = run(*arguments)
    assert code == 2
    one_clear_line(err, "exists already")


def test_the_command_refuses(run, tmp_path):
    code, _, err = run("leakage", tmp_path / "none", "--out", tmp_path / "a.json")
    assert code == 2 and not (tmp_path / "a.json").exists()
    one_clear_line(err, "none")
