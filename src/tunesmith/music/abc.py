"""ABC notation, read through music21: the text is cut into tunes and its headers are checked here.

Lesson 03. The format: https://abcnotation.com/wiki/abc:standard:v2.1
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from tunesmith.music.draft import Draft, Parsed, SongError
from tunesmith.music.melody import bar_length

if TYPE_CHECKING:
    from music21.stream import Part

_FIELD = re.compile(r"([A-Za-z]):\s*(.*?)\s*(?:%.*)?$")
_KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")
_METRE = re.compile(r"none|C\|?|(\(?\d+(\+\d+)*\)?)/\d+", re.IGNORECASE)
_UNIT = re.compile(r"1(/\d+)?")
_MODES = {
    "": "major",
    "maj": "major",
    "ion": "major",
    "m": "minor",
    "min": "minor",
    "aeo": "minor",
    "dor": "dorian",
    "phr": "phrygian",
    "lyd": "lydian",
    "mix": "mixolydian",
    "loc": "locrian",
}


def split_tunes(text: str) -> list[tuple[int, str]]:
    """Cut an ABC text into its tunes: (number of the first line, the tune's text) each.

    A tune begins at ``X:``. Fields above the first ``X:`` belong to every tune of the file.
    """
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(r"X:", line)]
    if not starts:
        return [(1, text)] if text.strip() else []
    head = [line for line in lines[: starts[0]] if _FIELD.match(line)]
    ends = [*starts[1:], len(lines)]
    return [
        (start + 1, "\n".join([lines[start], *head, *lines[start + 1 : end]]).strip() + "\n")
        for start, end in zip(starts, ends, strict=True)
    ]


def parse_abc(text: str, source: str = "", *, first_line: int = 1, modes_named: bool = True) -> Parsed:
    """Read one tune. Lesson 03.

    Repeats and endings are played out, grace notes dropped and counted, of a chord the top note is
    kept, of several voices the first. first_line: where the tune begins in its file, for messages.
    modes_named: False where ``K:`` gives the tonic only, as in the Essen collection; then the mode
    is estimated. Raises SongError for a broken header, a changing metre and what music21 can't read.
    """
    fields = _header(text, source, first_line)
    for number, line in enumerate(text.splitlines(), first_line):
        if line.startswith("[V:"):
            message = "voices that change within lines, [V:…], can't be told apart: give each its own V: line"
            raise SongError(message, source=source, line=number, cause="voices")
    draft = Draft(source, title=fields.get("T", ""))
    for field in re.findall(r"(?:^|\[)M:[ \t]*([^\]\n%]*)", text, re.MULTILINE):
        if metre := _time_signature(field.strip()):
            draft.metre(metre)
    tonic, mode = _tonic_and_mode(fields["K"])
    part = _parse_part(text, draft)
    _add_measures(part, draft)
    return draft.finish(tonic, mode if modes_named else None)


def _header(text: str, source: str, first_line: int) -> dict[str, str]:
    """The first value of each header field up to ``K:``, checked."""
    fields: dict[str, str] = {}
    checks = {"M": (_METRE, "a metre such as M: 3/4"), "L": (_UNIT, "a unit length such as L: 1/8")}
    for number, line in enumerate(text.splitlines(), first_line):
        if not (match := _FIELD.match(line)):
            continue
        letter, value = match.groups()
        pattern, expected = checks.get(letter, (None, ""))
        if pattern and not pattern.fullmatch(value):
            raise SongError(f"{line.strip()!r} is not {expected}", source=source, line=number, cause="broken header")
        fields.setdefault(letter, value)
        if letter == "K":
            break
    for letter, meaning in (("X", "number"), ("K", "key")):
        if letter not in fields:
            raise SongError(
                f"the tune has no {letter}: field ({meaning}); an ABC tune begins with X: and its header ends with K:",
                source=source,
                line=first_line,
                cause="broken header",
            )
    return fields


def _tonic_and_mode(field: str) -> tuple[str | None, str | None]:
    """``"Ador"`` → ("A", "dorian"); ``"G"`` → ("G", "major"); ``"none"``, ``"HP"`` → (None, None)."""
    match = _KEY.match(field)
    if not match or field.lower().startswith("none"):
        return None, None
    word = match[3].lower()
    return match[1] + match[2], _MODES.get(word if word == "m" else word[:3], "major")


def _time_signature(field: str) -> str | None:
    """``"C"`` → ``"4/4"``, ``"(2+3)/8"`` → ``"5/8"``, ``"none"`` → None.

    The text is asked, not music21, which adds a time signature of its own at each irregular bar.
    """
    common = {"c": "4/4", "c|": "2/2"}.get(field.lower())
    if common or "/" not in field:
        return common
    beats, unit = field.split("/")
    return f"{sum(map(int, re.findall(r'[0-9]+', beats)))}/{unit}"


def _parse_part(text: str, draft: Draft) -> Part:
    """The first voice as music21 reads it, repeats and endings played out."""
    from music21 import bar, converter, spanner

    try:
        # parseData, not parse: parse unpickles from a folder that everyone may write to.
        score = converter.parseData(text, format="abc")
        if score.recurse().getElementsByClass("Measure").first() is None:
            # music21 makes measures, and plays repeats, from two plain bar lines on: append empty ones.
            score = converter.parseData(f"{text.rstrip()}\n| | |\n", format="abc")
        parts = list(score.parts)
        if len(parts) > 1:
            draft.remarks.append(f"{len(parts)} voices: only the first is read")
        part = parts[0] if parts else score
        if ":|" in text and not part.getElementsByClass("Measure"):
            draft.remarks.append("repeat signs are read once")  # the one bar has no end that music21 would see
        repeated = part.recurse().getElementsByClass((bar.Repeat, spanner.RepeatBracket)).first()
        return part.expandRepeats() if repeated is not None else part
    except Exception as error:  # music21 raises its own, and at odd text also IndexError and the like
        what = " ".join(str(error).split()) or type(error).__name__
        raise SongError(f"music21 can't read this tune ({what})", source=draft.source) from error


def _add_measures(part: Part, draft: Draft) -> None:
    """Go through the measures and add tempo, notes and bar lines to the draft."""
    from music21 import harmony, tempo

    for mark in part.recurse().getElementsByClass(tempo.MetronomeMark):
        quarters = mark.getQuarterBPM()
        if quarters and draft.tempo is None and 0 < quarters < 1000:
            draft.tempo = round(float(quarters), 6)  # Q:1/4=110 comes as 110.00000000000001
    draft.end_bar()
    measures = list(part.getElementsByClass("Measure")) or [part]
    if measures == [part] and draft.metres and part.quarterLength > bar_length(draft.metres[0]):
        message = f"no bar lines, though it is longer than one bar of {draft.metres[0]}: mark them with |"
        raise SongError(message, source=draft.source, cause="no bar lines")
    for measure in measures:
        for element in measure.flatten().notesAndRests:
            if isinstance(element, harmony.Harmony):
                continue
            if element.duration.isGrace:
                draft.grace_notes += 1
            elif element.quarterLength:
                _add_element(element, draft)
        draft.end_bar()


def _add_element(element, draft: Draft) -> None:
    duration = Fraction(element.quarterLength)
    if element.isRest:
        draft.add(None, duration)
        return
    draft.chords += element.isChord
    note = max(element.notes, key=lambda part: part.pitch.midi) if element.isChord else element
    draft.add(note.pitch.midi, duration, joined=note.tie is not None and note.tie.type in ("stop", "continue"))
