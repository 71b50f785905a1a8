"""The exercises of lesson 03, Reading scores."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen
from tunesmith.music.kern import kern_token, parse_kern
from tunesmith.music.key import pitch_name
from tunesmith.music.melody import Melody, bar_length

lesson = Lesson()


@lesson.exercise("3.1", reference=lambda: 21, praise="21. A piano begins there, 27.5 swings a second.")
def _lowest_key(answer: Answer) -> str | None:
    value = answer()
    if value == 21:
        return None
    hints = {
        69 - 4 * 8: "eight is the number of letters from A to A, both counted. How many semitones are there?",
        69 - 4 * 7: "seven is the number of letters in an octave. How many semitones are there?",
        69 - 12: "that is one octave down. A0 is four octaves below A4.",
        69 + 48: "you went up. The lowest key is below A4.",
        1: "you count from the piano's first key. MIDI begins below the piano: start from A4, which is 69.",
        0: "MIDI numbers begin at 0, but pianos do not go down so far.",
    }
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"You say {value}: {hints.get(value, 'count the semitones of one octave, then go down four of them.')}"
    return f"Return a number; yours is {value!r}."


def _full_bars(durations: list[float], time_signature: str, upbeat: float) -> int:
    full = bar_length(time_signature)
    return int((sum(map(Fraction, durations)) - Fraction(upbeat)) // full)


@lesson.exercise("3.2", reference=_full_bars, praise="Upbeat off, eighths minded: your bars are counted right.")
def _count_bars(answer: Answer) -> str | None:
    cases = [
        ([1.0] * 12, "4/4", 0.0),
        ([1.0] * 11, "4/4", 0.0),
        ([1.0] * 12, "3/4", 2.0),
        ([0.5] + [0.5] * 24, "6/8", 0.5),
        ([1.5] * 9, "6/8", 0.0),
        ([2.0, 2.0, 3.0], "2/2", 0.0),
        ([0.5, 1.0, 1.0, 0.75], "3/8", 0.5),
    ]
    for durations, time_signature, upbeat in cases:
        right = _full_bars(durations, time_signature, upbeat)
        value = answer(durations, time_signature, upbeat)
        if isinstance(value, int | float) and value == right and not isinstance(value, bool):
            continue
        given = f"{sum(durations):g} quarter notes in {time_signature}, upbeat {upbeat:g}"
        if not isinstance(value, int | float) or isinstance(value, bool):
            return f"For {given} your function gives {value!r}: return a number."
        beats = int(time_signature.split("/")[0])
        if not time_signature.endswith("/4") and value in (
            (sum(durations) - upbeat) // beats,
            (sum(durations) - upbeat) / beats,
        ):
            return f"For {given} you count {value:g}: a bar of {time_signature} is no {beats} quarters long."
        if value == int((sum(durations) - upbeat) / float(bar_length(time_signature)) * 4):
            return f"For {given} you count {value:g}: you count bars in whole notes, and a quarter note is 1 here."
        if upbeat and value == sum(map(Fraction, durations)) // bar_length(time_signature):
            return f"For {given} you count {value:g}: take the upbeat off before you divide."
        if value == right + 1:
            return f"For {given} you count {value:g}: the last bar is not full, so it does not count."
        if value != int(value):
            return f"For {given} you count {value:g}: return whole bars, a last one that is not full left out."
        return f"For {given} you count {value:g}, and it is {right}."
    return None


@lesson.exercise("3.3", reference=lambda: 2, praise="2 is minor: a dark third, and a dark sixth too. 3 is dorian.")
def _the_minor_one(answer: Answer) -> str | None:
    hints = {
        1: "its third note is C sharp, four semitones above A. That is the bright third, of major.",
        3: "dark at first, but its highest note is F sharp, not F. That is dorian.",
    }
    return chosen(answer(), 2, hints)


def _join_ties(notes: list[tuple[int | None, float, bool]]) -> list[tuple[int | None, float]]:
    joined: list[tuple[int | None, float]] = []
    for pitch, duration, tie_ends in notes:
        joined.append((pitch, joined.pop()[1] + duration) if tie_ends else (pitch, duration))
    return joined


@lesson.exercise(
    "3.4", reference=_join_ties, praise="Ties are joined, repeated notes stay: each is struck as it should be."
)
def _join(answer: Answer) -> str | None:
    cases: list[list[tuple[int | None, float, bool]]] = [
        [(65, 1, False), (67, 1, False), (69, 1, False), (65, 1, False), (65, 1, False)],
        [(62, 2, False), (62, 1, True), (64, 0.5, False)],
        [(60, 4, False), (60, 4, True), (60, 2, True), (60, 1, False), (None, 1, False), (None, 1, False)],
        [],
    ]
    for notes in cases:
        right = _join_ties(notes)
        value = answer(notes)
        if _same(value, right):
            continue
        if not isinstance(value, list):
            return f"Return a list of (pitch, duration) pairs; yours is {value!r}."
        had = f"{len(notes)} signs with {sum(sign[2] for sign in notes)} ties make {len(right)} notes"
        if len(value) < len(right):
            return f"{had}, yours are {len(value)}: you join notes that no tie joins. Ask tie_ends, not the pitch."
        if len(value) > len(right):
            return f"{had}, yours are {len(value)}: a sign whose tie_ends is True makes the note before it longer."
        lengths = [duration for _, duration, *_ in value]
        if sum(lengths) != sum(duration for _, duration in right):
            missing = sum(duration for _, duration in right) - sum(lengths)
            return f"{had}, but yours are {missing:g} quarter notes short: a tie adds the two durations."
        return f"{had}; you give {value!r} instead of {right!r}."
    return None


def _same(value: Any, right: list) -> bool:
    return isinstance(value, list) and [tuple(pair) for pair in value] == right


# --- 3.5, open: a tune of one's own as Kern -----------------------------------------------------------

_BARS = (
    "4d 4g 8a 8b",
    "4cc 4b 4a",
    "4b 8a 8g 4e",
    "2.d",
    "4d 4g 8a 8b",
    "4cc 4ee 4dd",
    "8b 8a 4g 4f#",
    "2.g",
)


def _my_tune() -> str:
    bars = (f"={number}\n" + bar.replace(" ", "\n") for number, bar in enumerate(_BARS, 1))
    return "\n".join(["**kern", "*M3/4", "*G:", *bars, "==", "*-"])


@lesson.exercise("3.5", reference=_my_tune, praise="A tune of your own: whole bars, and it comes home. Hear it below.")
def _a_tune(answer: Answer) -> str | None:
    text = answer()
    if not isinstance(text, str):
        return f"Return the Kern text, a string; yours is {text!r}."
    for number, line in enumerate(text.strip("\n").split("\n"), 1):
        if line != line.strip():
            return f"Line {number}, {line!r}, has a space at its edge: in a Kern file each line begins at the margin."
        if "\t" in line or (" " in line and line[0] != "!"):
            return f"Line {number}, {line!r}, holds more than one thing: one note a line, in one voice."
    try:
        song = parse_kern(text)
    except ValueError as error:
        return f"Your text can't be read: {error}."
    if song.melody.time_signature is None:
        return "No line names the metre: write one such as *M3/4 below the first."
    if any(remark.startswith("no key named") for remark in song.remarks):
        return "No line names the key: write one such as *G: for G major, or *g: for G minor, before the first bar."
    if trouble := _hint_on_signs(text, song.remarks):
        return trouble
    return _hint_on_bars(_bar_lengths(text), song.melody.time_signature) or _hint_on_tune(song.melody)


def _hint_on_signs(text: str, remarks: tuple[str, ...]) -> str | None:
    """What Kern has signs for, and the lesson's own reader can't read."""
    ended = False
    for number, line in enumerate(text.strip("\n").split("\n"), 1):
        if not line or line[0] in "!*=" or line == ".":
            ended = ended or line == "*-"
            continue
        if ended:
            return f"Line {number}, {line!r}, stands below *-, where the tune is over. Make *- your last line."
        if "q" in line.lower() or re.match(r"\D*0", line):
            return f"Line {number}, {line!r}: no grace notes here, with q, and no durations that begin with 0."
    if tie := next((remark for remark in remarks if remark.startswith("a tie")), ""):
        return f"In your text {tie}: [ begins a tie and ] ends it, on two notes of the same pitch, one after the other."
    return None


def _bar_lengths(text: str) -> list[Fraction]:
    """Quarter notes before the first bar line, then in each bar; without what follows the last line, if nothing."""
    lengths = [Fraction(0)]
    for line in text.splitlines():
        if line.startswith("="):
            lengths.append(Fraction(0))
        elif line and line[0] not in "!*" and line != ".":
            lengths[-1] += kern_token(line)[1]
    return lengths if lengths[-1] or len(lengths) == 1 else lengths[:-1]


def _hint_on_bars(lengths: list[Fraction], metre: str) -> str | None:
    upbeat, *bars = lengths
    full = bar_length(metre)
    if not bars:
        return "There is no bar line: write one, such as =1, before each full bar."
    if upbeat >= full:
        return f"{upbeat} quarter notes come before your first bar line. Write =1 before the first full bar, too."
    for number, length in enumerate(bars, 1):
        if length == full or (number == len(bars) and length == full - upbeat):
            continue
        return f"Bar {number} of your tune holds {length} quarter notes, and a bar of {metre} holds {full}."
    if (whole := sum(length == full for length in bars)) < 4:
        return f"Your tune has {whole} full bars: at least four are asked for."
    return None


def _hint_on_tune(tune: Melody) -> str | None:
    pitches, durations = tune.pitches, {note.duration for note in tune.notes}
    if len(durations) < 2:
        return f"All your notes last {min(durations)} quarter notes. A rhythm needs at least two durations."
    if len(set(pitches)) < 4:
        return f"Your tune has {len(set(pitches))} different pitches: use at least four."
    for a, b in pairwise(pitches):
        if abs(b - a) > 12:
            leap = f"From {pitch_name(a)} to {pitch_name(b)} your tune leaps {abs(b - a)} semitones"
            return f"{leap}, and few can sing more than an octave, 12. In Kern, c is C4, cc is C5 and C is C3."
    if pitches[-1] % 12 != tune.key.tonic_class:
        last = pitch_name(pitches[-1], tune.key)
        return f"Your tune ends on {last}, and its key is {tune.key}: let the last note be {tune.key.tonic}."
    return None
