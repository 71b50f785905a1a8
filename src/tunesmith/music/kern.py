"""Humdrum Kern, read and written by hand: the course's own reader. Lesson 03 builds it step by step.

The format: https://www.humdrum.org/guide/ch02/ (Huron, *The Humdrum Toolkit*).
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from tunesmith.music.draft import Draft, Parsed, SongError
from tunesmith.music.key import Key, spell
from tunesmith.music.melody import Melody, exact

_SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_TOKEN = re.compile(r"(\d+)(?:%(\d+))?(\.*)[^a-zA-Z]*(?:(r)|(([a-gA-G])\6*)(#+|-+|n)?)")
_KEY = re.compile(r"\*([A-Ga-g])([#-]*):(dor|phr|lyd|mix|aeo|loc|ion)?$")
_MODES = {
    "ion": "major",
    "dor": "dorian",
    "phr": "phrygian",
    "lyd": "lydian",
    "mix": "mixolydian",
    "aeo": "minor",
    "loc": "locrian",
}


def kern_token(token: str) -> tuple[int | None, Fraction]:
    """Pitch (MIDI number, None for a rest) and duration (quarter notes) of one token.

    ``"8.f#"`` → (66, 3/4), ``"4r"`` → (None, 1). Raises ValueError if it has no duration or pitch.
    """
    match = _TOKEN.search(token)
    if not match:
        raise ValueError(f"{token!r} is not a note: expected a duration and a pitch, such as 4c or 8.f#")
    recip, over, dots, rest, letters, letter, accidental = match.groups()
    quarters = Fraction(4 * int(over or 1), int(recip)) if int(recip) else Fraction(4 * 2 ** len(recip))
    duration = quarters * (2 - Fraction(1, 2 ** len(dots)))
    if rest:
        return None, duration
    octave = 60 + 12 * (len(letters) - 1) if letter.islower() else 60 - 12 * len(letters)
    sharps = (accidental or "").count("#") - (accidental or "").count("-")
    return octave + _SEMITONES[letter.lower()] + sharps, duration


def parse_kern(text: str, source: str = "") -> Parsed:
    """Read the first ``**kern`` spine of a text. Lesson 03.

    Ties are joined, grace notes dropped and counted; of a chord the first note is kept. A file with
    several spines says so in the remarks. Raises SongError, with the line, for what is not Kern.
    """
    draft = Draft(source)
    tonic = mode = None
    column: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        draft.line = number
        if line.startswith("!!!OTL"):
            draft.title = draft.title or line.partition(":")[2].strip()
        if not line.strip() or line.startswith("!"):
            continue
        cells = line.split("\t")
        if column is None:
            column = _kern_column(cells, number, draft)
        elif column >= len(cells):
            message = f"only {len(cells)} columns where the tune is in column {column + 1}"
            raise SongError(message, source=source, line=number)
        elif line.startswith("*"):
            if cells[column] == "*-":
                break
            if key := _KEY.match(cells[column]):
                if tonic is None:
                    tonic = key[1].upper() + key[2].replace("-", "b")
                    mode = _MODES.get(key[3], "major" if key[1].isupper() else "minor")
            else:
                _interpret(cells[column], draft)
            column = _follow(cells, column)
        elif line.startswith("="):
            draft.end_bar()
            if ":" in cells[column] and "repeat signs are read once" not in draft.remarks:
                draft.remarks.append("repeat signs are read once")
        elif cells[column] != ".":
            _add_token(cells[column], draft)
    if column is None:
        raise SongError("there is no **kern spine in it: this is not a Kern file", source=source)
    return draft.finish(tonic, mode)


def _kern_column(cells: list[str], number: int, draft: Draft) -> int:
    """Where the first ``**kern`` spine stands."""
    if "**kern" not in cells:
        raise SongError(
            "the first line that is no comment should start a **kern spine: this is not a Kern file",
            source=draft.source,
            line=number,
        )
    if len(cells) > 1:
        draft.remarks.append(f"{len(cells)} spines: only the first **kern spine is read")
    return cells.index("**kern")


def _interpret(cell: str, draft: Draft) -> None:
    """Take metre and tempo from a cell such as ``*M3/4`` or ``*MM100``."""
    if match := re.fullmatch(r"\*M(\d+/\d+)", cell):
        draft.metre(match[1])
    elif (match := re.fullmatch(r"\*MM(\d+(\.\d+)?)", cell)) and draft.tempo is None and 0 < float(match[1]) < 1000:
        draft.tempo = float(match[1])


def _follow(cells: list[str], column: int) -> int:
    """Where our spine stands after spines to its left were split (``*^``) or joined (``*v``)."""
    left = cells[:column]
    runs_of_joins = sum(cell == "*v" and (i == 0 or cells[i - 1] != "*v") for i, cell in enumerate(left))
    return column + left.count("*^") + left.count("*+") - left.count("*-") - (left.count("*v") - runs_of_joins)


def _add_token(cell: str, draft: Draft) -> None:
    """Add one cell of the spine to the draft."""
    try:
        note = _read_cell(cell)
    except ValueError as error:
        raise SongError(str(error), source=draft.source, line=draft.line) from error
    if note is None:
        draft.grace_notes += 1
        return
    pitch, duration, joined, is_chord = note
    draft.chords += is_chord
    draft.add(pitch, duration, joined=joined)


@lru_cache(maxsize=4096)  # a folder of songs has thousands of notes, and a few hundred different cells
def _read_cell(cell: str) -> tuple[int | None, Fraction, bool, bool] | None:
    """Pitch, duration, whether a tie joins it to the note before, whether it is a chord; None for a grace note.

    Raises ValueError for what is no note.
    """
    token, *others = cell.split(" ")
    if re.search(r"[qQ]", token):
        return None
    pitch, duration = kern_token(token)
    if pitch is not None and not 0 <= pitch <= 127:
        raise ValueError(f"{token!r} lies outside the MIDI range")
    return pitch, exact(duration), "]" in token or "_" in token, bool(others)  # equal durations are one object


def kern_text(melody: Melody) -> str:
    """Write a melody as Kern. Lesson 03.

    Spelled for its key, cut at the bar lines, a note that no single sign can write split into tied
    ones. `parse_kern` reads it back equal, but for rests: where one is cut, several remain.
    """
    lines = [f"!!!OTL: {' '.join(melody.title.split())}"] if melody.title else []
    lines += ["**kern", _clef(melody)]
    if melody.key:
        lines += [_signature(melody.key), _key_name(melody.key)]
    if melody.time_signature:
        lines.append(f"*M{melody.time_signature}")
    if melody.tempo:
        lines.append(f"*MM{melody.tempo:g}")
    tied = False
    number = 0 if melody.upbeat else 1
    for index, bar in enumerate(melody.bars()):
        if melody.time_signature and (index or not melody.upbeat):
            lines.append(f"={number}" + ("-" if index == 0 else ""))
        number += 1
        for pitch, duration, goes_on in bar:
            values = printable_values(duration)
            for i, value in enumerate(values):
                opens = pitch is not None and (i < len(values) - 1 or goes_on)
                lines.append(_token(pitch, value, melody.key, closes=tied, opens=opens))
                tied = opens
    return "\n".join([*lines, "==", "*-", ""])


def printable_values(duration: Fraction) -> list[Fraction]:
    """Split a duration into note values that a score can print, the longest first.

    5/4 → 1 + 1/4. Plain and dotted values; with a denominator such as 3, the tuplet's own values.
    """
    odd = duration.denominator
    while odd % 2 == 0:
        odd //= 2
    values, left = [], duration
    for value in _signs(odd):
        while left >= value:
            values.append(value)
            left -= value
    return values + ([left] if left else [])


@lru_cache(maxsize=64)
def _signs(odd: int) -> tuple[Fraction, ...]:
    """The values that have signs of their own, the longest first; odd: what a tuplet divides by, 1 for none."""
    plain = [Fraction(8, 2**k) for k in range(12)]
    others = [value * Fraction(3, 2) for value in plain] if odd == 1 else [value / odd for value in plain]
    return tuple(sorted(plain + others, reverse=True))


def _token(pitch: int | None, value: Fraction, key: Key | None, *, closes: bool, opens: bool) -> str:
    written = _recip(value) + ("r" if pitch is None else _kern_pitch(pitch, key))
    if closes and opens:
        return written + "_"
    return ("[" if opens else "") + written + ("]" if closes else "")


def _recip(value: Fraction) -> str:
    """Kern's sign for a note value: how many of it make a whole note, with dots."""
    for times, dots in ((4, ""), (6, ".")):
        if (times / value).denominator == 1:
            return f"{times / value}{dots}"
    if value == 8 or value == 12:
        return "0" if value == 8 else "0."
    share = 4 / value
    return f"{share.numerator}%{share.denominator}"


def _kern_pitch(pitch: int, key: Key | None) -> str:
    letter, sharps, octave = spell(pitch, key)
    letters = letter.lower() * (octave - 3) if octave >= 4 else letter * (4 - octave)
    return letters + "#" * sharps + "-" * -sharps


def _clef(melody: Melody) -> str:
    pitches = melody.pitches
    return "*clefF4" if pitches and sum(pitches) / len(pitches) < 57 else "*clefG2"


def _signature(key: Key) -> str:
    order = "fcgdaeb" if key.signature > 0 else "beadgcf"
    sign = "#" if key.signature > 0 else "-"
    return "*k[" + "".join(letter + sign for letter in order[: abs(key.signature)]) + "]"


def _key_name(key: Key) -> str:
    letter = key.tonic[0].lower() if key.mode in ("minor", "dorian", "phrygian", "locrian") else key.tonic[0]
    ending = key.mode[:3] if key.mode not in ("major", "minor") else ""
    return f"*{letter}{key.tonic[1:].replace('b', '-')}:{ending}"
