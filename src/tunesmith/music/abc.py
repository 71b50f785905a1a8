"""ABC notation, read through music21 and written by hand. Lessons 03 and 07.

For reading, the text is cut into tunes and voices here, and its header is checked. The format: https://abcnotation.com/wiki/abc:standard:v2.1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from tunesmith.music.draft import Draft, Parsed, SongError
from tunesmith.music.kern import printable_values
from tunesmith.music.key import Key, spell
from tunesmith.music.measures import add_measures, played_out
from tunesmith.music.melody import Melody, Written, bar_length

if TYPE_CHECKING:
    from music21.stream import Part

_FIELD = re.compile(r"([A-Za-z]):\s*(.*?)\s*(?:(?<!\\)%.*)?$")
_KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")
_METRE = re.compile(r"none|C\|?|(\(?\d+(\+\d+)*\)?)/\d+", re.IGNORECASE)
_KEY_FIELDS = re.compile(r"(?:^|(?<=\[))K:[ \t]*([^\]\n%]*)", re.MULTILINE)
_UNIT = re.compile(r"1(/[1-9][0-9]{0,3})?")
# What is no music in a line of it: "chord symbols", comments, [K:fields], !signs!, (3::2 tuplets.
_APART = r'"[^"]*"|(?<!\\)%.*|\[[A-Za-z]:[^\]]*\]|![^!\s]*!|\(\d:\d?(?::\d?)?'
_REPEATS = re.compile(rf"({_APART})|\|::+|::+\|(?!:)|:+\|*:+")
_NOTE = re.compile(rf"({_APART}|\{{[^}}]*\}})|[A-Ga-gxzZ][,']*([0-9]*)(/*)([0-9]*)|(\|)")
LARGEST = 16_000  # signs in one tune; a long one has 2,000
LONGEST_NOTE = 64  # in the tune's unit length
MOST_BARS = 500  # as written; over a thousand music21 takes minutes
LONGEST_BAR = 32  # quarters; over a longer one, in which it would look for a metre, music21 takes minutes
_MAJOR_KEYS = [Key(letter + sign) for letter in "CDEFGAB" for sign in ("", "#", "b")]
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

    A tune begins at ``X:``. Fields above the first ``X:`` belong to every tune of the file. Raises
    SongError where there are too many of them.
    """
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(r"X:", line)]
    if not starts:
        return [(1, text)] if text.strip() else []
    head = [line for line in lines[: starts[0]] if _FIELD.match(line)]
    if sum(map(len, head)) > LARGEST:
        message = f"more than {LARGEST:,} letters and signs above its first tune: they can't belong to every tune"
        raise SongError(message, cause="too large")
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
    is estimated. Raises SongError for a broken header, a changing metre, what is far too long for a
    melody, and what music21 can't read.
    """
    if len(text) > LARGEST:
        message = f"a tune of {len(text):,} letters and signs is too long: at most {LARGEST:,}"
        raise SongError(message, source=source, line=first_line, cause="too large")
    fields = _header(text, source, first_line)
    draft = Draft(source, title=fields.get("T", "").replace("\\%", "%"))
    whole, text = text, _first_voice(text, draft, first_line)
    if re.search(r"^(?![A-Za-z]:)[^%\n]*[A-G],{5}", text, re.MULTILINE):
        raise SongError("a note with five commas lies below what can be read", source=source)
    for field in re.findall(r"(?:^|\[)M:[ \t]*([^\]\n%]*)", text, re.MULTILINE):
        if metre := _time_signature(field.strip()):
            draft.metre(metre)
    _check_lengths(whole, fields, draft, first_line)
    text = _plain_repeats(text, draft)
    tonic, mode = _tonic_and_mode(fields["K"])
    if len(set(map(_tonic_and_mode, _KEY_FIELDS.findall(text)))) > 1:
        draft.remarks.append("the key changes: only the first is kept")
    part = _parse_part(_KEY_FIELDS.sub(_without_locrian, text), draft)
    add_measures(part, draft)
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


def _first_voice(text: str, draft: Draft, first_line: int) -> str:
    """The tune without its other voices; music21 would take each ``V:`` line for a new one.

    A ``V:`` line names the voice of the lines below it, ``[V:…]`` at a line's start that of its own.
    """
    kept, voices = [], []
    voice, in_header = None, True
    for number, line in enumerate(text.splitlines(), first_line):
        if match := re.match(r"V:\s*([^\s%]+).*|\[V:\s*([^\s\]]+)[^\]]*\]", line):
            voice = match[1] or match[2]
            if voice not in voices:
                voices.append(voice)
            line = line[match.end() :]
            if not line.strip():
                continue
        if "[V:" in line:
            message = "a voice that begins within a line, [V:…], can't be told apart: give each its own line"
            raise SongError(message, source=draft.source, line=number, cause="voices")
        if in_header or voice is None or voice == voices[0]:
            kept.append(line)
        if in_header and line.startswith("K:"):
            voice, in_header = None, False
    if len(voices) > 1:
        draft.remarks.append(f"{len(voices)} voices: only the first is read")
    return "\n".join(kept) + "\n" if voices else text


def _music_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of music: (number, counted from 0, and text) of those below the header that are no fields."""
    lines = text.split("\n")
    header = next((number for number, line in enumerate(lines) if line.startswith("K:")), -1)
    for number, line in enumerate(lines):
        if number > header and not re.match(r"[A-Za-z+]:(?![|:])|%", line):
            yield number, line


