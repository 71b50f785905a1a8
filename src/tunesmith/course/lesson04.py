"""The exercises of lesson 04, "Songs as tokens": what each answer must do, and what people get wrong."""

from __future__ import annotations

from numbers import Real
from typing import Any

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.music.key import Key, pitch_name, shift_to_empty_signature
from tunesmith.tokens.steps import decode

lesson = Lesson()

Pairs = list[tuple[int | None, int]]


# --- 4.1: how many tokens say "go on" ---------------------------------------------------------------


def _count_holds(quarters: float, notes: int) -> int:
    return round(4 * quarters) - notes


@lesson.exercise(
    "4.1",
    reference=_count_holds,
    praise="Four tokens for each quarter note, less the one that starts each note. The bars below are yours.",
)
def _judge_holds(answer: Answer) -> str | None:
    # Amazing Grace first: there the usual mistakes give different numbers.
    for quarters, notes in ((48, 35), (32, 32), (96, 192), (6, 6), (1.5, 2)):
        value = answer(quarters, notes)
        if not _number(value):
            return f"Your function gives {value!r}; a number is asked for."
        if value != _count_holds(quarters, notes):
            return _hint_on_holds(value, quarters, notes)
    return None


def _hint_on_holds(value: Any, quarters: float, notes: int) -> str:
    tune = f"{notes} notes in {quarters} quarters"
    if value == 4 * quarters:
        return f"{tune}: you count {value}, and those are all the tokens. How many of them start a note?"
    if value == 3 * notes:
        return f"{tune}: you count {value}, three for each note. That holds for quarter notes; not all notes are."
    if value == 3 * quarters:
        return f"{tune}: you count {value}, three for each quarter. That takes one note in each quarter for granted."
    if value == quarters - notes:
        return f"{tune}: you count {value}. You took the notes from the quarters; take them from the sixteenths."
    if 0 < value < 1:
        return f"{tune}: you give {value:.2f}, which looks like a share. How many tokens is it?"
    return f"{tune}: you count {value}. Write down the tokens of one quarter note, and of one eighth, and count there."


# --- 4.2: mend the decoder that forgets the last note -----------------------------------------------


def _notes_of(tokens: list[str]) -> Pairs:
    return [(note.pitch, int(note.duration)) for note in decode(tokens, step=1).notes]


@lesson.exercise(
    "4.2",
    reference=_notes_of,
    praise="Every note comes back, the last one too. Hear the tune come home below.",
)
def _judge_notes(answer: Answer) -> str | None:
    lines = ("67 _ _ 65 r _ _ _ 64 _", "62 _ _ _ r _", "60 60 60 _ 60", "r _ _ 72 _ 55", "55", "48 _ r 48 _ _ _ 50 _ _")
    for line in lines:
        given = answer(line.split())
        if not isinstance(given, list) or not all(isinstance(pair, (tuple, list)) for pair in given):
            return f"Of {line!r} your function makes {given!r}; a list of pairs (pitch, steps) is asked for."
        found = [tuple(pair) for pair in given]
        if found != _notes_of(line.split()):
            return _hint_on_notes(found, line)
        if not all(isinstance(steps, int) and isinstance(pitch, int | None) for pitch, steps in found):
            return f"Of {line!r} you make {found}: right, but pitches and steps must be whole numbers of type int."
    return None


def _hint_on_notes(found: list[tuple], line: str) -> str:
    right = _notes_of(line.split())
    made = f"Of {line!r} you make {found}"
    if found == right[:-1]:
        return f"{made}: the last note is missing. No token comes after it, so nothing in the loop collects it."
    if found == [*right[:-1], (right[-1][0], right[-1][1] - 1)]:
        return f"{made}: the last note is one step short. The `_` at the very end must be counted before you collect."
    if found == [(pitch, steps - 1) for pitch, steps in right]:
        return f"{made}: each note is one step short. The token that starts a note is a step of it too."
    if found == [(pitch, steps / 4) for pitch, steps in right]:
        return f"{made}: these are quarter notes. Count steps here, as whole numbers."
    if found == [pair for pair in right if pair[0] is not None]:
        return f"{made}: the rest is gone. A silence takes its time too: its pitch is None."
    if found == [("r" if pitch is None else str(pitch), steps) for pitch, steps in right]:
        return f"{made}: {found[0][0]!r} is a text. A pitch is a whole number, and a rest is None."
    if found == _melted(right):
        return f"{made}: equal pitches melt into one. Each number starts a note, also one that repeats the pitch."
    return f"{made}. Expected are {right}."


def _melted(pairs: Pairs) -> Pairs:
    melted: Pairs = []
    for pitch, steps in pairs:
        if melted and melted[-1][0] == pitch:
            steps += melted.pop()[1]
        melted.append((pitch, steps))
    return melted


# --- 4.3: listen and choose ---------------------------------------------------------------------------


@lesson.exercise(
    "4.3",
    reference=lambda: 3,
    praise="Version 3 stands on a grid of eighths: long-short, long-short has become even. The counts below show it.",
)
def _judge_choice(answer: Answer) -> str | None:
    choice = answer()
    if choice == 3 and isinstance(choice, int):
        return None
    if choice == 1:
        return "Version 1 sounds higher, but tap along: long-short, long-short is still there. It was moved to C major."
    if choice == 2:
        return "Version 2 takes its time, but long and short are still three to one. Only its tempo has changed."
    return f"Your function gives {choice!r}; return 1, 2 or 3."


# --- 4.4: the way to C major or A minor ---------------------------------------------------------------


def _way_home(tonic: int, mode: str) -> int:
    return shift_to_empty_signature(Key(_name(tonic), mode))


@lesson.exercise(
    "4.4",
    reference=_way_home,
    praise="Major lands on C, minor on A, and no song moves further than 6 semitones. Hear the carol move below.",
)
def _judge_way(answer: Answer) -> str | None:
    # The keys that tell the usual mistakes apart come first, then all the others.
    first = [(4, "minor"), (7, "major"), (2, "major"), (6, "major"), (3, "minor")]
    others = [(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]
    for tonic, mode in first + others:
        value = answer(tonic, mode)
        if not _number(value):
            return f"Your function gives {value!r}; a whole number of semitones is asked for."
        if value != _way_home(tonic, mode):
            return _hint_on_way(value, tonic, mode)
        if not isinstance(value, int):
            return f"{_name(tonic)} {mode}: {value!r} is the way, but pitches move by whole numbers: make it an int."
    return None


def _hint_on_way(value: Any, tonic: int, mode: str) -> str:
    right, home = _way_home(tonic, mode), {"major": "C", "minor": "A"}[mode]
    if value != int(value):
        return f"{_name(tonic)} {mode}: you give {value}, which is no whole number of semitones."
    value = int(value)
    landing = _name(tonic + value)
    moved = f"{_name(tonic)} {mode}, moved by {value:+d}, lands on {landing}"
    if landing == home and value == 6:
        return f"{moved}. Up 6 is as far as down 6; where both are equal, we go down: −6."
    if landing == home:
        return f"{moved}, as it should, but the long way round: {right:+d} gets there too."
    if value == -right:
        return f"{moved}. The distance is right, the direction is turned round: from the tonic to {home}."
    if landing == "C":
        return f"{moved}: it is minor, and you sent it to C instead of A."
    if landing == "A":
        return f"{moved}: it is major, and you sent it to A instead of C."
    return f"{moved}, not on {home}. Subtract: where it shall go, minus where it is."


def _name(tonic: int) -> str:
    return pitch_name(60 + tonic % 12)[:-1]


def _number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
