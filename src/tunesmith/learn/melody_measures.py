"""What can be counted in a melody, and in a set of them: pitches, lengths, scale, repetition. Lesson 11.

All songs are to stand in C major or A minor (see `to_empty_signature`), as a model writes them. What is measured is
what mgeval (Yang & Lerch 2020) and MusPy (Dong et al. 2020) measure, for one voice. Rests are left out but for the
comparison of bars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from tunesmith.learn.style_measures import intervals
from tunesmith.music.corpus import DURATIONS
from tunesmith.music.melody import Melody, Written, bar_length

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)  # pitch classes; the natural minor scale three semitones below has the same
PHRASE = 4  # notes of a run that a melody may repeat: about a bar
LAGS = 8  # bars back, at most, that a bar is compared with

PITCH_CLASSES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
LENGTHS = (*map(str, DURATIONS), "other")


def pitch_classes(melody: Melody) -> np.ndarray:
    """How many notes stand on each pitch class, C to B: (12,), float64. Lesson 11."""
    return np.bincount([pitch % 12 for pitch in melody.pitches], minlength=12).astype(float)


def class_transitions(melody: Melody) -> np.ndarray:
    """How often each pitch class follows each other: (144,), float64, at 12 · first + second. Lesson 11."""
    places = [a % 12 * 12 + b % 12 for a, b in pairwise(melody.pitches)]
    return np.bincount(np.array(places, dtype=np.int64), minlength=144).astype(float)


def note_lengths(melody: Melody) -> np.ndarray:
    """How many notes have each length, of `LENGTHS` in quarter notes, and any other: (9,), float64. Lesson 11."""
    places = [
        DURATIONS.index(note.duration) if note.duration in DURATIONS else len(DURATIONS)
        for note in melody.notes
        if note.pitch is not None
    ]
    return np.bincount(np.array(places, dtype=np.int64), minlength=len(LENGTHS)).astype(float)


def scale_consistency(melody: Melody) -> float:
    """The share of notes that lie in the scale that suits the melody best, 0 to 1; 0 without a note. Lesson 11.

    O. Mogren, "C-RNN-GAN" (2016), as MusPy computes it: the best of the 24 major and natural minor scales. These are
    12 sets of pitch classes, since a minor scale has those of its relative major. (7 of 12 by chance would be 0.58.)
    """
    counts = pitch_classes(melody)
    if not counts.any():
        return 0.0
    return max(float(np.roll(counts, -root)[list(MAJOR_SCALE)].sum()) for root in range(12)) / float(counts.sum())


def full_bars(melody: Melody) -> list[tuple[Written, ...]]:
    """The melody's full bars, an upbeat and a last bar that is not full left out; none without a metre. Lesson 11."""
    if melody.time_signature is None:
        return []
    full = bar_length(melody.time_signature)
    return [tuple(bar) for bar in melody.bars() if sum(part.duration for part in bar) == full]


def repeated_bars(melody: Melody) -> float:
    """The share of full bars that came before, note by note, in the same melody: 0 to 1; 0 without a bar. Lesson 11.

    It asks where the bar lines are, so of a melody that was barred at a guess it says little; see `repeated_phrases`.
    """
    bars = full_bars(melody)
    return 1 - len(set(bars)) / len(bars) if bars else 0.0


def bars_alike(melody: Melody, lags: int = LAGS) -> np.ndarray:
    """The share of full bars that are the same as the bar 1, 2, … bars before: (lags,), float64. Lesson 11.

    nan where the melody is too short. This is the mean of each diagonal of its self-similarity matrix.
    """
    bars = full_bars(melody)
    pairs = [list(zip(bars, bars[lag:], strict=False)) for lag in range(1, lags + 1)]
    return np.array([np.mean([a == b for a, b in pair]) if pair else np.nan for pair in pairs])


def repeated_phrases(melody: Melody) -> float:
    """The share of runs of 4 notes that came before, pitches and lengths, in the same melody: 0 to 1. Lesson 11.

    It needs no bar lines. 0 for a melody that is shorter.
    """
    notes = [note for note in melody.notes if note.pitch is not None]
    runs = [tuple(notes[start : start + PHRASE]) for start in range(len(notes) - PHRASE + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def _mean_interval(melody: Melody) -> float:
    return float(np.mean([abs(b - a) for a, b in pairwise(melody.pitches)]))


def _mean_length(melody: Melody) -> float:
    return float(np.mean([float(note.duration) for note in melody.notes if note.pitch is not None]))


# Name → one number a melody, in notes, semitones, quarter notes, or a share.
NUMBERS: dict[str, Callable[[Melody], float]] = {
    "notes": lambda melody: len(melody.pitches),
    "quarters": lambda melody: float(melody.duration),
    "different pitches": lambda melody: len(set(melody.pitches)),
    "range": lambda melody: max(melody.pitches) - min(melody.pitches),
    "mean interval": _mean_interval,
    "mean length": _mean_length,
    "scale consistency": scale_consistency,
    "repeated bars": repeated_bars,
    "repeated phrases": repeated_phrases,
}
# Name → labels of the K places, and what counts a melody, (K,).
HISTOGRAMS: dict[str, tuple[Sequence[str], Callable[[Melody], np.ndarray]]] = {
    "pitch classes": (PITCH_CLASSES, pitch_classes),
    "class transitions": (tuple(f"{a}–{b}" for a in PITCH_CLASSES for b in PITCH_CLASSES), class_transitions),
    "intervals": (tuple(f"{i:+d}" if i else "0" for i in range(-12, 13)), intervals),
    "note lengths": (LENGTHS, note_lengths),
}


def measurable(melodies: Sequence[Melody]) -> list[Melody]:
    """Those melodies that have two notes or more: of the others there is no interval to measure. Lesson 11."""
    return [melody for melody in melodies if len(melody.pitches) >= 2]


def features(melodies: Sequence[Melody]) -> dict[str, np.ndarray]:
    """Each of `NUMBERS`, (N, 1), and each of `HISTOGRAMS`, (N, K) with rows that add up to 1. Lesson 11.

    Raises ValueError for no melodies, and for one that has fewer than two notes.
    """
    if not melodies or len(measurable(melodies)) < len(melodies):
        raise ValueError("there should be a melody or more, each of two notes or more: see measurable")
    found = {name: np.array([[float(of(melody))] for melody in melodies]) for name, of in NUMBERS.items()}
    for name, (_, count) in HISTOGRAMS.items():
        counts = np.stack([count(melody) for melody in melodies])
        found[name] = counts / counts.sum(1, keepdims=True)
    return found
