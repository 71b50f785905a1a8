"""The grammar of clean tunes: a machine that reads one character after another. Lesson 10.

The same machine checks a tune (`abc_check`: what is wrong, and where) and holds a network that writes one to the
grammar: `AbcReader.allowed` says which characters may come next such that the tune can still be ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from tunesmith.music.abc_bars import BOTH, DOUBLE, END, ENDING, FINAL, PLAIN, START, Bars
from tunesmith.music.abc_clean import KEYS, LETTERS, ORNAMENTS
from tunesmith.music.abc_lengths import (
    BROKEN,
    EVEN,
    METRES,
    UNITS,
    fillable,
    fits,
    lengths_from,
    spelled_lengths,
    ticks,
    usual_time,
)

MOST_OPEN = 3  # slurs that may be open at once
MOST_MARKS = 3  # commas or apostrophes behind a note
MOST_GRACES = 8  # notes in one pair of braces

_HEADER = {"M": METRES, "L": UNITS, "K": KEYS}
_LINES = {letter: {f"{letter}:{value}\n" for value in values} for letter, values in _HEADER.items()}
_BEGUN = {letter: {line[:end] for line in lines for end in range(1, len(line) + 1)} for letter, lines in _LINES.items()}
SIGNS = tuple(
    sorted({*f"\n |:[]()<>{{}}-^_=/,'z0123456789{ORNAMENTS}{LETTERS}", *"".join(map("".join, _LINES.values()))})
)
# What may begin a note, and how far it has come then: slur, tuplet, grace notes, ornaments, accidental, the note.
_TUPLET, _ACCIDENTAL, _NOTE = 2, 8, 9
_ORDER = {"(": 1, "{": 3} | {sign: 4 + place for place, sign in enumerate(ORNAMENTS)}
_ORDER |= dict.fromkeys("^_=", _ACCIDENTAL) | dict.fromkeys("z" + LETTERS, _NOTE)
_LENGTH, _TIE, _SLUR, _BROKEN = 1, 2, 3, 4  # what stands behind a note, in this order


@dataclass(frozen=True)
class Fault:
    """What is wrong with a tune. line, bar: from 1; an upbeat, and the header, are bar 0.

    kind: a word or two to count by. what: for the reader.
    """

    line: int
    bar: int
    kind: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}{f', bar {self.bar}' if self.bar else ''}: {self.what}"


class AbcReader:
    """Reads a clean tune, character by character; the line break that makes an empty line ends it.

    ended: was the tune's end read? faults: all that was wrong; after a fault the machine goes on as well as it can.
    """

    def __init__(self) -> None:
        self.ended = False
        self.faults: tuple[Fault, ...] = ()
        self.line = 1
        self.bars = Bars()
        self._phase = "header"
        self._word = ""  # of a header's line, of a bar line, of a tuplet: what was read so far
        self._unit = ""
        self._sounded = False  # was there a note?
        self._last = ""  # the bar line that was read last, "" where a line ends within a bar
        self._level = 0  # how far what stands before the next note has come, by _ORDER
        self._pitch = self._length = self._broken = ""  # of the note under way
        self._done = 0  # what stands behind it so far
        self._stretch = EVEN  # of the next note, by broken rhythm before it
        self._tied = False
        self._tie = ""  # the pitch of a note that is tied to the next one
        self._slurs = 0
        self._p, self._q, self._left = 1, 1, 0  # the tuplet: p notes in the time of q, and how many are to come
        self._graces = 0

    def copy(self) -> AbcReader:
        """A second machine that stands where this one stands."""
        other = object.__new__(AbcReader)
        other.__dict__.update(self.__dict__)
        other.bars = self.bars.copy()
        return other

    __copy__ = copy

    def push(self, char: str) -> Fault | None:
        """Read a character. Gives what is wrong with it, the first of it; None if it is right."""
        before = len(self.faults)
        if self.ended:
            self._fault("end", "the tune has ended, and more follows")
        else:
            _PHASES[self._phase](self, char)
        self.line += char == "\n"
        return self.faults[before] if len(self.faults) > before else None

    # --- what may come next

    def allowed(self, *, closing: bool = False) -> frozenset[str]:
        """The characters that may come next such that the tune can still be ended; none if it is ended.

        closing: only those on a short way to the end: nothing new begins, and the first bar that can be the last is.
        """
        ways = self._ways()
        ways = {char: way for char, way in ways.items() if way._possible(way.bars.due)}
        return frozenset(self._shortest(ways) if closing and self._phase != "header" else ways)

    def _ways(self, chars: Iterable[str] = ()) -> dict[str, AbcReader]:
        """The characters that are right now, all or of `chars`, and the machine behind each.

        Letters that must lead to the same place share one machine.
        """
        ways = {}
        tied = (self._tie or self._tied) and self._phase != "grace"
        alike = "" if tied or self._phase == "header" else LETTERS
        for char in () if self.ended else chars or _CANDIDATES[self._phase]:
            if char in alike and char != "A":
                continue
            way = self.copy()
            if way.push(char) is None:
                ways |= dict.fromkeys(LETTERS, way) if char in alike else {char: way}
        return ways

    def _possible(self, due: int) -> bool:
        """Can the bar under way still be made as long as `due`?"""
        if self._phase == "header":
            return True
        if self._phase == "bar" or (self._phase == "line" and self._word):
            ways = (self._ways(char) for char in (self._tie.lstrip("^_=")[:1] or "A", *"|]:12345\n "))
            return any(way._possible(way.bars.due) for found in ways for way in found.values())
        rest = due - self.bars.filled
        if self._phase == "note":
            lengths = lengths_from(self._unit, self._length) if self._done < _TIE else (self._raw(),)
            signs = tuple(sign for sign in BROKEN if self._may_break() and sign.startswith(self._broken))
            signs = signs if self._broken else ("", *signs)
            return fits(lengths, signs, rest, self._left, self._p, self._q, self._stretch)
        if self._phase == "tuplet":
            return any(self._tuplet_fits(self._word[0], *given, rest) for given in self._tuplets())
        if self._phase == "paren":
            plain = self._slurs < MOST_OPEN and self._fillable(rest)
            tuplet = self._level < _TUPLET and not self._left and self._stretch == EVEN
            return plain or (tuplet and any(self._tuplet_fits("2", 3, n, rest) for n in range(2, 10)))
        return self._fillable(rest)

    def _fillable(self, rest: int) -> bool:
        """Can one note or more, with those that the tuplet still has, fill the rest of a bar?"""
        return rest > 0 and fillable(rest, self._left, self._p, self._q, self._stretch)

    def _may_break(self) -> bool:
        """May the note under way be the first of two in broken rhythm? Not as the last of a tuplet, nor with a tie."""
        return self._stretch == EVEN and self._left != 1 and not self._tied

    def _raw(self) -> int | None:
        """The length of the note under way as it is written, in 128ths; None if it is none."""
        return spelled_lengths(self._unit).get(self._length)

    def _ticks(self, length: int, own: tuple[int, int] = EVEN) -> int | None:
        """How many ticks the note under way lasts if its length is this, in 128ths; None if none would do."""
        return ticks(length, own, self._stretch, self._left, self._p, self._q)

    def _tuplets(self) -> Iterator[tuple[int, int]]:
        """The times and numbers of notes that the tuplet under way may still be given."""
        _, time, notes = [*self._word.split(":"), "", ""][:3]
        times = [int(time)] if time else range(1, 10)
        return product(times, [int(notes)] if notes else range(1, 10))

    def _tuplet_fits(self, p: str, time: int, notes: int, rest: int) -> bool:
        return rest > 0 and fillable(rest, notes, int(p), time, EVEN)

    def _shortest(self, ways: dict[str, AbcReader]) -> Iterable[str]:
        """Of these ways on the ones that lead to the end."""
        for char in self._ending_signs():
            if char in ways:
                return char
        others = "|:[({-\n" + ORNAMENTS + "123456789" * (self._phase == "bar")
        notes = {char: way for char, way in ways.items() if char not in others} or ways
        for goal in [*sorted(self.bars.goals()), self.bars.due]:
            kept = [char for char, way in notes.items() if way._possible(goal)]
            if kept:
                return [char for char in kept if char != "/"] or kept
        return notes

    def _ending_signs(self) -> str:
        """What ends something now, the best first."""
        if self._phase == "bar":
            return {":": "|", ":|": "2" if self.bars.awaiting else "\n", "|]": "\n", "\n[": "2"}.get(self._word, "]")
        if self._phase == "line":
            return "\n[" if self.bars.awaiting else "\n"
        if self._phase == "grace":
            return "}"
        if self._phase != "note" or self._broken or self._raw() is None:
            return ""
        now = self.bars.filled + (self._ticks(self._raw()) or 0)
        last = now in self.bars.goals() and not self._tied
        needed = ":" if self.bars.repeating or self.bars.ending == 1 else "|"
        return ")" * (self._slurs > 0) + (needed if last else "|" if now == self.bars.due else "")

    # --- reading

    def _fault(self, kind: str, what: str, bar: int | None = None) -> None:
        if bar is None:
            bar = 0 if self._phase == "header" else self.bars.number
        self.faults = (*self.faults, Fault(self.line, bar, kind, what))

    def _strange(self, char: str, where: str) -> None:
        name = {"\n": "a line break", " ": "a space"}.get(char, repr(char))
        self._fault("sign", f"{name} can't stand {where}")

    def _read_header(self, char: str) -> None:
        letter = "MLK"[self.line - 1]
        self._word += char
        if self._word not in _BEGUN[letter]:
            self._fault("header", f"{_EXPECTED[letter]}, and not {self._word.strip()!r}")
            self._phase = "lost"
        elif char == "\n":
            value, self._word = self._word[2:-1], ""
            if letter == "M":
                self.bars = Bars(value)
            elif letter == "L":
                self._unit = value
            else:
                self._phase = "line"

    def _read_lost(self, char: str) -> None:
        """Without a header nothing can be counted: the rest is passed over."""

    def _read_line(self, char: str) -> None:
        """At the beginning of a line. _word: a bar line | that ended the line before, and may be part of a sign."""
        if (self._left or self._stretch != EVEN) and char not in _ORDER:
            self._strange(char, "within a tuplet or broken rhythm")
        if char == "\n":
            self._end_tune()
        elif char in "|[" and self._last != FINAL:
            self._phase, self._word = "bar", "\n" + char
        else:
            if self._word:
                self._end_bar(PLAIN)
            elif self._last == FINAL:
                self._fault("end", "the tune has ended with |], and more follows")
            self._start_note(char)

    def _end_tune(self) -> None:
        if self._last == FINAL or (self._last == END and not self.bars.filled):
            wrong = self._left_open()
        else:
            wrong = "the tune stops without a final bar line, |] or :|"
        if wrong:
            self._fault("end", wrong)
        self.ended = True

    def _left_open(self) -> str:
        """What a tune that ends now has left open, "" for nothing."""
        if self._slurs:
            return "a slur begins, (, and never ends"
        if self._tie:
            return "a tie at the end joins nothing"
        if self.bars.awaiting:
            return "a first ending has been repeated, and no second one follows"
        return "" if self._sounded else "there is no note in it"

    def _end_bar(self, sign: str, ending: int = 0) -> None:
        """A bar line is read whole: end the bar."""
        bar = self.bars.number
        kind, wrong = self.bars.end(sign, ending)
        if wrong:
            self._fault(kind, wrong, bar)
        if sign == FINAL and (wrong := self._left_open()):
            self._fault("end", wrong)
        self._last = sign

    def _read_bar(self, char: str) -> None:
        """Within or right after a bar line. _word: what was read of it, behind a line break if it begins the line."""
        word, self._word = self._word, ""
        if word in ("|", "\n|") and char == ":":
            if self.bars.filled:
                self._end_bar(START)
            else:
                self._sign(self.bars.begin_repeat())
            self._phase, self._level, self._last = "before", 0, START
        elif word == "|" and char in "|]":
            self._end_bar(DOUBLE if char == "|" else FINAL)
            self._word = "|" + char
        elif word == ":" and char == "|":
            self._end_bar(END)
            self._word = ":|"
        elif word == ":" and char == ":":
            self._end_bar(BOTH)
            self._phase, self._level = "before", 0
        elif word in ("|", ":|", "\n[") and char in "123456789":
            if self.bars.filled:
                self._end_bar(ENDING, int(char))
            else:
                self._sign(self.bars.begin_ending(int(char)))
            self._phase, self._last = "ending", ENDING
        elif word in ("|", "||", ":|", "|]") and char == "\n":
            self._phase, self._word = "line", word if word == "|" else ""
        elif word in ("|", "||", ":|"):
            if word == "|":
                self._end_bar(PLAIN)
            self._start_note(char)
        else:
            self._strange(char, "behind " + repr(word.strip()))
            self._phase = "before"

    def _sign(self, wrong: str) -> None:
        if wrong:
            self._fault("repeats", wrong)

    def _read_ending(self, char: str) -> None:
        """Behind the number of an ending."""
        if char != " ":
            self._strange(char, "behind an ending's number: a space does")
        self._phase, self._level = "before", 0
        if char not in " \n":
            self._begin(char)

    # --- notes, and what stands before and behind them

    def _start_note(self, char: str) -> None:
        if self.bars.awaiting:
            self._fault("repeats", "a first ending has been repeated, and no second one follows")
            self.bars.awaiting = False
        self._level = 0
        self._begin(char)

    def _begin(self, char: str) -> None:
        """Before a note. _level: how far what stands before it has come."""
        self._phase = "before"
        level = _ORDER.get(char, 0)
        double = level == self._level == _ACCIDENTAL and self._pitch == char != "="
        if not double and (level < self._level or (level == self._level and char != "(") or not level):
            return self._strange(char, "here: a note is expected")
        if char == "z" and self._level > _TUPLET and self._level != _ORDER["H"]:
            return self._strange(char, "here: a note is expected")
        self._level = level
        if char == "(":
            self._phase = "paren"
        elif char == "{":
            self._phase, self._word, self._graces = "grace", "", 0
        elif level == _ACCIDENTAL:
            self._pitch = char * 2 if double else char
        elif level == _NOTE:
            self._phase, self._length, self._broken, self._done, self._tied = "note", "", "", 0, False
            self._pitch = char
            if self._tie and not self._tie.startswith(char):
                self._fault("ties", "a tie, -, joins notes of one pitch, and another follows")
                self._tie = ""
        return None

    def _read_paren(self, char: str) -> None:
        """Behind (, which begins a slur or a tuplet."""
        if char in "23456789":
            if self._left or self._level >= _TUPLET or self._stretch != EVEN:
                self._fault("tuplets", "a tuplet begins within a tuplet or between two notes in broken rhythm")
            self._phase, self._word = "tuplet", char
            return
        self._slurs += 1
        if self._slurs > MOST_OPEN:
            self._fault("slurs", f"more than {MOST_OPEN} slurs are open")
        self._begin(char)

    def _read_tuplet(self, char: str) -> None:
        """Behind (3: ``:`` and the time, ``:`` and the number of notes may follow."""
        if (char == ":" and self._word[-1] != ":" and self._word.count(":") < 2) or (
            char in "123456789" and self._word[-1] == ":"
        ):
            self._word += char
            return
        p, time, notes = [*self._word.split(":"), "", ""][:3]
        self._p, self._q = int(p), int(time or usual_time(int(p), self.bars.metre))
        self._left, self._level = int(notes or p), _TUPLET
        if self._word[-1] == ":":
            self._strange(char, "behind " + repr(self._word))
        self._begin(char)

    def _read_grace(self, char: str) -> None:
        """In braces. _word: the note under way."""
        word = self._word
        if char in LETTERS and (not word or word[-1] not in "^_=" or word[0] in "^_=") and self._graces < MOST_GRACES:
            self._word = char if not word or word[-1] not in "^_=" else word + char
            self._graces += 1
        elif (
            char in "^_=" and self._graces < MOST_GRACES and (not word or word[-1] not in "^_=" or word == char != "=")
        ):
            self._word = word + char if word == char else char
        elif char in ",'" and _marked(word, char):
            self._word += char
        elif char == "}" and word and word[-1] not in "^_=":
            self._phase = "before"
        else:
            self._strange(char, "in the braces of grace notes")
            if char == "\n":
                self._phase, self._word, self._level = "line", "", 0

    def _read_note(self, char: str) -> None:
        """Behind a note's letter."""
        if char in ",'" and not self._done and _marked(self._pitch, char):
            self._pitch += char
            if self._tie and not self._tie.startswith(self._pitch):
                self._fault("ties", "a tie, -, joins notes of one pitch, and another follows")
                self._tie = ""
            return
        if self._tie and self._tie != self._pitch:
            self._fault("ties", "a tie, -, joins notes of one pitch, and another follows")
        self._tie = ""
        if char in "0123456789/" and self._done <= _LENGTH and lengths_from(self._unit, self._length + char):
            self._length, self._done = self._length + char, _LENGTH
        elif char == "-" and self._done < _TIE and self._pitch != "z" and self._raw():
            self._tied, self._done = True, _TIE
        elif char == ")" and self._slurs and self._done <= _SLUR and self._raw():
            self._slurs, self._done = self._slurs - 1, _SLUR
        elif char in "<>" and self._broken + char in BROKEN and self._may_break() and self._raw():
            self._broken, self._done = self._broken + char, _BROKEN
        elif char in "|:":
            self._end_note(char)
            self._phase, self._word = "bar", char
        elif char == "\n":
            self._end_note(char)
            if self.bars.filled == self.bars.due:
                self._fault("bar lines", "the bar is full at the line's end, and no bar line follows")
            self._phase, self._word, self._last = "line", "", ""
        elif char == " ":
            if self._broken:
                self._strange(char, "within broken rhythm")
            self._end_note(" ")
            self._phase, self._level = "before", 0
        elif char in _ORDER:
            self._end_note(char)
            self._start_note(char)
        else:
            self._strange(char, "behind a note")

    def _end_note(self, char: str) -> None:
        """A note is read whole, with all that stands behind it: add it to the bar."""
        own, following = BROKEN.get(self._broken, (EVEN, EVEN))
        length = self._raw()
        lasts = None if length is None else self._ticks(length, own)
        if lasts is None:
            self._fault("lengths", f"{self._length or self._broken} gives no length that a note can have")
        self.bars.filled += lasts or 0
        self._left -= self._left > 0
        self._stretch = following
        if self._tied:
            self._tie = self._pitch
        self._sounded = self._sounded or self._pitch != "z"
        if char in "|:" and self._broken:
            self._fault("broken rhythm", f"{self._broken} stands between no two notes of a bar")
            self._stretch = EVEN
        if char in "|:" and self._left:
            self._fault("tuplets", f"a tuplet lacks {self._left} of its notes at the bar line")
            self._left = 0


def _marked(pitch: str, mark: str) -> bool:
    """May an octave mark stand behind this? Commas behind capitals, apostrophes behind small letters."""
    letter = pitch.lstrip("^_=")
    right = letter[:1] in LETTERS[:7] if mark == "," else letter[:1] in LETTERS[7:]
    return bool(letter) and right and len(letter) <= MOST_MARKS


_EXPECTED = {
    "M": "the first line is M: and a metre, such as M:6/8",
    "L": "the second line is L: and a unit length, such as L:1/8",
    "K": "the third line is K: and a key, such as K:G or K:Ador",
}
_BEFORE = "".join(_ORDER)
# Where the machine stands → the characters that may be right there.
_CANDIDATES = {
    "header": SIGNS,
    "lost": "",
    "line": "\n|[" + _BEFORE,
    "bar": "\n|:]123456789" + _BEFORE,
    "ending": " ",
    "before": _BEFORE,
    "paren": "23456789" + _BEFORE,
    "tuplet": ":123456789" + _BEFORE,
    "grace": f"}}^_=,'{LETTERS}",
    "note": "\n |:)<>-/,'0123456789" + _BEFORE,
}
_PHASES = {
    "header": AbcReader._read_header,
    "lost": AbcReader._read_lost,
    "line": AbcReader._read_line,
    "bar": AbcReader._read_bar,
    "ending": AbcReader._read_ending,
    "before": AbcReader._begin,
    "paren": AbcReader._read_paren,
    "tuplet": AbcReader._read_tuplet,
    "grace": AbcReader._read_grace,
    "note": AbcReader._read_note,
}