def _check_lengths(text: str, fields: dict[str, str], draft: Draft, first_line: int) -> None:
    """Refuse what music21 would take minutes over: a note or, in a metre, a bar that is far too long."""
    bars = sum(line.count("|") for _, line in _music_lines(text))
    if bars > MOST_BARS:
        message = f"{bars:,} bar lines are too many for a tune: at most {MOST_BARS:,}"
        raise SongError(message, source=draft.source, line=first_line, cause="too large")
    unit = Fraction(fields.get("L", "1/8"))
    bar = Fraction(0)
    for line, music in _music_lines(text):
        for apart, number, slashes, below, bar_line in _NOTE.findall(music):
            if apart:
                continue
            if number and (len(number) > 4 or int(number) > LONGEST_NOTE):
                message = f"a note of {number[:9]} unit lengths is too long: at most {LONGEST_NOTE}"
                raise SongError(message, source=draft.source, line=first_line + line, cause="times")
            share = int(below[:4] or 0) or 2 ** min(len(slashes), 10)
            bar = Fraction(0) if bar_line else bar + 4 * unit * Fraction(int(number or 1), share)
            if bar > LONGEST_BAR and draft.metres:
                message = f"no bar lines for over {LONGEST_BAR} quarters: mark each bar of {draft.metres[0]} with |"
                raise SongError(message, source=draft.source, line=first_line + line, cause="no bar lines")


def _plain_repeats(text: str, draft: Draft) -> str:
    """The tune with ``::`` written as ``:||:``: music21 would take ``F::`` for a field, and lose the line."""
    lines = text.split("\n")
    for number, line in _music_lines(text):
        lines[number] = _REPEATS.sub(lambda sign: sign[1] or _plain_repeat(sign[0], draft), line)
    return "\n".join(lines)


def _plain_repeat(sign: str, draft: Draft) -> str:
    remark = "repeat signs for more than twice are played twice"
    if sign[0] == sign[-1] == ":":
        return " :||: "
    if remark not in draft.remarks:
        draft.remarks.append(remark)
    return " |: " if sign[0] == "|" else " :| "


def _tonic_and_mode(field: str) -> tuple[str | None, str | None]:
    """``"Ador"`` → ("A", "dorian"); ``"G"`` → ("G", "major"); ``"none"``, ``"HP"`` → (None, None)."""
    match = _KEY.match(field)
    if not match or field.lower().startswith("none"):
        return None, None
    word = match[3].lower()
    return match[1] + match[2], _MODES.get(word if word == "m" else word[:3], "major")


def _without_locrian(field: re.Match[str]) -> str:
    """A ``K:`` field as music21 can read it: it gives locrian the signature of major."""
    tonic, mode = _tonic_and_mode(field[1])
    if mode != "locrian":
        return field[0]
    signature = Key(tonic, mode).signature
    return "K:" + next(key.tonic for key in _MAJOR_KEYS if key.signature == signature)


def _time_signature(field: str) -> str | None:
    """``"C"`` → ``"4/4"``, ``"(2+3)/8"`` → ``"5/8"``, ``"none"`` → None.

    The text is asked, not music21, which adds a time signature of its own at each irregular bar.
    """
    common = {"c": "4/4", "c|": "2/2"}.get(field.lower())
    if common or "/" not in field:
        return common
    beats, _, unit = field.partition("/")
    return f"{sum(map(int, re.findall(r'[0-9]{1,4}', beats)))}/{unit}"


def _parse_part(text: str, draft: Draft) -> Part:
    """The first voice as music21 reads it, repeats and endings played out."""
    from music21 import converter

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
        return played_out(part, draft)
    except SongError:
        raise
    except Exception as error:  # music21 raises its own, and at odd text also IndexError and the like
        what = " ".join(str(error).split()) or type(error).__name__
        raise SongError(f"music21 can't read this tune ({what})", source=draft.source) from error


