"""What a song is to this course: a `Melody`, which is a row of `Note`s and the frame they stand in.

Lesson 03. Every reader returns a `Melody`, every writer takes one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, SupportsIndex

from tunesmith.music.key import Key, pitch_name


@lru_cache(maxsize=4096)
def exact(duration: int | float | str | Fraction) -> Fraction:
    """A duration in quarter notes as an exact fraction: ``0.75``, ``"1/3"`` and ``Fraction(1, 3)`` do.

    Raises ValueError for what is no number, and for a float such as 0.3333 that only comes near one.
    """
    try:
        fraction = Fraction(duration)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"{duration!r} is not a duration in quarter notes: write 0.5, 3 or '1/3'") from error
    if isinstance(duration, float) and fraction.denominator > 1024:
        near = fraction.limit_denominator(96)
        raise ValueError(f"{duration!r} is not exact: write Fraction({near.numerator}, {near.denominator})")
    return fraction


@dataclass(frozen=True, slots=True)
class Note:
    """One note, or a rest.

    pitch: MIDI number 0–127 (60 is middle C), None for a rest.
    duration: in quarter notes, above 0, kept as an exact `Fraction`.
    Raises ValueError for a pitch or a duration outside these ranges.
    """

    pitch: int | None
    duration: Fraction

    def __post_init__(self) -> None:
        # Thousands of notes are made when a folder is read: what is right already is not converted again.
        if type(self.pitch) is not int and isinstance(self.pitch, SupportsIndex):
            object.__setattr__(self, "pitch", int(self.pitch))  # NumPy's integers too
        if self.pitch is not None and not (isinstance(self.pitch, int) and 0 <= self.pitch <= 127):
            raise ValueError(f"pitch {self.pitch!r} is not a MIDI number from 0 to 127, nor None for a rest")
        if type(self.duration) is not Fraction:
            object.__setattr__(self, "duration", exact(self.duration))
        if self.duration.numerator <= 0:
            raise ValueError(f"a note of {self.duration} quarter notes has no length: durations are above 0")

    def __str__(self) -> str:
        return f"{pitch_name(self.pitch)} {self.duration}"

    def __repr__(self) -> str:
        return f"Note({self.pitch}, {self.duration})"


class Written(NamedTuple):
    """A note, or the part of one, as it stands in a bar.

    tied: the same note goes on in the next `Written`, so the two are joined by a tie.
    """

    pitch: int | None
    duration: Fraction
    tied: bool


def bar_length(time_signature: str) -> Fraction:
    """Quarter notes in a bar: ``"3/4"`` → 3, ``"6/8"`` → 3. Raises ValueError for anything else."""
    match = re.fullmatch(r"([1-9]\d?)/(1|2|4|8|16|32|64)", time_signature)
    if not match:
        raise ValueError(f"{time_signature!r} is not a time signature: write one such as '3/4' or '6/8'")
    return Fraction(int(match[1]) * 4, int(match[2]))


@dataclass(frozen=True)
class Melody:
    """A melody for one voice. Immutable; equal to another when the music is equal.

    notes: `Note`s, one after the other without gaps (a gap is a rest).
    time_signature: such as ``"6/8"``, or None where there is none.
    upbeat: quarter notes before the first full bar, 0 or more, less than a bar.
    key: a `Key`, or None where it is not known. A string such as ``"G major"`` is taken too.
    tempo: quarter notes a minute, or None.
    title, source: what the song is called and where it is from; no part of the comparison.

    As the last line of a cell it shows itself as a score with a player. Lesson 03.
    Raises ValueError where one of these is out of range.
    """

    notes: tuple[Note, ...]
    time_signature: str | None = None
    upbeat: Fraction = Fraction(0)
    key: Key | None = None
    tempo: float | None = None
    title: str = field(default="", compare=False)
    source: str = field(default="", compare=False)

    renderer: ClassVar[Callable[[Melody], dict[str, Any]] | None] = None

    def __post_init__(self) -> None:
        notes = tuple(self.notes)
        for note in notes:
            if not isinstance(note, Note):
                raise ValueError(f"{note!r} is not a Note: write Note(60, 1)")
        object.__setattr__(self, "notes", notes)
        object.__setattr__(self, "upbeat", exact(self.upbeat))
        if isinstance(self.key, str):
            object.__setattr__(self, "key", Key.parse(self.key))
        if self.time_signature is None:
            if self.upbeat:
                raise ValueError("an upbeat needs a time signature")
        elif not 0 <= self.upbeat < bar_length(self.time_signature):
            raise ValueError(f"an upbeat of {self.upbeat} quarters does not fit before a bar of {self.time_signature}")
        if self.tempo is not None and not 0 < self.tempo < 1000:
            raise ValueError(f"tempo {self.tempo!r} is not in quarter notes a minute (above 0, below 1000)")

    @classmethod
    def of(cls, notes: Iterable[tuple[int | None, int | float | str | Fraction]], **frame: Any) -> Melody:
        """Build a melody from pairs: ``Melody.of([(60, 1), (None, 0.5)], time_signature="3/4")``."""
        return cls(tuple(Note(pitch, exact(duration)) for pitch, duration in notes), **frame)

    @property
    def duration(self) -> Fraction:
        """The whole length in quarter notes."""
        return sum((note.duration for note in self.notes), Fraction(0))

    @property
    def onsets(self) -> tuple[Fraction, ...]:
        """Where each note begins, in quarter notes from the start."""
        onsets, now = [], Fraction(0)
        for note in self.notes:
            onsets.append(now)
            now += note.duration
        return tuple(onsets)

    @property
    def pitches(self) -> tuple[int, ...]:
        """The MIDI numbers in order, rests left out."""
        return tuple(note.pitch for note in self.notes if note.pitch is not None)

    def replace(self, **changes: Any) -> Melody:
        """A copy with some fields changed: ``melody.replace(title="My tune")``."""
        return replace(self, **changes)

    def transpose(self, semitones: int) -> Melody:
        """The melody `semitones` higher (lower, if negative), its key moved along.

        Raises ValueError if a pitch would leave 0–127.
        """
        notes = tuple(
            note if note.pitch is None else Note(note.pitch + semitones, note.duration) for note in self.notes
        )
        key = self.key.transpose(semitones) if self.key and semitones else self.key
        return self.replace(notes=notes, key=key)

    def bars(self) -> list[list[Written]]:
        """The notes bar by bar, cut at the bar lines; a note that goes on is marked `tied`.

        The upbeat, if there is one, is the first bar. Without a time signature all is one bar.
        A rest that crosses a bar line becomes two rests.
        """
        if self.time_signature is None:
            return [[Written(note.pitch, note.duration, False) for note in self.notes]] if self.notes else []
        full = bar_length(self.time_signature)
        bars: list[list[Written]] = []
        room = Fraction(0)
        for note in self.notes:
            left = note.duration
            while left:
                if not room:
                    room = full if bars or not self.upbeat else self.upbeat
                    bars.append([])
                part = min(left, room)
                left -= part
                room -= part
                bars[-1].append(Written(note.pitch, part, tied=left > 0 and note.pitch is not None))
        return bars

    def __str__(self) -> str:
        count = sum(note.pitch is not None for note in self.notes)
        facts = [self.title or "untitled", self.time_signature, str(self.key) if self.key else None]
        facts += [f"{count} note{'s' * (count != 1)}", f"{self.duration} quarters"]
        return " · ".join(fact for fact in facts if fact)

    def __repr__(self) -> str:
        return f"<Melody {self}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return Melody.renderer(self) if Melody.renderer else {"text/plain": repr(self)}
