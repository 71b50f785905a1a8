"""The tunes in data/songs: full bars, sensible notes, and two readers that agree on every one."""

from __future__ import annotations

import re
import warnings
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from music21 import converter, stream

from tunesmith.music.files import read
from tunesmith.music.kern import kern_token
from tunesmith.music.melody import bar_length

SONGS = Path(__file__).resolve().parents[1] / "data" / "songs"
KERN = sorted(SONGS.glob("*.krn"))
ABC = sorted(SONGS.glob("*.abc"))
TWO_BARS = "62 _ _ _ _ _ _ _ r _ _ _ 64 _ 67 _ 65 _ _ _ 64 _ _ _"
DURATIONS = {Fraction(x) for x in ("1/4", "1/2", "3/4", "1", "3/2", "2", "3", "4")}
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
OUTSIDE = {"greensleeves": {6, 8}}  # F sharp and G sharp: the raised sixth and seventh of A minor


def name(path: Path) -> str:
    return path.name


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def bars_of(path: Path) -> list[list[str]]:
    """The note tokens of a Kern file bar by bar; the first list is what stands before ``=1``."""
    bars: list[list[str]] = [[]]
    for line in text_of(path).splitlines():
        if line.startswith("="):
            bars.append([])
        elif not line.startswith(("*", "!")):
            bars[-1].append(line)
    assert not bars[-1], "notes after the last bar line"
    return bars[:-1]


def length(bar: list[str]) -> Fraction:
    return sum((kern_token(token)[1] for token in bar), Fraction(0))


def played(melody) -> list[tuple[int | None, Fraction]]:
    return [(note.pitch, note.duration) for note in melody.notes]


def read_quietly(path: Path):
    """Our reader, with every warning an error: these files give no reason for one."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return read(path)


def through_music21(path: Path) -> list[tuple[int | None, Fraction]]:
    """Pitches and durations as music21 reads them, repeats played out and ties joined."""
    kind = {".krn": "humdrum", ".abc": "abc"}[path.suffix]
    score = converter.parseData(text_of(path), format=kind)
    if isinstance(score, stream.Opus):
        score = score.scores[0]
    part = score.parts[0]
    if path.suffix == ".abc":
        part = part.expandRepeats()
    notes = part.stripTies().flatten().notesAndRests
    return [(n.pitch.midi if n.isNote else None, Fraction(n.quarterLength)) for n in notes]


def test_there_are_songs():
    assert len(KERN) >= 14
    assert len(ABC) >= 5
    assert all(path.with_suffix(".krn").exists() for path in ABC)


@pytest.mark.parametrize("path", KERN, ids=name)
def test_bars_are_full_and_numbered(path):
    text = text_of(path)
    full = bar_length(re.search(r"^\*M(\d+/\d+)$", text, re.M)[1])
    upbeat, *bars = bars_of(path)
    numbers = [int(n) for n in re.findall(r"^=(\d+)$", text, re.M)]
    assert numbers == list(range(1, len(bars) + 1))
    assert text.endswith("\n==\n*-\n")
    assert [n for n, bar in enumerate(bars[:-1], 1) if length(bar) != full] == []
    assert length(upbeat) < full
    assert length(upbeat) + length(bars[-1]) == full
    assert read_quietly(path).upbeat == length(upbeat)


@pytest.mark.parametrize("path", KERN, ids=name)
def test_written_durations_pass_the_filter(path):
    assert {kern_token(token)[1] for bar in bars_of(path) for token in bar} <= DURATIONS


@pytest.mark.parametrize("path", KERN + ABC, ids=name)
def test_our_reader_agrees_with_music21(path):
    ours, theirs = played(read_quietly(path)), through_music21(path)
    # A rest is never joined to the next one, so the two lists can be compared as they stand.
    assert ours == theirs


@pytest.mark.parametrize("path", ABC, ids=name)
def test_abc_twin_is_the_same_music(path):
    twin = path.with_suffix(".krn")
    assert through_music21(path) == through_music21(twin)
    ours, theirs = read_quietly(path), read_quietly(twin)
    assert ours.tempo == pytest.approx(theirs.tempo)  # music21 makes 110.00000000000001 of ABC's 110
    assert ours.replace(tempo=None) == theirs.replace(tempo=None)
    assert ours.title == theirs.title


@pytest.mark.parametrize("path", KERN, ids=name)
def test_notes_are_sensible(path):
    melody = read_quietly(path)
    pitches = [note.pitch for note in melody.notes if note.pitch is not None]
    assert min(pitches) >= 48
    assert max(pitches) <= 84
    assert max(pitches) - min(pitches) <= 24
    assert max(abs(a - b) for a, b in pairwise(pitches)) <= 15  # Greensleeves: up a tenth into the refrain
    scale = {(7 * melody.key.signature + step) % 12 for step in MAJOR_SCALE}
    assert {pitch % 12 for pitch in pitches} - scale == OUTSIDE.get(path.stem, set())
    if path.stem not in ("two_bars", "eine_kleine_nachtmusik"):  # no whole tunes
        assert pitches[-1] % 12 == melody.key.tonic_class


@pytest.mark.parametrize("path", KERN, ids=name)
def test_readme_says_what_the_file_says(path):
    melody = read_quietly(path)
    row = next((line for line in text_of(SONGS / "README.md").splitlines() if f"`{path.name}`" in line), None)
    assert row is not None, f"data/songs/README.md has no row for {path.name}"
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    key = f"{melody.key.tonic[0]}{' flat' if 'b' in melody.key.tonic else ''} {melody.key.mode}"
    assert cells[3:6] == [key, melody.time_signature, str(melody.upbeat or "–")]
    assert ("`.abc`" in cells[0]) == path.with_suffix(".abc").exists()
    assert cells[1].startswith(melody.title.split(" (")[0])


def test_together_they_show_everything():
    melodies = [read_quietly(path) for path in KERN]
    assert {m.time_signature for m in melodies} == {"2/4", "3/4", "4/4", "6/8"}
    assert {m.key.mode for m in melodies} == {"major", "minor", "dorian", "mixolydian"}
    assert {bool(m.upbeat) for m in melodies} == {True, False}
    texts = "".join(text_of(path) for path in KERN)
    for what in ("\n4r\n", "[", "]", "8.", "{", "}", "*clefF4"):
        assert what in texts, what


def test_two_bars_is_the_line_of_the_introduction():
    tokens = []
    for pitch, duration in played(read_quietly(SONGS / "two_bars.krn")):
        steps = duration * 4
        assert steps.denominator == 1
        tokens += ["r" if pitch is None else str(pitch)] + ["_"] * (int(steps) - 1)
    assert " ".join(tokens) == TWO_BARS
