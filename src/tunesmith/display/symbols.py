"""The notes and rests of a Kern text that is to be printed: when each sounds, and which share a beam. For `engrave`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from tunesmith.music.kern import kern_token
from tunesmith.music.melody import Melody, bar_length


class Symbol(NamedTuple):
    """A note or rest as it is drawn.

    line, field: its place in the Kern text, both from 1; the field is the spine. Times in quarter notes.
    """

    line: int
    pitch: int | None
    onset: Fraction
    duration: Fraction
    field: int = 1


def read_symbols(kern: str) -> list[Symbol]:
    """The notes and rests of a Kern text, line by line, each with its place and its time.

    Each spine counts its own time; a cell ``.`` says that what began above goes on.
    """
    symbols: list[Symbol] = []
    now: dict[int, Fraction] = {}
    for number, line in enumerate(kern.splitlines(), 1):
        if not line or line[0] in "*!=":
            continue
        for field, cell in enumerate(line.split("\t"), 1):
            if cell != ".":
                pitch, duration = kern_token(cell)
                onset = now.get(field, Fraction(0))
                symbols.append(Symbol(number, pitch, onset, duration, field))
                now[field] = onset + duration
    return symbols


def beat_starts(time_signature: str) -> list[Fraction]:
    """Where the groups of a bar begin, in quarter notes: notes of one group share a beam.

    ``"3/4"`` → 0, 1, 2; ``"6/8"`` → 0, 3/2; ``"5/8"`` → 0, 3/2, as 3 + 2 eighths.
    """
    top, bottom = (int(number) for number in time_signature.split("/"))
    unit = Fraction(4, bottom)
    if bottom < 8:
        sizes = [1] * int(top * unit)
        unit = Fraction(1)
    elif top % 3 == 0:
        sizes = [3] * (top // 3)
    elif top % 2 == 0:
        sizes = [2] * (top // 2)
    else:
        sizes = [3] + [2] * ((top - 3) // 2) if top > 1 else [1]
    return [unit * start for start in itertools.accumulate(sizes[:-1], initial=0)]


def beams(symbols: Sequence[Symbol], melody: Melody) -> dict[int, str]:
    """Kern's beam marks by line: ``L`` where a beam starts, ``J`` where it ends."""
    runs: list[list[Symbol]] = [[]]
    beat = None
    for symbol in symbols:
        here = _beat(symbol.onset, melody)
        if here != beat and is_dyadic(symbol.onset):  # in the middle of a tuplet no beam ends
            runs.append([])
            beat = here
        if symbol.pitch is None or _undotted(symbol.duration) >= 1:
            runs.append([])  # nor does one go on over a rest or a note without a flag
        else:
            runs[-1].append(symbol)
    marks = {}
    for run in runs:
        if len(run) > 1:
            marks[run[0].line], marks[run[-1].line] = "L", "J"
    return marks


def is_dyadic(time: Fraction) -> bool:
    """Whether halving a quarter note again and again gets there: true of 3/8, false of 1/3."""
    return time.denominator & (time.denominator - 1) == 0


def _beat(onset: Fraction, melody: Melody) -> tuple[int, int]:
    """The bar and the group in it that a time lies in."""
    if melody.time_signature is None:
        return 0, onset.__floor__()
    full = bar_length(melody.time_signature)
    bar, place = divmod(onset - melody.upbeat + full, full)
    return int(bar), sum(start <= place for start in beat_starts(melody.time_signature))


def _undotted(duration: Fraction) -> Fraction:
    """The value whose sign is printed: a dotted eighth's is an eighth, a triplet quarter's a quarter."""
    value = Fraction(8)
    while value > duration:
        value /= 2
    return value if is_dyadic(duration) or value == duration else value * 2
