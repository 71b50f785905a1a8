"""From the sounds of one voice, which may overlap and come a little early or late, to one melody on a grid.

Lesson 03. The skyline (of what sounds together the highest is kept): Alexandra Uitdenbogerd and Justin
Zobel, "Manipulation of music for melody matching", ACM Multimedia 1998.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from math import ceil, floor
from statistics import median
from typing import NamedTuple

FINEST = Fraction(1, 24)  # quarters; holds 32nds and triplets of sixteenths: what lies on it is never moved
SIXTEENTH = Fraction(1, 4)
_EARLY = Fraction(1, 8)  # of its length: how early a note is let go at most, if not a sixteenth
_LEAST_SHARE, _SAME = Fraction(4, 5), Fraction(1, 50)  # see `_release`
_PLAIN, _TRIPLET = 4, 3  # parts of a quarter note: the two grids that played times are moved to
_ALMOST = Fraction(1, 96)  # the most that rounding to a file's ticks may take a time off `FINEST`


class Sound(NamedTuple):
    """A note as it is heard: start and end in quarter notes from the beginning, MIDI number."""

    start: Fraction
    end: Fraction
    pitch: int


@dataclass
class Line:
    """One melody: its sounds one after the other, and what it took to get there.

    chords: chords cut down to one note. cut: notes ended by the next. under: notes dropped below the melody.
    short: notes dropped because the grid has no room. closed: gaps closed. moved: how far each time was moved.
    """

    sounds: list[Sound] = field(default_factory=list)
    chords: int = 0
    cut: int = 0
    under: int = 0
    short: int = 0
    closed: int = 0
    moved: list[Fraction] = field(default_factory=list)

    def remarks(self) -> list[str]:
        """What was lost, a line each; chords are left to `Draft`, which says them in its own way."""
        counts = (
            ("overlapping notes cut", self.cut),
            ("notes under the melody dropped", self.under),
            ("notes too short for the grid dropped", self.short),
            ("short gaps closed", self.closed),
        )
        lines = [f"{what}: {count}" for what, count in counts if count]
        if any(self.moved):
            most = ceil(max(self.moved) * 1000) / 1000
            average = float(sum(self.moved) / len(self.moved))
            lines.append(f"times moved to the grid: at most {most:g} quarters, {round(average, 3):g} on average")
        return lines


def one_line(sounds: Iterable[Sound], tick: Fraction, grid: Fraction | None = None) -> Line:
    """One melody of sounds that may overlap. Lesson 03.

    Of sounds that start together the highest stays. One that still sounds when the next starts ends
    there if the next is higher, or if the overlap is at most a sixteenth; otherwise the next is dropped.
    Times that are multiples of 1/24 quarter, to the nearest tick, stay. Otherwise starts move to
    sixteenths or to triplet eighths, whichever fits the starts within a beat better, and ends likewise;
    a gap shorter than a sixteenth, or than an eighth of the note, is closed: players release early. Where
    all are let go by the same share or time, as programs do it, a note before a rest is treated alike.

    tick: the unit of time in the source, in quarter notes. grid: forces one grid, in quarter notes.
    """
    ordered = sorted(sounds, key=lambda sound: (sound.start, -sound.pitch))
    starts = _Grid([sound.start for sound in ordered], tick, grid)
    line = Line()
    kept = _skyline(_first_of_each(ordered, starts, line), line)
    _set_ends(kept, starts, line)
    return line


class _Grid:
    """Where times go: nowhere if all starts are exact, else to the grid that fits each beat's starts."""

    def __init__(self, starts: list[Fraction], tick: Fraction, forced: Fraction | None) -> None:
        self.forced = forced
        self.finest = forced or FINEST
        self.slack = min(tick / 2, _ALMOST)
        self.exact = all(map(self.fits, starts))
        self.parts: dict[int, int] = {}
        for beat, times in groupby(starts, floor):
            self._choose(beat, list(times))
        self.elsewhere = (_PLAIN, _TRIPLET) if _TRIPLET in self.parts.values() else (_PLAIN,)

    def _choose(self, beat: int, times: list[Fraction]) -> None:
        plain, triplet = (sum((_nearest(t, Fraction(1, n)) - t) ** 2 for t in times) for n in (_PLAIN, _TRIPLET))
        if plain != triplet:
            self.parts[beat] = _PLAIN if plain < triplet else _TRIPLET

    def fits(self, time: Fraction) -> bool:
        """Is this a time of the finest grid, but for the rounding to ticks?"""
        return abs(_nearest(time, self.finest) - time) <= self.slack

    def steps(self, time: Fraction) -> list[Fraction]:
        """The grids that come into question at a time, as note values; triplets only where some start has them."""
        if self.forced:
            return [self.forced]
        part = self.parts.get(floor(time))
        return [Fraction(1, n) for n in ([part] if part else self.elsewhere)]

    def start(self, time: Fraction) -> Fraction:
        """Where a start goes."""
        return _nearest(time, self.finest) if self.exact else self.nearest(time)

    def nearest(self, time: Fraction) -> Fraction:
        """The nearest time of the grids in question; a sixteenth, if two are as near."""
        return min((_nearest(time, step) for step in self.steps(time)), key=lambda point: abs(point - time))

    def nearer(self, time: Fraction, other: Fraction) -> Fraction:
        """Where the first of two times goes, or the other one where that is clearly nearer to the grid."""
        here, there = self.nearest(time), self.nearest(other)
        return there if abs(there - other) < abs(here - time) - _ALMOST else here


