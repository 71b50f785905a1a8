"""What judges of several lessons share: is it a number, how to quote a long value, the course's own tunes."""

from __future__ import annotations

import math
from functools import cache
from numbers import Integral, Real
from typing import Any

from tunesmith.music.data import data_path
from tunesmith.music.files import read
from tunesmith.music.key import to_empty_signature
from tunesmith.music.melody import Melody


def is_number(value: Any) -> bool:
    """Whether it is a finite number, of Python or of NumPy. True and False are none. Lessons 04–07."""
    if isinstance(value, bool):
        return False
    return isinstance(value, Integral) or (isinstance(value, Real) and math.isfinite(value))


def cut(value: Any, most: int = 60) -> str:
    """How a value looks, in `most` signs at most. Lessons 04, 05, 07."""
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}…"


@cache
def own_tunes() -> tuple[Melody, ...]:
    """The course's own tunes, in C major, A minor or another mode without sharps and flats. Lessons 04, 06."""
    return tuple(to_empty_signature(read(path)) for path in sorted(data_path("songs").glob("*.krn")))
