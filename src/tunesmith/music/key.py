"""Keys: their names, their signatures, how a pitch is spelled in them, and how to estimate one.

Lessons 03 (what a key is) and 04 (estimating one, moving a song to C major or A minor).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tunesmith.music.melody import Melody

LETTERS = "CDEFGAB"
_LETTER_CLASS = dict(zip(LETTERS, (0, 2, 4, 5, 7, 9, 11), strict=True))
# Letters along the line of fifths, F = -1, C = 0, G = 1 …; each sharp adds 7, each flat takes 7.
_LETTER_FIFTHS = dict(zip("FCGDAEB", range(-1, 6), strict=True))
# How far the signature of a mode lies from that of the major key on the same tonic.
_MODE_FIFTHS = {
    "major": 0,
    "minor": -3,
    "dorian": -2,
    "phrygian": -4,
    "lydian": 1,
    "mixolydian": -1,
    "locrian": -5,
}
MODES = tuple(_MODE_FIFTHS)

# Aarden (2003), table on the Essen collection, as in Humdrum's `keycor` and music21's `AardenEssen`:
# the share of notes, in per cent, on each pitch class, counted in semitones above the tonic.
MAJOR_PROFILE = (17.7661, 0.1456, 14.9265, 0.1602, 19.8049, 11.3587, 0.2912, 22.0620, 0.1456, 8.1549, 0.2330, 4.9512)
MINOR_PROFILE = (18.2648, 0.7376, 14.0499, 16.8599, 0.7025, 14.4362, 0.7025, 18.6161, 4.5662, 1.9319, 7.3762, 1.7562)


@dataclass(frozen=True)
class Key:
    """A tonic and a mode, such as ``Key("F#", "minor")``. Used from lesson 03 on.

    tonic: a letter A–G with ``#`` or ``b`` behind it. mode: one of `MODES`.
    Raises ValueError for any other tonic or mode.
    """

    tonic: str
    mode: str = "major"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-G](#{0,2}|b{0,2})", self.tonic):
            raise ValueError(f"{self.tonic!r} is not a tonic: write a letter A to G, then # or b, such as 'Bb'")
        if self.mode not in _MODE_FIFTHS:
            raise ValueError(f"{self.mode!r} is not a mode: choose one of {', '.join(MODES)}")

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read a key as `str` prints it: ``"G major"``, ``"F# minor"``; a lone tonic is major."""
        tonic, _, mode = text.strip().partition(" ")
        return cls(tonic[:1].upper() + tonic[1:], mode.strip().lower() or "major")

    def __str__(self) -> str:
        return f"{self.tonic} {self.mode}"

    @property
    def tonic_class(self) -> int:
        """The tonic's pitch class, 0 (C) to 11 (B)."""
        return (_LETTER_CLASS[self.tonic[0]] + self.tonic.count("#") - self.tonic.count("b")) % 12

    @property
    def tonic_fifths(self) -> int:
        """The tonic's place on the line of fifths: F −1, C 0, G 1, …"""
        return _LETTER_FIFTHS[self.tonic[0]] + 7 * (self.tonic.count("#") - self.tonic.count("b"))

    @property
    def signature(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature."""
        return self.tonic_fifths + _MODE_FIFTHS[self.mode]

    def transpose(self, semitones: int) -> Key:
        """The key `semitones` higher, on the tonic that needs the fewest sharps or flats."""
        return _simplest_key((self.tonic_class + semitones) % 12, self.mode)


@lru_cache
def _simplest_key(tonic_class: int, mode: str) -> Key:
    """The key on a pitch class whose signature has the fewest sharps or flats."""
    keys = (Key(letter + sign, mode) for letter in LETTERS for sign in ("", "#", "b"))
    return min((key for key in keys if key.tonic_class == tonic_class), key=lambda key: (abs(key.signature), key.tonic))


def spell(pitch: int, key: Key | None = None) -> tuple[str, int, int]:
    """Name a pitch as a reader of the key expects it: letter, sharps (+) or flats (−), octave.

    The twelve names lie in a row on the line of fifths, around the notes of the signature: three
    more on the flat side and two on the sharp side (E flat … G sharp in C major), one place higher
    in minor, whose sixth and seventh are often raised: in A minor, 63 is D sharp; in C minor it is
    E flat. Middle C (60) is ``("C", 0, 4)``. Used in lesson 03 and by every score.
    """
    lowest = (key.signature if key else 0) - (2 if key and key.mode == "minor" else 3)
    fifths = lowest + (pitch * 7 - lowest) % 12
    sharps, place = divmod(fifths + 1, 7)
    letter = "FCGDAEB"[place]
    octave = (pitch - sharps - _LETTER_CLASS[letter]) // 12 - 1
    return letter, sharps, octave


def pitch_name(pitch: int | None, key: Key | None = None) -> str:
    """``60`` → ``C4``, ``66`` → ``F#4``; a rest (None) → ``r``. Lesson 03."""
    if pitch is None:
        return "r"
    letter, sharps, octave = spell(pitch, key)
    return f"{letter}{'#' * sharps}{'b' * -sharps}{octave}"


@dataclass(frozen=True)
class KeyEstimate:
    """What `estimate_key` found.

    key: the best key. score: its correlation with the melody, −1 to 1.
    margin: how far the score lies above the next candidate's, 0 or more: small means doubtful.
    """

    key: Key
    score: float
    margin: float


def estimate_key(melody: Melody, tonic: str | None = None) -> KeyEstimate:
    """Estimate a melody's key: the profile that its pitch-class durations correlate with best.

    Krumhansl–Schmuckler (Krumhansl 1990): for each candidate key, the correlation of the time spent
    on each pitch class with that key's profile. The profiles are Aarden's (2003), which suit folk
    songs better than Krumhansl and Kessler's. With `tonic` (``"G"``) only the two
    modes on it are compared, which is how the mode of an Essen song is found; without it all 24
    keys are. Lesson 04. Raises ValueError for a melody without a note.
    """
    time_on_class = np.zeros(12)
    for note in melody.notes:
        if note.pitch is not None:
            time_on_class[note.pitch % 12] += float(note.duration)
    if not time_on_class.any():
        raise ValueError("a melody without notes has no key")
    if tonic is None:
        candidates = list(_all_keys())
    else:
        candidates = [Key(tonic, "major"), Key(tonic, "minor")]
    scores = [_correlation(np.roll(time_on_class, -key.tonic_class), key.mode) for key in candidates]
    # Rounded, so that a tie breaks the same way on every processor: the earlier candidate wins.
    order = sorted(range(len(candidates)), key=lambda i: (-round(scores[i], 9), i))
    best, next_best = order[0], order[1]
    return KeyEstimate(candidates[best], scores[best], scores[best] - scores[next_best])


@lru_cache
def _all_keys() -> tuple[Key, ...]:
    """The 24 major and minor keys from C up, each by the name with the fewest sharps or flats."""
    return tuple(Key("C", mode).transpose(i) for i in range(12) for mode in ("major", "minor"))


def _correlation(time_on_class: np.ndarray, mode: str) -> float:
    profile = np.array(MAJOR_PROFILE if mode == "major" else MINOR_PROFILE)
    profile = profile - profile.mean()
    centred = time_on_class - time_on_class.mean()
    length = np.linalg.norm(centred) * np.linalg.norm(profile)
    return float(centred @ profile / length) if length else 0.0


def shift_to_empty_signature(key: Key) -> int:
    """Semitones, −6 to 5, the shortest way to the key of the same mode without sharps or flats.

    C for major, A for minor, D for dorian, G for mixolydian, and so on. F sharp goes down 6, not up.
    """
    fifths = -_MODE_FIFTHS[key.mode]
    return (fifths * 7 - key.tonic_class + 6) % 12 - 6


def to_empty_signature(melody: Melody) -> Melody:
    """Move a melody to C major or A minor; another mode to the key of its own without signature.

    The shortest way is taken (−6 to 5 semitones), intervals and rhythm stay. A melody without a
    key is moved by its estimated one. Lesson 04. Raises ValueError for a melody without a note and
    a key.
    """
    if melody.key is None:
        melody = melody.replace(key=estimate_key(melody).key)
    return melody.transpose(shift_to_empty_signature(melody.key))
