"""Is it new? The longest run of notes that a melody shares with other songs. Lessons 05 and 07."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tunesmith.music.melody import Melody

_Run = tuple[int, ...]


class CopiedRuns:
    """Looks for runs of notes that stand in any of some songs.

    Two runs are the same if their intervals and durations are: so transposing hides nothing. A run
    of n notes is compared by its n durations and n − 1 intervals. Rests are left out.
    """

    def __init__(self, songs: Iterable[Melody]) -> None:
        self._numbers: dict[object, int] = {}  # small numbers instead of fractions: they hash quickly
        self._songs = [self._events(song) for song in songs]
        self._runs: dict[int, set[_Run]] = {}

    def longest(self, melody: Melody) -> int:
        """How many notes the longest run has that the melody shares with a song; 0 for none."""
        events = self._events(melody)
        # Part of a shared run is shared too, so the lengths that are found lie below those that are not.
        return bisect.bisect_left(range(1, len(events) + 1), True, key=lambda length: not self._shares(events, length))

    def _shares(self, events: list[tuple[int, int]], length: int) -> bool:
        if length not in self._runs:
            self._runs[length] = {run for song in self._songs for run in _runs(song, length)}
        return not self._runs[length].isdisjoint(_runs(events, length))

    def _events(self, melody: Melody) -> list[tuple[int, int]]:
        """For each note a number for its duration alone, and one for the interval to it and its duration."""
        events, before = [], 0
        for note in melody.notes:
            if note.pitch is not None:
                alone = self._numbers.setdefault(note.duration, len(self._numbers))
                led_to = self._numbers.setdefault((note.pitch - before, note.duration), len(self._numbers))
                events.append((alone, led_to))
                before = note.pitch
        return events


def _runs(events: list[tuple[int, int]], length: int) -> Iterator[_Run]:
    """Every run of `length` notes: the first note's duration, then intervals with durations."""
    led_to = [event[1] for event in events]
    for start in range(len(events) - length + 1):
        yield (events[start][0], *led_to[start + 1 : start + length])


class NearDuplicate(NamedTuple):
    """A melody that shares much with another song.

    place: its index. run: notes in the longest run that both have. notes: how many it has in all.
    """

    place: int
    run: int
    notes: int


def near_duplicates(
    melodies: Iterable[Melody], songs: Iterable[Melody], share: float = 0.5, least: int = 8
) -> list[NearDuplicate]:
    """Those melodies that are nearly in `songs`: the leakage of a split, of test songs in training. Lesson 05.

    A melody counts if one run (see `CopiedRuns`) holds at least `share` of its notes, and at least `least` notes.
    share: above 0, up to 1. Raises ValueError for another share.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share {share} should be above 0 and at most 1")
    runs = CopiedRuns(songs)
    found = [NearDuplicate(place, runs.longest(song), len(song.pitches)) for place, song in enumerate(melodies)]
    return [one for one in found if one.run >= max(least, share * one.notes)]
