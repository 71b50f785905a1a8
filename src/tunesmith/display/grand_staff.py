"""From one spine of Kern to two: a melody on the two staves of a piano, cut at middle C. For `engrave`.

Where a staff is silent for a whole bar it has the rest that says so. Where the melody comes and goes
between the staves within a bar, the silent one stays empty, as in printed piano music, but for tuplets:
half of one would be hard to count.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from fractions import Fraction

from tunesmith.display.symbols import Symbol, beams, beat_starts, is_dyadic, read_symbols
from tunesmith.music.kern import kern_text
from tunesmith.music.melody import Melody, Note, bar_length

_MIDDLE_C = 60
_BASS, _TREBLE = 0, 1
_UNSEEN = "yy"


def two_staves(lines: Sequence[str], melody: Melody) -> list[str]:
    """The lines of a Kern text with one spine, without beams, as two spines: the bass first, as Kern wants it."""
    symbols = {symbol.line: symbol for symbol in read_symbols("\n".join(lines))}
    rows = ["!!!system-decoration: {(s1,s2)}"]
    for is_music, group in itertools.groupby(enumerate(lines, 1), key=lambda pair: pair[0] in symbols):
        if is_music:
            rows += _bar_rows([(symbols[number], token) for number, token in group], melody)
        else:
            rows += [_twice(line) for _, line in group]
    return rows


def _twice(line: str) -> str:
    """A line that speaks of both staves, such as a bar line."""
    if line.startswith("*clef"):
        return "*staff2\t*staff1\n*clefF4\t*clefG2"
    return f"{line}\t{line}"


def _bar_rows(bar: list[tuple[Symbol, str]], melody: Melody) -> list[str]:
    """One bar's rows: a cell for each staff, ``.`` where what it has goes on."""
    owners = _owners([symbol for symbol, _ in bar])
    cells = [_staff(bar, [owner == staff for owner in owners], melody) for staff in (_BASS, _TREBLE)]
    return ["\t".join(staff.get(time, ".") for staff in cells) for time in sorted({*cells[0], *cells[1]})]


def _owners(bar: list[Symbol]) -> list[int | None]:
    """The staff of each note and rest of a bar.

    A rest stands where the melody was before it, at the start of a bar where it comes to. In a bar of rests alone
    it belongs to neither.
    """
    owners = [None if symbol.pitch is None else _TREBLE if symbol.pitch >= _MIDDLE_C else _BASS for symbol in bar]
    last = next((owner for owner in owners if owner is not None), None)
    return [last := last if owner is None else owner for owner in owners]


def _staff(bar: list[tuple[Symbol, str]], mine: list[bool], melody: Melody) -> dict[Fraction, str]:
    """What one staff has in a bar: time → cell. mine: which of the bar's notes and rests stand there."""
    start, length = bar[0][0].onset, sum(symbol.duration for symbol, _ in bar)
    if not any(mine) and melody.time_signature and is_dyadic(length):
        return _silent(start, length, melody)
    marks = beams([symbol if own else symbol._replace(pitch=None) for (symbol, _), own in zip(bar, mine)], melody)
    cells = {}
    for stretch in _stretches([(symbol, token, own) for (symbol, token), own in zip(bar, mine)]):
        owned = any(own for _, _, own in stretch)
        rests = _rests(sum(symbol.duration for symbol, _, _ in stretch))
        if not owned and len(rests) == 1:
            cells[stretch[0][0].onset] = rests[0] + _UNSEEN
            continue
        for symbol, token, own in stretch:
            rest = re.search(r"\d+(%\d+)?\.*", token)[0] + "r" + ("" if owned else _UNSEEN)
            cells[symbol.onset] = token + marks.get(symbol.line, "") if own else rest
    return cells


def _stretches(bar: list[tuple[Symbol, str, bool]]) -> list[list[tuple[Symbol, str, bool]]]:
    """The bar cut wherever no tuplet is under way."""
    stretches: list[list[tuple[Symbol, str, bool]]] = []
    for item in bar:
        if not stretches or is_dyadic(item[0].onset):
            stretches.append([])
        stretches[-1].append(item)
    return stretches


def _silent(start: Fraction, length: Fraction, melody: Melody) -> dict[Fraction, str]:
    """The rests of a staff that has nothing in a bar: one in a full bar; in an upbeat or at the end, its own length."""
    full = bar_length(melody.time_signature)
    if length == full:
        share = 4 / length
        return {start: f"{share.numerator}%{share.denominator}r" if share.denominator > 1 else f"{share.numerator}r"}
    is_upbeat = start == 0 and length == melody.upbeat
    place = full - length if is_upbeat else Fraction(0)
    groups = beat_starts(melody.time_signature) if melody.time_signature.endswith(("/8", "/16", "/32", "/64")) else []
    edges = [place, *(group for group in groups if place < group < place + length), place + length]
    cells = {}
    for left, right in itertools.pairwise(edges):
        rests = _rests(right - left)
        now = start + left - place
        for rest in reversed(rests) if is_upbeat else rests:  # the longer ones on the strong beats
            cells[now] = rest
            now += read_symbols(rest)[0].duration
    return cells


def _rests(length: Fraction) -> list[str]:
    """Kern's rests that fill a length, the longest first."""
    return [line for line in kern_text(Melody((Note(None, length),))).splitlines() if line[0] not in "*!="]
