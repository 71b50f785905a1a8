"""Is it new? The longest run of notes that a melody shares with other songs. Lessons 00, 05 and 07."""

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
        self._runs: dict[int, dict[_Run, int]] = {}  # length → run → the first song that has it

    def longest(self, melody: Melody) -> int:
        """How many notes the longest run has that the melody shares with a song; 0 for none."""
        events = self._events(melody)
        # Part of a shared run is shared too, so the lengths that are found lie below those that are not.
        return bisect.bisect_left(
            range(1, len(events) + 1), True, key=lambda length: self._first_with(events, length) is None
        )

    def song_with(self, melody: Melody, length: int) -> int | None:
        """The place of the first song that shares a run of `length` notes with the melody; None for none."""
        return self._first_with(self._events(melody), length)

    def _first_with(self, events: list[tuple[int, int]], length: int) -> int | None:
        if length not in self._runs:
            places = reversed(list(enumerate(self._songs)))  # so that the first song is the last to be written down
            self._runs[length] = {run: place for place, song in places for run in _runs(song, length)}
        known = self._runs[length]
        return min((known[run] for run in _runs(events, length) if run in known), default=None)

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
    song: the index of the first song that has the run.
    """

    place: int
    run: int
    notes: int
    song: int

    def __str__(self) -> str:
        return f"melody {self.place}: {self.run} of its {self.notes} notes stand in a row in song {self.song}"


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
    found = []
    for place, melody in enumerate(melodies):
        run, notes = runs.longest(melody), len(melody.pitches)
        if run >= max(least, share * notes):
            found.append(NearDuplicate(place, run, notes, runs.song_with(melody, run)))
    return found
