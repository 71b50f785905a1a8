"""The exercises of lesson 10, Tunes as text."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, cut, is_number
from tunesmith.music.abc_check import check_abc

lesson = Lesson()


# ---------------------------------------------------------------- 10.1: unit lengths in a bar


def _units_in_a_bar(metre: str, unit: str) -> Fraction:
    return Fraction(metre) / Fraction(unit)


_MISFITS: dict[str, Callable[[tuple[str, str]], Any]] = {
    "that is the upper number of the metre. It counts notes of the lower one, not units.": lambda case: int(
        case[0].split("/")[0]
    ),
    "that is the lower number of the metre: it names a note value and counts nothing.": lambda case: int(
        case[0].split("/")[1]
    ),
    "that is the unit divided by the bar. Turn it round.": lambda case: Fraction(case[1]) / Fraction(case[0]),
    "that multiplies the two. How often does the unit fit into the bar?": lambda case: (
        Fraction(case[0]) * Fraction(case[1])
    ),
    "those are quarter notes. Count units.": lambda case: 4 * Fraction(case[0]),
    "those are eighths, whatever the unit is. Ask L: too.": lambda case: 8 * Fraction(case[0]),
    "that is the bar in whole notes. Divide it by the unit.": lambda case: Fraction(case[0]),
}


@lesson.exercise("10.1", reference=_units_in_a_bar, praise="A bar of 6/8 holds 6 eighths, one of 2/4 in sixteenths 8.")
def _fill_a_bar(answer: Answer) -> str | None:
    cases = (("2/4", "1/16"), ("6/8", "1/8"), ("4/4", "1/8"), ("3/4", "1/4"), ("9/8", "1/16"))
    wrong = {}
    for case in cases:
        value = answer(*case)
        if not is_number(value):
            return f"Return a number; for M:{case[0]} and L:{case[1]} yours is {value!r}."
        if not math.isclose(value, _units_in_a_bar(*case), rel_tol=1e-9):
            wrong[case] = value
    if not wrong:
        return None
    (metre, unit), value = next(iter(wrong.items()))
    right = _units_in_a_bar(metre, unit)
    hint = _mistake(cases, wrong, lambda case: _units_in_a_bar(*case), _MISFITS)
    hint = hint or f"{metre} of a whole note, cut into pieces of {unit}, gives {right}."
    return f"For M:{metre} and L:{unit} you say {float(value):g}: {hint}"


def _mistake(
    cases: Iterable[Any],
    wrong: Mapping[Any, Any],
    right: Callable[[Any], Any],
    mistakes: Mapping[str, Callable[[Any], Any]],
) -> str | None:
    """The hint whose way to reckon gives what the answer gave: wrong in the same cases, by the same numbers."""
    for hint, reckon in mistakes.items():
        expected = {case: reckon(case) for case in cases if not math.isclose(reckon(case), right(case))}
        if expected.keys() == wrong.keys() and all(math.isclose(wrong[case], expected[case]) for case in wrong):
            return hint
    return None


# ---------------------------------------------------------------- 10.2: a window


def _window(ids: list[int], L: int, dart: float) -> tuple[list[int], list[int]]:
    start = int(dart * (len(ids) - L))
    return ids[start : start + L], ids[start + 1 : start + L + 1]


@lesson.exercise("10.2", reference=_window, praise="Every window is full, and each target is the next id.")
def _mend_window(answer: Answer) -> str | None:
    for size, L in ((20, 5), (9, 8), (13, 1)):
        ids = [100 + 3 * k for k in range(size)]
        count, starts = size - L, []
        for k in (0, *range(count - 1, 0, -1)):  # the last places soon: there windows fall off the end
            dart = (k + 0.5) / count
            asked = f"Of {size} ids, with L = {L} and the dart at {dart:.2f},"
            given = answer(ids, L, dart)
            if not isinstance(given, list | tuple) or len(given) != 2:
                return f"{asked} return two lists, inputs and targets; yours is {cut(given)}."
            inputs, targets = (list(part) if hasattr(part, "__iter__") else part for part in given)
            if hint := _hint_on_window(ids, L, inputs, targets):
                return f"{asked} {hint}"
            starts.append(ids.index(inputs[0]))
        if len(set(starts)) == 1 < count:
            return f"Wherever the dart lands, your window starts at {starts[0]}. Let the dart decide."
        if missing := sorted(set(range(count)) - set(starts)):
            return (
                f"Of {size} ids, with L = {L}, no dart starts a window at {missing[-1]}. There are {count} places: "
                "each has room for L characters, and for one more, the last target."
            )
    return None


def _hint_on_window(ids: list[int], L: int, inputs: Any, targets: Any) -> str | None:
    if not isinstance(inputs, list) or not isinstance(targets, list):
        return f"return two lists; yours are {cut(inputs, 25)} and {cut(targets, 25)}."
    if len(inputs) != L:
        return f"your inputs have {len(inputs)} of {L} ids. How late may a window start, if it is to be full?"
    start = ids.index(inputs[0]) if inputs[0] in ids else 0
    if inputs != ids[start : start + L]:
        return f"your inputs are {cut(inputs, 40)}: take ids that follow one another."
    following = ids[start + 1 : start + L + 1]
    if targets == following and len(targets) == L:
        return None
    if targets == inputs:
        return "your targets are the inputs. The network would learn to copy: each target is the next id."
    if targets == ids[start + L : start + 2 * L]:
        return (
            f"your targets are the window after this one, {cut(targets, 30)}. After the first id comes {following[0]}, "
            "and that is its target."
        )
    if len(targets) == 1 < L:
        return f"you give one target. There is one for each of the {L} ids: the id after it."
    if len(targets) < L and targets == following[: len(targets)]:
        return f"you give {len(targets)} targets for {L} ids: the last one has none. How late may a window start?"
    if targets == ids[max(start - 1, 0) : start + L - 1]:
        return "your targets are moved the wrong way: each is the id before, which the network has just read."
    return f"your targets are {cut(targets, 40)}, and each should be the id after its input: {cut(following, 40)}."


# ---------------------------------------------------------------- 10.3: how long a bar is

_NOTE = re.compile(r"([\^_=]?)([A-Ga-gz])([,']*)(\d*)(/?)(\d*)")


def _units(bar: str) -> Fraction:
    total = Fraction(0)
    for *_, over, slash, below in _NOTE.findall(bar):
        total += Fraction(int(over or 1), int(below or 2) if slash else 1)
    return total


def _miscounted(count: Callable[..., Fraction | int | float]) -> Callable[[str], Any]:
    """A way to count that people fall into: the sum of what it makes of each note."""
    return lambda bar: sum(count(*note) for note in _NOTE.findall(bar))


def _plain(over: str, slash: str, below: str) -> Fraction:
    return Fraction(int(over or 1), int(below or 2) if slash else 1)


_MISCOUNTS: dict[str, Callable[[str], Any]] = {
    "that counts the notes. A2 lasts two units.": _miscounted(lambda *_: 1),
    "that counts the signs. A note is a letter, and what stands behind it is its length.": len,
    "a slash divides: A3/2 lasts one and a half units, A/ a half.": _miscounted(
        lambda sign, letter, octave, over, slash, below: int(over or 1)
    ),
    "a slash alone halves: A/ is short for A/2.": _miscounted(
        lambda sign, letter, octave, over, slash, below: Fraction(int(over or 1), int(below or 1))
    ),
    "a number after the slash says by how much to divide: A/4 is a quarter of a unit.": _miscounted(
        lambda sign, letter, octave, over, slash, below: Fraction(int(over or 1), 2 if slash else 1)
    ),
    "the rest, z, takes its time too.": _miscounted(
        lambda sign, letter, octave, *length: 0 if letter == "z" else _plain(*length)
    ),
    "small letters are notes as well, an octave higher.": _miscounted(
        lambda sign, letter, octave, *length: 0 if letter in "abcdefg" else _plain(*length)
    ),
    "a letter without a number lasts one unit, not none.": _miscounted(
        lambda sign, letter, octave, over, slash, below: _plain(over, slash, below) if over or slash else 0
    ),
    "the 2 of A2 stands in place of the 1, it is not added to it.": _miscounted(
        lambda sign, letter, octave, over, slash, below: 1 + (_plain(over, slash, below) if over or slash else 0)
    ),
}


@lesson.exercise("10.3", reference=_units, praise="Now you can tell a full bar from one that is not.")
def _measure_bars(answer: Answer) -> str | None:
    bars = ("GABcde", "G2A B2d", "A3 z3", "d/e/f g2z", "A3/2B/cd", "^F,2_b' =c''4", "G/4A/4B/ c", "z8", "DGG BGB")
    wrong = {}
    for bar in bars:
        value = answer(bar)
        if not is_number(value):
            return f"Return a number; for {bar!r} yours is {cut(value)}."
        if not math.isclose(value, _units(bar), rel_tol=1e-9):
            wrong[bar] = value
    if not wrong:
        return None
    bar, value = next(iter(wrong.items()))
    hint = _mistake(bars, wrong, _units, _MISCOUNTS)
    if hint is None:
        return f"For {bar!r} you say {float(value):g}, and it is {_units(bar)}. Go through it note by note."
    return f"For {bar!r} you say {float(value):g}: {hint}"


# ---------------------------------------------------------------- 10.4: listen


@lesson.exercise(
    "10.4", reference=lambda: 3, praise="3: nearly as quick as the Irish one, and nearly all of it on five notes."
)
def _half_and_half(answer: Answer) -> str | None:
    hints = {
        1: "that is all Chinese. It rests on long notes, and keeps to five notes of the scale.",
        2: "that is all Irish. It runs in sixteenths, as the blend does, but uses all seven notes of the scale.",
    }
    return chosen(answer(), 3, hints)


# ---------------------------------------------------------------- 10.5: a style of one's own

_TUNES = 24  # how many tunes the judge asks for
_FEWEST_BARS = 8
_FEWEST_PITCHES = 4
_EXTRAS = {
    "a repeat": re.compile(r"\|:|:\|"),
    "a grace note": re.compile(r"\{[^}]+\}"),
    "an ornament": re.compile(r"[~TH.](?=[\^_=]*[A-Ga-g])"),
    "a tuplet": re.compile(r"\(\d"),
    "broken rhythm": re.compile(r"[<>]"),
}


def _my_style(draw: random.Random) -> str:
    scale, place, bars = "DEGABdeg", 3, []
    while len(bars) < 7:
        letters = []
        for _ in range(4):
            step = draw.choice((-2, -1, -1, 1, 1, 2))
            place += step if 0 <= place + step < len(scale) else -step
            letters.append(scale[place])
        rhythm = draw.choice(("{}{}{}{}", "{}2{}{}", "{}{}{}2", "{}>{}{}{}"))
        bars.append(rhythm.format(*letters))
    return f"M:2/4\nL:1/8\nK:G\n|:{'|'.join(bars[:4])}:|\n|:{'|'.join(bars[4:])}|G4:|\n"


@lesson.exercise("10.5", reference=_my_style, praise="Valid tunes, each its own, all of one style. Hear them below.")
def _judge_style(answer: Answer) -> str | None:
    tunes = []
    for seed in range(_TUNES):
        text = answer(random.Random(seed))
        if not isinstance(text, str):
            return f"Return the text of a tune; yours is {cut(text)}."
        if text != answer(random.Random(seed)):
            return "Asked twice with the same lot, your function gives two tunes. Draw everything from `draw`."
        if hint := _hint_on_tune(text):
            return f"With random.Random({seed}): {hint}"
        tunes.append(text)
    return _hint_on_style(tunes)


def _hint_on_tune(text: str) -> str | None:
    """What one tune lacks."""
    if not text.startswith("M:"):
        return f"a tune begins with its header, M:, L: and K:, a line each; yours begins with {cut(text[:30])}."
    checked = check_abc(text)
    if not checked.valid:
        return f"no valid tune: {checked.faults[0]}."
    music = "".join(line for line in text.splitlines() if not re.match(r"[A-Z]:", line))
    bars = [bar for bar in re.split(r"[|:\]]+|\[\d", music) if re.search(r"[A-Ga-g]", bar)]
    if len(bars) < _FEWEST_BARS:
        return f"it has {len(bars)} bars as written; eight or more are asked for."
    if not any(sign.search(music) for sign in _EXTRAS.values()):
        return f"it has nothing that tokens can't say: put in {', '.join([*_EXTRAS][:-1])} or {[*_EXTRAS][-1]}."
    melody = checked.melody()
    if len(set(melody.pitches)) < _FEWEST_PITCHES:
        return f"it has {len(set(melody.pitches))} different pitches; four or more are asked for."
    if melody.pitches[-1] % 12 != melody.key.tonic_class:
        key = next(line for line in text.splitlines() if line.startswith("K:"))
        return f"its last note is not the tonic that {key} names."
    return None


def _hint_on_style(tunes: list[str]) -> str | None:
    """What all tunes together lack."""
    if len(set(tunes)) < 2:
        return f"All {len(tunes)} tunes are the same. Let `draw` decide something."
    if len(set(tunes)) < _TUNES - 4:
        return f"Only {len(set(tunes))} of {_TUNES} tunes differ: that is too little to learn from."
    metres = {tune.partition("\n")[0] for tune in tunes}
    if len(metres) > 1:
        return f"Your tunes have the metres {', '.join(sorted(metres))}. A style keeps to one."
    openings = {tune.split("\n", 3)[3][:12] for tune in tunes}
    if len(openings) < 4:
        return f"Your tunes begin in {len(openings)} way{'s' * (len(openings) > 1)}. Let the opening vary as well."
    return None
