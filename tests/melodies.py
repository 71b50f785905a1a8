"""What several tests need: any melody on a grid, the collections read once, errors that are one clear line."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st

import tunesmith as ts
from tunesmith.music.key import MODES, Key
from tunesmith.music.melody import Melody, Note, bar_length
from tunesmith.music.report import Songs

# The same examples at every run, and no time limit: a busy machine makes no test fail.
QUICK = [Phase.explicit, Phase.generate, Phase.shrink]
settings.register_profile("course", max_examples=60, deadline=None, derandomize=True, phases=QUICK)
settings.load_profile("course")

SIXTEENTH, TWELFTH = Fraction(1, 4), Fraction(1, 12)
KEYS = [
    key
    for mode in MODES
    for tonic in ("C", "Db", "C#", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B", "Cb")
    if abs((key := Key(tonic, mode)).signature) <= 7
]
TUNE = Melody.of(
    [(62, 1), (67, 1.5), (66, "1/2"), (None, 1), (69, "5/4"), (71, "3/4"), (71, 3), (67, 2)],
    time_signature="3/4",
    upbeat=1,
    key="G major",
    tempo=96,
    title="An air – für Elise",
)
METRES = ("2/4", "3/4", "4/4", "6/8", "9/8", "2/2", "5/4", "3/8", "7/16")


@lru_cache
def collection(name: str) -> Songs:
    """A collection, from the ordinary cache: read once on a machine, loaded once in a run."""
    return ts.load(name)


@st.composite
def melodies(draw, step: Fraction = SIXTEENTH, rests: bool = True, low: int = 0, high: int = 127) -> Melody:
    """A melody whose notes last whole steps, in any key and metre, with any upbeat that its notes fill."""
    pitches = st.integers(low, high)
    sounds = st.one_of(pitches, st.none()) if rests else pitches
    steps = st.integers(1, int(6 / step))
    notes = draw(st.lists(st.builds(lambda p, n: Note(p, n * step), sounds, steps), min_size=1, max_size=24))
    notes.insert(draw(st.integers(0, len(notes))), Note(draw(pitches), draw(steps) * step))
    metre = draw(st.none() | st.sampled_from(METRES))
    upbeat = Fraction(0)
    if metre:
        room = min(bar_length(metre) - step, sum(note.duration for note in notes))
        upbeat = draw(st.integers(0, max(0, int(room / step)))) * step
    key = draw(st.sampled_from(KEYS))
    tempo = draw(st.none() | st.integers(20, 400).map(float))
    return Melody(tuple(notes), metre, upbeat, key, tempo, title=draw(st.text(max_size=8)))


def sounds(melody: Melody) -> list[tuple[int, Fraction, Fraction]]:
    """What one hears: pitch, onset and duration of each note that is no rest."""
    return [(n.pitch, at, n.duration) for n, at in zip(melody.notes, melody.onsets, strict=True) if n.pitch is not None]


def rests_joined(melody: Melody) -> Melody:
    """The same melody with rests that follow each other made one."""
    notes: list[Note] = []
    for note in melody.notes:
        if note.pitch is None and notes and notes[-1].pitch is None:
            notes[-1] = Note(None, notes[-1].duration + note.duration)
        else:
            notes.append(note)
    return melody.replace(notes=tuple(notes))


def one_clear_line(error: object, *words: str) -> None:
    """An error's text is one short line without a traceback's look, and has these words."""
    text = str(error).strip()
    assert text and "\n" not in text and len(text) < 300, text
    assert "Traceback" not in text and "Error" not in text.split(":")[0], text
    for word in words:
        assert word in text, f"{word!r} is not in {text!r}"


def command(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m tunesmith`` with arguments, as a user would."""
    source = str(Path(ts.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "tunesmith", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        timeout=300,
        env={**os.environ, "PYTHONPATH": source, "TUNESMITH_PLAIN": "1", **environment},
    )
