"""Is it new? The longest run of notes that a melody shares with other songs. Lessons 00, 05 and 07."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import NamedTuple

from tunesmith.music.melody import Melody

_Run = tuple[int, ...]
_Event = tuple[int, int]
_SEED = 8  # notes that long runs are found by


class CopiedRuns:
    """Looks for runs of notes that stand in any of some songs.

    Two runs are the same if their intervals and durations are: so transposing hides nothing. A run
    of n notes is compared by its n durations and n − 1 intervals. Rests are left out.
    """

    def __init__(self, songs: Iterable[Melody]) -> None:
        self._numbers: dict[object, int] = {}  # small numbers instead of fractions: they hash quickly
        self._songs = [self._events(song) for song in songs]
        self._runs: dict[int, dict[_Run, int]] = {}  # length → run → the first song that has it
        self._places: dict[_Run, list[tuple[int, int]]] = {}  # run of _SEED notes → all songs and places that have it

    def longest(self, melody: Melody) -> int:
        """How many notes the longest run has that the melody shares with a song; 0 for none."""
        events = self._events(melody)
        long = max((length for _, length in self._long_runs(events)), default=0)
        if long:
            return long
        # Part of a shared run is shared too, so the lengths that are found lie below those that are not.
        lengths = range(1, min(len(events), _SEED - 1) + 1)
        return bisect.bisect_left(lengths, True, key=lambda length: self._first_with(events, length) is None)

    def share(self, melody: Melody, length: int = 8) -> float:
        """The share of the melody's runs of `length` notes that stand in a song too, 0 to 1; 0 if it has none.

        Lesson 11. length: 1 or more.
        """
        runs = list(_runs(self._events(melody), length))
        known = self._known(length)
        return sum(run in known for run in runs) / max(1, len(runs))

    def song_with(self, melody: Melody, length: int) -> int | None:
        """The place of the first song that shares a run of `length` notes with the melody; None for none."""
        return self._first_with(self._events(melody), length)

    def _first_with(self, events: list[_Event], length: int) -> int | None:
        if length > _SEED:
            return min((song for song, found in self._long_runs(events) if found >= length), default=None)
        known = self._known(length)
        return min((known[run] for run in _runs(events, length) if run in known), default=None)

    def _long_runs(self, events: list[_Event]) -> Iterator[tuple[int, int]]:
        """Every shared run of `_SEED` notes or more that goes on no further to either side: the song, its length.

        Found at its first `_SEED` notes and followed from there, so that no run of each length has to be kept.
        """
        if not self._places:
            for song, theirs in enumerate(self._songs):
                for place, run in enumerate(_runs(theirs, _SEED)):
                    self._places.setdefault(run, []).append((song, place))
        before: set[tuple[int, int]] = set()
        for start, run in enumerate(_runs(events, _SEED)):
            here = self._places.get(run, ())
            for song, place in here:
                if (song, place - 1) not in before:
                    pairs = zip(events[start + _SEED :], self._songs[song][place + _SEED :], strict=False)
                    yield song, _SEED + sum(1 for _ in takewhile(lambda pair: pair[0][1] == pair[1][1], pairs))
            before = set(here)

    def _known(self, length: int) -> dict[_Run, int]:
        """Every run of `length` notes, and the first song that has it."""
        if length not in self._runs:
            places = reversed(list(enumerate(self._songs)))  # so that the first song is the last to be written down
            self._runs[length] = {run: place for place, song in places for run in _runs(song, length)}
        return self._runs[length]

    def _events(self, melody: Melody) -> list[_Event]:
        """For each note a number for its duration alone, and one for the interval to it and its duration."""
        events, before = [], 0
        for note in melody.notes:
            if note.pitch is not None:
                alone = self._numbers.setdefault(note.duration, len(self._numbers))
                led_to = self._numbers.setdefault((note.pitch - before, note.duration), len(self._numbers))
                events.append((alone, led_to))
                before = note.pitch
        return events


def _runs(events: list[_Event], length: int) -> Iterator[_Run]:
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
