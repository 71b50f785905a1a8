"""A melody as one token for each step of a time grid, and back. Lesson 04 builds both directions.

A pitch (its MIDI number) or ``r`` stands at an onset, ``_`` at each further step of the same note:
``62 _ _ _ r _`` is D4 for a quarter note and a rest for an eighth, on a grid of sixteenths.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tunesmith.music.key import Key
from tunesmith.music.melody import Melody, Note

HOLD = "_"
REST = "r"
SIXTEENTH = Fraction(1, 4)


def as_step(step: float | str | Fraction) -> Fraction:
    """The grid's step in quarter notes as an exact fraction; ``1/12`` as Python computes it will do.

    Raises ValueError for what is no positive number.
    """
    try:
        exact_step = Fraction(step).limit_denominator(192)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError):
        exact_step = Fraction(0)
    if exact_step <= 0:
        raise ValueError(f"step {step!r} is no length in quarter notes: write 0.25 for sixteenths, '1/12' for triplets")
    return exact_step


def encode(melody: Melody, step: float | str | Fraction = SIXTEENTH) -> list[str]:
    """The tokens of a melody, one for each step. Lesson 04.

    step: length of a step in quarter notes, by default a sixteenth; ``1/12`` admits triplets.
    Raises ValueError, naming the note, where a duration is no whole number of steps.
    """
    step = as_step(step)
    tokens = []
    lengths: dict[Fraction, Fraction] = {}  # a song has few durations, and dividing fractions is slow
    for number, note in enumerate(melody.notes, 1):
        steps = lengths.get(note.duration)
        if steps is None:
            steps = lengths[note.duration] = note.duration / step
        if steps.denominator != 1:
            raise ValueError(
                f"note {number} ({note}) is not on a grid of {step} quarter notes: "
                f"choose a finer step, such as {note.duration / steps.numerator}"
            )
        tokens += [REST if note.pitch is None else str(note.pitch)] + [HOLD] * (steps.numerator - 1)
    return tokens


def decode(
    tokens: Sequence[str] | str,
    step: float | str | Fraction = SIXTEENTH,
    *,
    time_signature: str | None = None,
    upbeat: float | str | Fraction = 0,
    key: Key | str | None = None,
    tempo: float | None = None,
    title: str = "",
) -> Melody:
    """The melody of tokens; a text is cut at its spaces. Lesson 04.

    Tokens say pitch and duration only, so metre, upbeat, key and tempo are given beside them.
    Raises ValueError, naming the place, for a token that is none and for a ``_`` that holds nothing.
    """
    step = as_step(step)
    notes: list[tuple[int | None, int]] = []
    for place, token in enumerate(split_tokens(tokens), 1):
        if token == HOLD:
            if not notes:
                raise ValueError(f"token {place} is {HOLD!r}, but there is no note before it to hold")
            notes[-1] = (notes[-1][0], notes[-1][1] + 1)
        else:
            notes.append((_pitch(token, place), 1))
    return Melody(
        tuple(Note(pitch, steps * step) for pitch, steps in notes),
        time_signature=time_signature,
        upbeat=upbeat,  # Melody makes it exact, and takes a key's name such as "G major" too
        key=key,
        tempo=tempo,
        title=title,
    )


def split_tokens(tokens: Sequence[str] | str) -> list[str]:
    """A list of tokens from a list, or from a text that separates them by spaces."""
    return tokens.split() if isinstance(tokens, str) else list(tokens)


def _pitch(token: str, place: int) -> int | None:
    if token == REST:
        return None
    if token.isascii() and token.isdigit() and int(token) <= 127:
        return int(token)
    raise ValueError(
        f"token {place}, {token!r}, is none: expected a pitch from 0 to 127, {REST!r} for a rest or {HOLD!r} to hold"
    )
