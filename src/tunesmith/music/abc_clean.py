"""One tune of an ABC file as a clean text: only what carries music, each thing written in one way. Lesson 10.

The format: https://abcnotation.com/wiki/abc:standard:v2.1
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from tunesmith.music.abc import LARGEST, LONGEST_NOTE
from tunesmith.music.abc_lengths import usual_time
from tunesmith.music.draft import SongError

# A mode as a file may name it, by its first three letters → as a clean tune does.
_MODES = {
    "": "",
    "maj": "",
    "ion": "",
    "m": "m",
    "min": "m",
    "aeo": "m",
    "dor": "dor",
    "phr": "phr",
    "lyd": "lyd",
    "mix": "mix",
    "loc": "loc",
}
ORNAMENTS = "~TH."  # roll, trill, hold, staccato, in the order of a clean tune
KEYS = tuple(
    f"{letter}{sign}{mode}"
    for letter in "ABCDEFG"
    for sign in ("", "#", "b")
    for mode in dict.fromkeys(_MODES.values())
)
LETTERS = "ABCDEFGabcdefg"
_FIELD = re.compile(r"\s*([A-Za-z]):(?![|:])[ \t]*(.*?)[ \t]*(?:(?<!\\)%.*)?$")
_LENGTH = r"\d*/*\d*"
_BAR = r"(?:\.?\[\||\.?\||\]|:)(?:\[\||[|\]:])*"
_TOKEN = re.compile(
    rf"""
      (?P<nothing>"[^"]*"|![A-Za-z0-9().<>+:]*!|\+[a-z().]{{2,}}\+|%.*|[`\\!]|y\d*|[A-GI-SU-Zh-wu-v](?<![A-GZ]))
    | (?P<field>\[(?P<letter>[A-Za-z]):(?P<value>[^\]]*)\])
    | (?P<grace>\{{[^}}]*\}})
    | (?P<tuplet>\((?P<p>[2-9])(?::(?P<q>\d?)(?::(?P<r>\d?))?)?)
    | (?P<chord>\[(?=[^\]|\d]*[A-Ga-g])(?P<inner>[^\]|]*)\](?P<outer>{_LENGTH}))
    | (?P<ending>\[\s*(?P<number>[1-9](?:[-,][1-9])*))
    | (?P<bar>{_BAR})(?P<after>[1-9](?:[-,][1-9])*(?![/\d]))?
    | (?P<pitch>(?:\^\^?|__?|=)?[A-Ga-g][,']*)(?P<length>{_LENGTH})
    | (?P<rest>[zx])(?P<pause>{_LENGTH})
    | (?P<broken><+|>+)
    | (?P<ornament>[~TH.])
    | (?P<sign>[()-])
    | (?P<space>\s+)
    """,
    re.VERBOSE,
)
_INNER_NOTE = re.compile(rf"((?:\^\^?|__?|=)?)([A-Ga-g])([,']*)({_LENGTH})")


def clean_abc(text: str) -> str:
    """One tune of an ABC file as a clean text. Lesson 10.

    Its header is three lines, ``M:``, ``L:`` and ``K:``, defaults made explicit (the unit length is a
    sixteenth below a metre of 3/4, else an eighth). Its music keeps notes, rests, bar lines, repeats, endings,
    tuplets, broken rhythm, grace notes, ties, slurs, the ornaments ``~ T H .`` and its line breaks; lyrics,
    chord symbols, comments and other signs go, and of a chord the top note is kept. A bar line that stands
    for a line's or the tune's end only, as in the Essen collection, is written. Each line ends with a line
    break, none is empty. What is clean stays as it is.

    Raises SongError, with its cause, for what can't be a clean tune: no key or metre, a change of key, metre or
    unit length, several voices, a sign that is no ABC.
    """
    return cleaned(text)[0]


def cleaned(text: str) -> tuple[str, tuple[str, ...]]:
    """As `clean_abc`, with remarks on what was lost."""
    cleaner = _Cleaner(text)
    return cleaner.text, (f"chords cut down to one note: {cleaner.chords}",) if cleaner.chords else ()


@dataclass
class _Note:
    """A note or rest with all that is written before and after it."""

    pitch: str
    length: Fraction
    opened: int = 0  # slurs that begin here
    closed: int = 0  # slurs that end here
    tuplet: str = ""
    grace: str = ""
    ornaments: str = ""
    tied: bool = False
    broken: str = ""
    spaced: bool = False  # does a space stand before it?

    def __str__(self) -> str:
        before = "(" * self.opened + self.tuplet + self.grace + self.ornaments
        after = "-" * self.tied + ")" * self.closed + self.broken
        return f"{' ' * self.spaced}{before}{self.pitch}{_written(self.length)}{after}"


@dataclass
class _Gap:
    """All that stands between two notes: a bar line and a line break, if they do.

    ends, starts: does a repeat end here, does one begin? ending: the number of the one that begins here.
    """

    bar: bool = False
    ends: bool = False
    starts: bool = False
    double: bool = False
    ending: str = ""
    line: bool = False

    def add(self, sign: str, ending: str = "") -> None:
        """Take a bar line too, as it is written: all that stand side by side are one."""
        lines = [place for place, char in enumerate(sign) if char in "|]"]
        starts = sign.endswith(":") and sign != ":"
        if lines:
            self.ends |= ":" in (sign[: lines[0]] if starts else sign)
        else:
            self.ends |= sign.startswith(":")
        self.starts |= starts
        self.double |= len(lines) > 1
        self.bar = True
        self.ending = ending or self.ending

    def __str__(self) -> str:
        sign = ":|" if self.ends else "||" if self.double else "|" if self.bar else ""
        if self.line:
            return f"{sign}\n{'|:' * self.starts}" + (f"[{self.ending} " if self.ending else "")
        if self.ending:
            return f"{':|' if self.ends else '|'}{self.ending} "
        return "::" if self.ends and self.starts else "|:" if self.starts else sign


@dataclass
class _Cleaner:
    """Reads a tune's text into items, and writes them."""

    text: str
    chords: int = 0
    _items: list[_Note | _Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.text) > LARGEST:
            message = f"a tune of {len(self.text):,} letters and signs is too long: at most {LARGEST:,}"
            raise SongError(message, cause="too large")
        header, music = _cut(self.text)
        self.fields = _header(header)
        for number, line in music:
            self._read_line(line, number)
        if not any(isinstance(item, _Note) and item.pitch != "z" for item in self._items):
            raise SongError("there is no note in it", cause="no notes")
        self._close_lines()
        self.text = "".join(f"{letter}:{self.fields[letter]}\n" for letter in "MLK") + self._music()

    def _read_line(self, line: str, number: int) -> None:
        if match := _FIELD.match(line):
            self._field(match[1], match[2], number)
            return
        self._gap().line = True
        note = _Note("", Fraction(0))
        place = 0
        while place < len(line):
            match = _TOKEN.match(line, place)
            if not match:
                raise SongError(f"{line[place : place + 8]!r} is no ABC", line=number, cause="broken notes")
            place = match.end()
            note = self._token(match, note, number)

    def _token(self, match: re.Match[str], note: _Note, number: int) -> _Note:
        """Take one token. note: what was read so far of what stands before the next note."""
        if match["pitch"] is not None:
            note.pitch, note.length = _octave(match["pitch"]), _length(match["length"], number)
            return self._add(note)
        if match["space"] is not None:
            note.spaced = True
        elif match["field"] is not None:
            self._field(match["letter"], match["value"].strip(), number)
        elif match["grace"] is not None:
            inner = "".join(sign + letter + octave for sign, letter, octave, _ in _INNER_NOTE.findall(match["grace"]))
            if inner:
                note.grace = "{" + note.grace[1:-1] + inner + "}"
        elif match["tuplet"] is not None:
            note.tuplet = self._tuplet(match["p"], match["q"], match["r"])
        elif match["chord"] is not None:
            note.pitch, note.length = self._top_note(match["inner"], match["outer"], number)
            if "-" in match["inner"]:
                note.tied = True
            return self._add(note)
        elif match["ending"] is not None:
            self._gap().add("|", match["number"])
        elif match["bar"] is not None:
            self._gap().add(match["bar"].replace("[", "").replace(".", ""), match["after"] or "")
        elif match["rest"] is not None:
            note.pitch, note.length = "z", _length(match["pause"], number)
            return self._add(note)
        elif match["ornament"] is not None:
            note.ornaments = "".join(sign for sign in ORNAMENTS if sign in note.ornaments + match["ornament"])
        elif match["broken"] is not None or match["sign"] is not None:
            self._sign(match["broken"] or match["sign"], note)
        return note

    def _gap(self) -> _Gap:
        """What stands behind the last note so far."""
        if not self._items or not isinstance(self._items[-1], _Gap):
            self._items.append(_Gap())
        return self._items[-1]

    def _add(self, note: _Note) -> _Note:
        if note.pitch == "z":
            note.ornaments = note.ornaments.replace("~", "").replace("T", "").replace(".", "")
        before = self._items[-1]
        if not isinstance(before, _Note) or before.broken:
            note.spaced = False
        self._items.append(note)
        return _Note("", Fraction(0))

    def _sign(self, sign: str, note: _Note) -> None:
        """A slur's begin or end, a tie, or broken rhythm: the last three belong to the note before."""
        before = next((item for item in reversed(self._items) if isinstance(item, _Note)), None)
        if sign == "(":
            note.opened += 1
        elif before is None:
            return
        elif sign == ")":
            if note.opened:
                note.opened -= 1
            else:
                before.closed += 1
        elif sign == "-":
            before.tied = before.pitch != "z"
        else:
            before.broken = sign

    def _field(self, letter: str, value: str, number: int) -> None:
        """A field below the header: one that says what holds already goes, and so does one that is no music."""
        if letter in "MLK":
            if _FIELDS[letter](value) != self.fields[letter]:
                what = {"M": "metre", "L": "unit length", "K": "key"}[letter]
                cause = {"M": "metre", "L": "unit length changes", "K": "key changes"}[letter]
                message = f"the {what} changes ({self.fields[letter]} to {value}), and a clean tune has one"
                raise SongError(message, line=number, cause=cause)
        elif letter == "V":
            self._voice(value, number)

    def _voice(self, value: str, number: int) -> None:
        name = value.split()[0] if value.split() else ""
        if self.fields.setdefault("V", name) != name:
            raise SongError("it has several voices, and a clean tune has one", line=number, cause="voices")

    def _tuplet(self, p: str, q: str | None, r: str | None) -> str:
        usual = usual_time(int(p), self.fields["M"])
        time, notes = int(q or usual), int(r or p)
        if time == usual and notes == int(p):
            return f"({p}"
        return f"({p}:{time}:{notes}"

    def _top_note(self, inner: str, outer: str, number: int) -> tuple[str, Fraction]:
        """Of a chord the top note, as it is written, and the chord's length: its first note's, times the outer."""
        self.chords += 1
        notes = _INNER_NOTE.findall(inner)

        def height(note: tuple[str, str, str, str]) -> int:
            sign, letter, octave, _ = note
            steps = "CDEFGABcdefgab".index(letter) + 7 * (octave.count("'") - octave.count(","))
            return 10 * steps + sign.count("^") - sign.count("_")

        sign, letter, octave, _ = max(notes, key=height)
        return _octave(sign + letter + octave), _length(notes[0][3], number) * _length(outer, number)

    def _close_lines(self) -> None:
        """Write the bar lines that a line's end stands for: where the bar is full there."""
        beats, _, unit = self.fields["M"].partition("/")
        bar = Fraction(int(beats), int(unit)) / Fraction(self.fields["L"])
        now, scale, left, owed = Fraction(0), Fraction(1), 0, Fraction(1)
        for item in self._items:
            if isinstance(item, _Note):
                if item.tuplet:
                    p, time, notes = [*map(int, item.tuplet[1:].split(":")), 0, 0][:3]
                    time, left = time or usual_time(p, self.fields["M"]), notes or p
                    scale = Fraction(time, p)
                length = item.length
                if left:
                    length, left = length * scale, left - 1
                if owed != 1:  # the note before was broken: what it took, this one lacks
                    length, owed = length * owed, Fraction(1)
                if item.broken:
                    longer = Fraction(1, 2 ** len(item.broken))
                    stretch = 2 - longer if item.broken[0] == ">" else longer
                    length, owed = length * stretch, 2 - stretch
                now += length
            elif item.bar or (item.line and now == bar):
                item.bar, now = True, Fraction(0)

    def _music(self) -> str:
        """The notes and gaps as text: no bar line but |: opens it, and a final one closes it."""
        first, *others = self._items
        if not isinstance(others[-1], _Gap):
            others.append(_Gap())
        last = others.pop()
        for gap in others:
            if isinstance(gap, _Gap) and gap.starts and gap.ending:
                raise SongError("an ending begins where a repeat begins", cause="endings")
        return "|:" * first.starts + "".join(map(str, others)) + (":|" if last.ends else "|]") + "\n"


def _cut(text: str) -> tuple[list[str], list[tuple[int, str]]]:
    """A tune's header, and its music up to the first empty line below a line of music: numbered lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    key = next((number for number, line in enumerate(lines) if re.match(r"\s*K:", line)), None)
    if key is None:
        raise SongError("the tune has no K: field (key), with which its header ends", cause="broken header")
    music: list[tuple[int, str]] = []
    for number, line in enumerate(lines[key + 1 :], key + 2):
        if not line.strip() and any(not _FIELD.match(above) for _, above in music):
            break
        if line.strip() and not line.lstrip().startswith("%") and not re.match(r"\s*[wWs]:", line):
            music.append((number, line.strip()))
    return lines[: key + 1], music


def _header(lines: list[str]) -> dict[str, str]:
    """The metre, unit length and key of a header, as a clean tune writes them."""
    fields: dict[str, str] = {}
    for line in lines:
        match = _FIELD.match(line)
        if match and match[1] in _FIELDS:
            value = _FIELDS[match[1]](match[2])
            if fields.setdefault(match[1], value) != value:
                message = f"its header has {match[1]}:{fields[match[1]]} and {match[1]}:{value}: keep one"
                raise SongError(message, cause="metre" if match[1] == "M" else "broken header")
    if "M" not in fields:
        raise SongError("it has no M: field (metre): its bars can't be counted", cause="no metre")
    beats, _, unit = fields["M"].partition("/")
    fields.setdefault("L", "1/16" if 4 * int(beats) < 3 * int(unit) else "1/8")
    return fields


def _metre(value: str) -> str:
    """``C`` → ``4/4``, ``C|`` → ``2/2``, ``(2+3)/8`` → ``5/8``."""
    if value.upper() in ("C", "C|"):
        return "4/4" if len(value) == 1 else "2/2"
    match = re.fullmatch(r"\(?(\d{1,2}(?:\+\d{1,2})*)\)?\s*/\s*(1|2|4|8|16)", value)
    beats = sum(map(int, match[1].split("+"))) if match else 0
    if not 0 < beats <= 32:
        if not value or value.lower() == "none":
            raise SongError("its metre is free: its bars can't be counted", cause="no metre")
        raise SongError(f"M:{value} is not a metre such as M:3/4", cause="broken header")
    return f"{beats}/{match[2]}"


def _unit(value: str) -> str:
    if not re.fullmatch(r"1/(1|2|4|8|16|32)", "1/1" if value == "1" else value):
        raise SongError(f"L:{value} is not a unit length such as L:1/8", cause="broken header")
    return "1/1" if value == "1" else value


def _key(value: str) -> str:
    """``E Minor`` → ``Em``, ``Amixolydian`` → ``Amix``."""
    match = re.fullmatch(r"([A-G])([#b]?)\s*([A-Za-z]*)", value)
    word = match[3].lower() if match else ""
    mode = _MODES.get(word if word == "m" or (match and match[3] == "M") else word[:3])
    if match and match[3] == "M":
        mode = ""
    if mode is None or not match:
        raise SongError(f"K:{value} is not a key such as K:G or K:Ador", cause="broken header")
    return match[1] + match[2] + mode


_FIELDS = {"M": _metre, "L": _unit, "K": _key}


@lru_cache(maxsize=4096)
def _length(text: str, number: int) -> Fraction:
    """``3/2`` → 3/2, ``/`` → 1/2, ``//`` → 1/4, nothing → 1."""
    over, slashes, under = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()
    share = int(under) if under else 2 ** len(slashes)
    if len(text) > 6 or not share or (over and not int(over)) or int(over or 1) > LONGEST_NOTE * share:
        raise SongError(f"{text} is no length of a note", line=number, cause="times")
    return Fraction(int(over or 1), share)


@lru_cache(maxsize=4096)
def _written(length: Fraction) -> str:
    """1 → nothing, 2 → ``2``, 1/2 → ``/``, 1/4 → ``/4``, 3/2 → ``3/2``."""
    if length == Fraction(1, 2):
        return "/"
    over = "" if length.numerator == 1 else str(length.numerator)
    return over + (f"/{length.denominator}" if length.denominator > 1 else "")


@lru_cache(maxsize=4096)
def _octave(pitch: str) -> str:
    """A note's pitch in one way: ``c,`` → ``C``, ``C'`` → ``c``."""
    sign, letter, octave = re.fullmatch(r"(\^\^?|__?|=)?([A-Ga-g])([,']*)", pitch).groups("")
    height = octave.count("'") - octave.count(",") + letter.islower()
    return sign + (letter.lower() + "'" * (height - 1) if height > 0 else letter.upper() + "," * -height)
