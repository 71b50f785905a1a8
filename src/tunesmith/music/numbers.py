"""Tunes as lines of MIDI numbers: no rhythm, no metre, only pitches. Lesson 03."""

from __future__ import annotations

import re
from fractions import Fraction

from tunesmith.music.draft import Draft, Parsed, SongError

_EXAMPLE = "a line is one tune, its MIDI numbers 0 to 127 between spaces, such as 60 62 64"


def split_lines(text: str, source: str = "") -> list[tuple[int, str]]:
    """Cut a text into its tunes, one a line: (number of the line, the line) each.

    Blank lines and those that begin with ``#`` are passed over. A text in which no line is made of
    numbers is no file of tunes, such as a README: SongError, with the cause "no song".
    """
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in numbered if line and not line.startswith("#")]
    if not any(all(re.fullmatch(r"[+-]?\d+", word) for word in _words(line)) for _, line in lines):
        number = lines[0][0] if lines else None
        if any("_" in _words(line) for _, line in lines):
            raise _tokens(source, number)
        raise SongError(f"no line of numbers in it: {_EXAMPLE}", source=source, line=number, cause="no song")
    return lines


def parse_numbers(text: str, source: str = "", *, first_line: int = 1) -> Parsed:
    """Read one line of MIDI numbers; spaces, commas or semicolons stand between them. Lesson 03.

    Each number becomes a quarter note. There is no metre, and the key is estimated; remarks say so.
    Raises SongError, with the line, for what is no number from 0 to 127, and for a row of tokens.
    """
    draft = Draft(source, line=first_line)
    words = _words(text)
    if "_" in words:
        raise _tokens(source, first_line)
    for word in words:
        if not re.fullmatch(r"[0-9]{1,3}", word) or int(word) > 127:
            raise SongError(f"{word[:20]!r} is no number from 0 to 127: {_EXAMPLE}", source=source, line=first_line)
        draft.add(int(word), Fraction(1))
    draft.remarks.append("no durations in it: each number is a quarter note")
    return draft.finish(None, None)


def _words(line: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", line) if word]


def _tokens(source: str, line: int | None) -> SongError:
    message = "these are tokens, in which _ holds a note: give them to ts.decode"
    return SongError(message, source=source, line=line, cause="tokens")
