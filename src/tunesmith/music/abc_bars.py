"""Bars that add up: upbeats and their complements, repeats, first and second endings. Lesson 10.

Time is counted in ticks, see `abc_lengths`.
"""

from __future__ import annotations

from fractions import Fraction

from tunesmith.music.abc_lengths import WHOLE, bar_ticks

MOST_REPEATS = 28  # in a tune; `parse_abc` takes 30
_NAMES = {2: ("half", "halves"), 4: ("quarter", "quarters"), 8: ("eighth", "eighths"), 16: ("sixteenth", "sixteenths")}

# What a bar line can be: does a repeat end there, does one begin?
PLAIN, DOUBLE, START, END, BOTH, ENDING, FINAL = "|", "||", "|:", ":|", "::", "|1", "|]"


class Bars:
    """The bar under way, and what came before it that it must fit.

    A bar that is cut in two by a sign (a repeat, a double bar, an ending) is one bar: its parts add up. The bar
    before a repeat sign is completed by the upbeat that the repeat goes back to. Only the first bar of a tune may
    be an upbeat without a bar before it, and the tune's last bar may leave out the upbeat's length.

    due, filled: how long the bar under way should be, and is. number: its number, from 1; an upbeat is 0.
    ending: the number of the ending under way, 0 for none. repeating: was ``|:`` read, and no ``:|`` since?
    awaiting: must the next ending begin here? open: can the bar still be an upbeat?
    """

    def __init__(self, metre: str = "4/4") -> None:
        self.metre = metre
        self.whole = self.due = bar_ticks(metre)
        self.filled = 0
        self.number = 1
        self.open = True
        self.ending = 0
        self.repeating = False
        self.awaiting = False
        self._repeats = 0
        self._before = 0  # the ending that the :| just read has ended
        self._first = 0  # how long the tune's upbeat is, 0 for none
        self._start = 0  # how long the upbeat is that a repeat goes back to
        self._fresh = True  # has the part's first bar not been ended yet?
        self._ending_due = 0  # how long the first bar of each ending should be

    def copy(self) -> Bars:
        """Another one in the same state."""
        other = object.__new__(Bars)
        other.__dict__.update(self.__dict__)
        return other

    def end(self, sign: str, ending: int = 0) -> tuple[str, str]:
        """End the bar under way with a bar line. ending: which begins then.

        Gives a word to count by and what is wrong, two empty texts for nothing.
        """
        kind, wrong = self._length_fault(sign)
        if not wrong and (wrong := self._sign_fault(sign, ending)):
            kind = "repeats"
        missing = max(self.due - self.filled, 0)
        upbeat = self.open and missing and sign not in (END, BOTH, FINAL)
        if self._fresh:
            self._start = self.filled if upbeat else self.due % self.whole
            self._fresh = False
        if upbeat:
            self._first, missing = self.filled, 0
        elif not missing or sign in (PLAIN, FINAL):
            self.number += 1
            missing = 0
        self.due, self.filled, self.open = missing or self.whole, 0, False
        self._after(sign, ending)
        return kind, wrong

    def _after(self, sign: str, ending: int) -> None:
        """What a sign changes for the bars to come."""
        self._repeats += sign in (START, ENDING) or (sign in (END, BOTH) and not self.repeating and not self.ending)
        if ending:
            if ending == 1:
                self._ending_due = self.due
            else:
                self.due = self._ending_due or self.whole
            self.ending, self.awaiting = ending, False
            return
        self._before = self.ending if sign == END else 0
        if sign == END and self.ending == 1:
            self.awaiting = True
        elif sign in (START, END, BOTH) or (sign == DOUBLE and self.ending):
            self.ending, self._fresh = 0, True
        if sign != PLAIN and sign != DOUBLE:
            self.repeating = sign in (START, BOTH)

    def begin_repeat(self) -> str:
        """Read a ``|:`` that stands where no bar is under way: at a line's start. Gives what is wrong."""
        wrong = self._sign_fault(START, 0)
        self._repeats += 1
        self.ending, self._fresh, self.repeating = 0, True, True
        return wrong

    def begin_ending(self, ending: int) -> str:
        """Read the number of an ending behind ``:|``, the bar before which has been ended. Gives what is wrong."""
        if ending == 1:
            wrong, self._ending_due = self._sign_fault(ENDING, 1), self.due
            self._repeats += 1
        else:
            wrong = (
                ""
                if ending - 1 == self._before > 0
                else f"ending {ending} stands behind no {END} of an ending {ending - 1}"
            )
        self.due = self._ending_due or self.whole
        self.ending, self.awaiting, self._fresh = ending, False, False
        return wrong

    def goals(self) -> set[int]:
        """How long the bar under way may be if the tune, or the repeat under way, ends with it."""
        start = self.due % self.whole if self._fresh else self._start
        if self.repeating or self.ending == 1:
            return {self.due - start}
        if self.open or self.due != self.whole:
            return {self.due}
        return {self.due, self.due - self._first, self.due - start}

    def _length_fault(self, sign: str) -> tuple[str, str]:
        missing = self.due - self.filled
        if missing < 0:
            return "long bars", self._misfit()
        if sign in (END, BOTH):
            start = self.due % self.whole if self._fresh else self._start
            return ("", "") if missing == start else ("upbeats", self._misfit(start))
        # A full bar at the end of what should be repeated has the right length: what is wrong there is the sign.
        short_end = sign == FINAL and missing and self.filled not in self.goals()
        if short_end or (sign == PLAIN and missing and not self.open):
            return "short bars", self._misfit()
        return "", ""

    def _sign_fault(self, sign: str, ending: int) -> str:
        new = sign in (START, ENDING) or (sign in (END, BOTH) and not self.repeating and not self.ending)
        if new and self._repeats >= MOST_REPEATS:
            return f"more than {MOST_REPEATS} repeats: this can be no melody"
        if self.awaiting:
            return "a first ending has been repeated, and no second one follows"
        if sign == FINAL and self.repeating:
            return "a repeat begins, |:, and never ends"
        if sign == START and self.repeating:
            return "a repeat begins within a repeat: the one before was never ended by :|"
        if self.ending == 1 and sign in (DOUBLE, START, BOTH, FINAL):
            return "the first ending does not end with :|"
        if sign == ENDING and ending != 1:
            return f"ending {ending} does not stand behind a :|"
        if sign == ENDING and self.ending == 1:
            return "a first ending begins within a first ending"
        return ""

    def _misfit(self, start: int | None = None) -> str:
        """``7 eighths where 6/8 has 6``. start: how long the upbeat is that a repeat goes back to; None without one."""
        due = max(self.due - (start or 0), 0)
        unit = self._unit(self.filled, self.due, start or 0)
        room = _number(self.due, unit)
        bar = f"{self.metre} has {room}" if self.due == self.whole else f"the sign before left room for {room}"
        filled = _amount(self.filled, unit)
        if start is None:
            return f"{filled} where {bar}"
        if start == 0:
            return f"{filled} where {bar}, and the repeat goes back to no upbeat"
        wanted = f"{_number(due, unit)} {'is' if due * unit <= WHOLE else 'are'}" if due else "none is"
        return f"{filled} where {wanted} due: {bar}, and the repeat goes back to an upbeat of {_number(start, unit)}"

    def _unit(self, *lengths: int) -> int:
        """What to count lengths in: the metre's unit, or a smaller one where that makes simpler numbers."""
        units = [unit for unit in _NAMES if unit >= int(self.metre.partition("/")[2])]
        return min(units, key=lambda unit: max(Fraction(length * unit, WHOLE).denominator for length in lengths))


def _number(length: int, unit: int) -> str:
    """``5``, ``4 1/3``, ``2/3``."""
    count = Fraction(length * unit, WHOLE)
    whole, part = divmod(count, 1)
    return " ".join(str(number) for number in (whole, part) if number) or "0"


def _amount(length: int, unit: int) -> str:
    """``5 eighths``, ``1 eighth``, ``2/3 of an eighth``."""
    one, more = _NAMES[unit]
    if 0 < length * unit < WHOLE:
        one = f"of {'an' if unit == 8 else 'a'} {one}"
    return f"{_number(length, unit)} {one if 0 < length * unit <= WHOLE else more}"