def _nearest(time: Fraction, step: Fraction) -> Fraction:
    return round(time / step) * step


def _first_of_each(ordered: list[Sound], grid: _Grid, line: Line) -> list[tuple[Fraction, Sound, int]]:
    """One sound for each start: (start on the grid, the sound as it came, how many there were).

    Of a chord the highest. Of two that follow each other so fast that they fall on one start, the longer.
    """
    firsts = []
    for start, group in groupby(ordered, lambda sound: grid.start(sound.start)):
        best, *others = group
        together = 1
        for sound in others:
            if sound.start >= best.end:
                line.short += 1
                best = max(best, sound, key=lambda one: one.end - one.start)
            else:
                together += 1
                best = max(best, sound, key=lambda one: one.pitch)
        firsts.append((start, best, together))
    return firsts


def _skyline(firsts: list[tuple[Fraction, Sound, int]], line: Line) -> list[tuple[Fraction, Sound]]:
    """The sounds of the melody, with their starts on the grid."""
    kept: list[tuple[Fraction, Sound]] = []
    for start, sound, together in firsts:
        overlap = kept[-1][1].end - sound.start if kept else Fraction(0)
        if overlap > SIXTEENTH and sound.pitch <= kept[-1][1].pitch:
            line.under += together
            continue
        line.cut += overlap > 0
        line.chords += together > 1
        kept.append((start, sound))
    return kept


def _set_ends(kept: list[tuple[Fraction, Sound]], grid: _Grid, line: Line) -> None:
    """Give each sound its end on the grid, at the latest where the next starts, and note what moved."""
    nexts = [start for start, _ in kept[1:]] + [None]
    rows = [(start, sound, after) for (start, sound), after in zip(kept, nexts, strict=True)]
    exact = grid.exact and all(grid.fits(sound.end) for _, sound, after in rows if after is None or sound.end < after)
    share, lead = _release(
        [(sound.end - start, after - start) for start, sound, after in rows if _closes(sound, after, grid)]
    )
    for start, sound, after in rows:
        least = start + (grid.finest if exact else min(grid.steps(start)))
        if after is not None and sound.end >= after:
            end = after
        elif exact:
            end = max(_nearest(sound.end, grid.finest), least)
        elif _closes(sound, after, grid):
            end = after
            line.closed += after - sound.end > grid.slack
        else:
            end = max(grid.nearer(start + (sound.end - start) / share + lead, sound.end), least)
            line.moved.append(abs(end - sound.end))
        if not grid.exact:
            line.moved.append(abs(start - sound.start))
        line.sounds.append(Sound(start, end if after is None else min(end, after), sound.pitch))


def _closes(sound: Sound, after: Fraction | None, grid: _Grid) -> bool:
    """Is the silence between a sound and the next start so short that none is meant?"""
    if after is None or sound.end >= after:
        return False
    return after - sound.end < max(min(grid.forced or SIXTEENTH, SIXTEENTH), (sound.end - sound.start) * _EARLY)


def _release(held: list[tuple[Fraction, Fraction]]) -> tuple[Fraction, Fraction]:
    """How early notes are let go, seen on those that reach to the next one: what to divide and to add.

    held: how long each sounds, and how long it would to the next. Programs hold every note for the same
    share of its length, or end it by the same time too early; with players nothing is to be learnt.
    """
    if len(held) >= 3:
        shares = [sounding / whole for sounding, whole in held]
        if min(shares) >= _LEAST_SHARE and max(shares) - min(shares) <= _SAME:
            return median(shares), Fraction(0)
        gaps = [whole - sounding for sounding, whole in held]
        if max(gaps) - min(gaps) <= _SAME:
            return Fraction(1), median(gaps)
    return Fraction(1), Fraction(0)
