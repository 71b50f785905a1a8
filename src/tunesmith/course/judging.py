"""What judges of several lessons share: numbers, a choice, how to quote a long value, the course's own tunes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from numbers import Integral, Real
from typing import Any

from tunesmith.music.data import data_path
from tunesmith.music.files import read
from tunesmith.music.key import to_empty_signature
from tunesmith.music.melody import Melody


def is_number(value: Any) -> bool:
    """Whether it is a finite number, of Python or of NumPy. True and False are none. All lessons."""
    if isinstance(value, bool):
        return False
    return isinstance(value, Integral) or (isinstance(value, Real) and math.isfinite(value))


def chosen(value: Any, right: int, hints: Mapping[int, str]) -> str | None:
    """Listen and choose: None for the right number, else what to say of the one that was chosen. All lessons.

    hints: for each of the other numbers what it really is.
    """
    if is_number(value) and value == right:
        return None
    if is_number(value) and value in hints:
        return f"You say {value}: {hints[value]}"
    *others, last = sorted([right, *hints])
    return f"You say {cut(value)}: return {', '.join(map(str, others))} or {last}."


def cut(value: Any, most: int = 60) -> str:
    """How a value looks, on one line and in `most` signs at most. All lessons."""
    text = " ".join(repr(value).split())
    return text if len(text) <= most else f"{text[: most - 3]}…"


@cache
def own_tunes() -> tuple[Melody, ...]:
    """The course's own tunes, in C major, A minor or another mode without sharps and flats. Lessons 04, 06."""
    return tuple(to_empty_signature(read(path)) for path in sorted(data_path("songs").glob("*.krn")))