def abc_text(melody: Melody) -> str:
    """Write a melody as ABC, four bars a line. Lesson 07.

    Spelled for its key, every sign written that the signature lacks, notes of a beat beamed together.
    `parse_abc` reads it back equal, but for what ABC can't say: a rest that crosses a bar line becomes
    two, a key that is None is estimated, an upbeat needs a bar after it, and no note lies below 12 (C0).
    """
    head = [
        "X:1",
        f"T:{' '.join(melody.title.split())}".replace("%", r"\%"),
        f"M:{melody.time_signature or 'none'}",
        "L:1/8",
        f"Q:1/4={melody.tempo:g}" if melody.tempo else "",
        f"K:{_key_field(melody.key)}",
    ]
    bars = [_bar(bar, _beat_offset(melody, index), melody) for index, bar in enumerate(melody.bars())]
    first = 1 if melody.upbeat else 0
    rows = [bars[:first] + bars[first : first + 4], *(bars[i : i + 4] for i in range(first + 4, len(bars), 4))]
    lines = ["|".join(row) + "|" for row in rows]
    return "\n".join([line for line in head if line] + lines) + "]\n"


def _key_field(key: Key | None) -> str:
    if key is None:
        return "none"
    return key.tonic + {"major": "", "minor": "m"}.get(key.mode, key.mode[:3])


def _beat_offset(melody: Melody, bar: int) -> Fraction:
    """How far into a full bar a bar's first note stands: an upbeat stands at its end."""
    return bar_length(melody.time_signature) - melody.upbeat if melody.upbeat and bar == 0 else Fraction(0)


def _beat(time_signature: str | None) -> Fraction:
    """What is beamed together, in quarter notes: a beat, which in 6/8 is three eighths."""
    beats, unit = map(int, (time_signature or "4/4").split("/"))
    return Fraction(12, unit) if unit >= 8 and beats % 3 == 0 else Fraction(1)


def _bar(bar: list[Written], now: Fraction, melody: Melody) -> str:
    """The notes of a bar, with a space wherever a beam ends."""
    beat = _beat(melody.time_signature)
    signed: set[str] = set()  # letters that had a sign in this bar: later ones need theirs, if only a natural
    symbols: list[tuple[str, Fraction]] = []
    for written in bar:
        values = printable_values(written.duration)
        for i, value in enumerate(values):
            tie = "-" if written.pitch is not None and (i < len(values) - 1 or written.tied) else ""
            symbols.append((_pitch(written.pitch, melody.key, signed) + "{}" + tie, value))
    text = ""
    for group in _groups([value for _, value in symbols]):
        odd, row = _odd(symbols[group.start][1]), symbols[group]
        if odd > 1:
            text += "(3" if odd == len(row) == 3 else f"({odd}:{_normal(odd)}:{len(row)}"
        for symbol, value in row:
            text += symbol.format(_length(value * odd / _normal(odd)))
            now += value
            if value >= 1 or now % beat == 0:
                text += " "
    return text.strip()


def _odd(value: Fraction) -> int:
    """3 for the value of a triplet's note, 5 for a quintuplet's, 1 for a plain one."""
    odd = value.denominator
    while odd % 2 == 0:
        odd //= 2
    return odd


def _normal(odd: int) -> int:
    """In the time of how many notes a tuplet's are played: 3 in the time of 2, 5 or 7 in that of 4."""
    return 2 ** (odd.bit_length() - 1)


def _groups(values: list[Fraction]) -> list[slice]:
    """Cut a bar's values into tuplets, each as long as it takes to end on a plain value, and single notes."""
    groups, start, length = [], 0, Fraction(0)
    for i, value in enumerate(values):
        if i > start and _odd(value) != _odd(values[start]):
            groups.append(slice(start, i))
            start, length = i, Fraction(0)
        length += value
        if _odd(length) == 1:
            groups.append(slice(start, i + 1))
            start, length = i + 1, Fraction(0)
    return groups + ([slice(start, len(values))] if start < len(values) else [])


def _pitch(pitch: int | None, key: Key | None, signed: set[str]) -> str:
    """A note's sign, letter and octave: 66 → ``^F`` in C major, ``F`` in G major; 72 → ``c``."""
    if pitch is None:
        return "z"
    letter, sharps, octave = spell(pitch, key)
    sign = "^" * sharps + "_" * -sharps or "="
    if letter in signed or sharps != _in_signature(letter, key):
        signed.add(letter)
    else:
        sign = ""
    return sign + (letter + "," * (4 - octave) if octave < 5 else letter.lower() + "'" * (octave - 5))


def _in_signature(letter: str, key: Key | None) -> int:
    """Sharps (+) or flats (−) that the signature gives a letter: F in G major has 1."""
    return ((key.signature if key else 0) + 6 - "FCGDAEB".index(letter)) // 7


def _length(value: Fraction) -> str:
    """A note value in eighths, as ABC has it: 1/2 → nothing, 1 → ``2``, 1/4 → ``/2``, 3/4 → ``3/2``."""
    eighths = value * 2
    over = "" if eighths.numerator == 1 else str(eighths.numerator)
    return over + (f"/{eighths.denominator}" if eighths.denominator > 1 else "")
