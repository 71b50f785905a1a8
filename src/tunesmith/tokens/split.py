"""Songs for training, validation and test, with the variants of a tune kept on one side."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from tunesmith.tokens.steps import HOLD, REST, split_tokens

Song = TypeVar("Song", bound=Sequence[str])

INCIPIT_NOTES = 9  # eight intervals


def split(
    songs: Sequence[Song],
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1),
    *,
    titles: Sequence[str] | None = None,
    seed: int = 0,
) -> tuple[list[Song], list[Song], list[Song]]:
    """Divide token songs, or texts of tunes in ABC, into training, validation and test songs. Lessons 05, 06, 10.

    Folk songs come in variants: those with the same title (if `titles` are given), or the same first
    eight intervals and durations, form a family and stay on one side. The division depends on the
    songs, their order, the shares and the seed alone, and is the same on every machine. The shares
    are met as nearly as whole families allow. Raises ValueError if the shares are not three that
    add up to 1.
    """
    train, valid, test = ([songs[i] for i in part] for part in split_places(songs, shares, titles=titles, seed=seed))
    return train, valid, test


def split_places(
    songs: Sequence[Sequence[str]],
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1),
    *,
    titles: Sequence[str] | None = None,
    seed: int = 0,
) -> tuple[list[int], list[int], list[int]]:
    """The same division as `split`, as places in `songs`, in their order. Lesson 11. Errors are those of `split`."""
    if len(shares) != 3 or min(shares) < 0 or not abs(sum(shares) - 1) <= 1e-9:
        raise ValueError(f"shares {shares} should be three numbers of 0 or more that add up to 1")
    if titles is not None and len(titles) != len(songs):
        raise ValueError(f"there are {len(songs)} songs but {len(titles)} titles")
    families = sorted(_families(songs, titles), key=lambda family: _shuffle_key(songs[family[0]], seed))
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for family in families:
        # The next family goes where most is missing, measured against what that side is to hold.
        missing = [share - len(part) / len(songs) for share, part in zip(shares, parts, strict=True)]
        parts[missing.index(max(missing))].extend(family)
    train, valid, test = (sorted(part) for part in parts)
    return train, valid, test


def incipit(song: Sequence[str] | str) -> tuple:
    """The first eight intervals with the durations of their notes (steps): the mark of a tune family.

    Of a tune in ABC the intervals are counted in steps of the scale, and the durations are as written.
    """
    if isinstance(song, str) and song.startswith("M:"):
        return _abc_incipit(song)
    notes: list[list[int]] = []
    sounding = False
    for token in split_tokens(song):
        if token == HOLD:
            if sounding:
                notes[-1][1] += 1
            continue
        if len(notes) == INCIPIT_NOTES:
            break
        sounding = token != REST
        if sounding:
            notes.append([int(token), 1])
    pitches = [pitch for pitch, _ in notes]
    intervals = tuple(b - a for a, b in pairwise(pitches))
    return intervals, tuple(duration for _, duration in notes[:-1])


def title_mark(title: str) -> str:
    """A title as it is compared: in lower case, with single spaces; "" for none."""
    return " ".join(title.lower().split())


def _abc_incipit(text: str) -> tuple:
    music = re.sub(r'^[A-Za-z]:.*$|"[^"]*"|\{[^}]*\}|\[[A-Za-z]:[^]]*\]', "", text, flags=re.MULTILINE)
    notes = re.findall(r"([A-Ga-g])([,']*)([0-9/]*)", music)[:INCIPIT_NOTES]
    places = [
        "CDEFGABcdefgab".index(letter) + 7 * (octave.count("'") - octave.count(",")) for letter, octave, _ in notes
    ]
    return tuple(b - a for a, b in pairwise(places)), tuple(duration for *_, duration in notes[:-1])


def _families(songs: Sequence[Song], titles: Sequence[str] | None) -> list[list[int]]:
    """Songs linked by a title or an incipit, directly or through others, as lists of indices."""
    leader = list(range(len(songs)))

    def find(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    first_with: dict[object, int] = {}
    for i, song in enumerate(songs):
        marks: list[object] = [incipit(song)]
        if titles is not None and title_mark(titles[i]):
            marks.append(title_mark(titles[i]))
        for mark in marks:
            a, b = sorted((find(i), find(first_with.setdefault(mark, i))))
            leader[b] = a
    families: dict[int, list[int]] = {}
    for i in range(len(songs)):
        families.setdefault(find(i), []).append(i)
    return list(families.values())


def _shuffle_key(song: Sequence[str], seed: int) -> str:
    """Sorting by a hash shuffles the same way everywhere."""
    return hashlib.sha256(f"{seed} {' '.join(song)}".encode()).hexdigest()
