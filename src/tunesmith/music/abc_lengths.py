"""How long notes are in ABC, in whole numbers, and whether notes can fill what is left of a bar. Lesson 10."""

from __future__ import annotations

from functools import cache, lru_cache
from math import gcd

GRID = 128  # a note, before a tuplet changes it, lasts a whole number of 128ths of a whole note
STEP = 2520  # ticks in a 128th: any of 2 to 9 notes of a tuplet last a whole number of them
WHOLE = GRID * STEP  # ticks in a whole note
LONGEST = 48  # the largest number that may stand behind a note
UNITS = tuple(f"1/{2**power}" for power in range(6))  # what L: may say
# What M: may say: halves to sixteenths, at most three whole notes a bar.
METRES = tuple(f"{beats}/{2**power}" for power in range(1, 5) for beats in range(1, 33) if beats <= 3 * 2**power)

# What stands between two notes in broken rhythm → by what the first and the second are stretched.
BROKEN: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    sign * dots: stretch[::order]
    for sign, order in ((">", 1), ("<", -1))
    for dots in (1, 2, 3)
    for stretch in [((2 ** (dots + 1) - 1, 2**dots), (1, 2**dots))]
}
EVEN = (1, 1)


def is_written(length: int, in_tuplet: bool) -> bool:
    """Can a note of so many 128ths be written, by notes of at most three dots, two of them tied, in a tuplet by one?

    music21 can't read others.
    """
    odd = length // (length & -length)
    return odd in (1, 3, 7) if in_tuplet else odd <= 15


def usual_time(notes: int, metre: str) -> int:
    """In the time of how many notes a tuplet's are played: 3 in that of 2. Of 5, 7 and 9 it depends on the metre.

    ABC standard 2.1, section 4.13. In a compound metre, such as 6/8, they are played in the time of 3.
    """
    beats = int(metre.partition("/")[0])
    compound = beats % 3 == 0 and beats > 3
    return {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(notes, 3 if compound else 2)


def bar_ticks(metre: str) -> int:
    """How many ticks a bar lasts."""
    beats, _, unit = metre.partition("/")
    return int(beats) * WHOLE // int(unit)


@lru_cache
def spelled_lengths(unit: str) -> dict[str, int]:
    """All that may stand behind a note and how many 128ths it then lasts: ``""``, ``2``, ``3/2``, ``/``, ``//``, …"""
    one = GRID // int(unit[2:])
    shares = {"": 1, "/": 2} | {f"/{2**power}": 2**power for power in range(1, 8)}
    spelled = {
        f"{number or ''}{slash}": (number or 1) * one // share
        for number in range(LONGEST + 1)
        for slash, share in shares.items()
        if (number or 1) * one % share == 0
    }
    # Behind a number music21 misreads more than one slash.
    return spelled | {"//": one // 4, "///": one // 8} if one >= 8 else spelled


@cache
def lengths_from(unit: str, text: str) -> tuple[int, ...]:
    """How many 128ths a note can still last behind which `text` stands so far, the shortest first."""
    return tuple(sorted({length for spelled, length in spelled_lengths(unit).items() if spelled.startswith(text)}))


@lru_cache(maxsize=65536)
def fillable(rest: int, notes: int, p: int, q: int, stretch: tuple[int, int]) -> bool:
    """Can notes fill a rest of a bar exactly, so that what follows a tuplet lies on 128ths again?

    rest: in ticks. notes: how many the tuplet under way still has, p of them in the time of q; 0 for none.
    stretch: broken rhythm's, of the next note.
    """
    least = stretch[0] // gcd(*stretch)  # in 128ths, what the next note lasts at least, and a multiple of it
    if notes == 0:
        return rest % STEP == 0 and rest >= (least * STEP if stretch != EVEN else 0)
    if not is_written(least, True):
        return False
    shortest = least + notes - 1
    for total in range(shortest, shortest + 8 * p * least):
        left = rest - total * STEP * q // p
        if left < 0:
            return False
        if left % STEP == 0 and (notes > 1 or (total % least == 0 and is_written(total, True))):
            return True
    return False


def ticks(length: int, own: tuple[int, int], stretch: tuple[int, int], left: int, p: int, q: int) -> int | None:
    """How many ticks a note lasts of a length in 128ths, stretched by its own broken rhythm and that before it.

    left: how many notes its tuplet still has, with it; 0 for none. None where that can't be written, see `is_written`.
    """
    over, under = own[0] * stretch[0], own[1] * stretch[1]
    if length * over % under:
        return None
    length = length * over // under
    if not is_written(length, left > 0):
        return None
    time = length * STEP
    return time * q // p if left else time


@lru_cache(maxsize=65536)
def fits(
    lengths: tuple[int, ...], signs: tuple[str, ...], rest: int, left: int, p: int, q: int, stretch: tuple[int, int]
) -> bool:
    """Can a rest of a bar be filled if the note under way has one of these lengths, and one of these signs behind it?

    signs: of broken rhythm, "" for none. The others: see `fillable` and `ticks`.
    """
    for length in lengths if rest > 0 else ():
        for sign in signs:
            own, following = BROKEN.get(sign, (EVEN, EVEN))
            time = ticks(length, own, stretch, left, p, q)
            if time is not None and time <= rest and fillable(rest - time, max(left - 1, 0), p, q, following):
                return True
    return False
