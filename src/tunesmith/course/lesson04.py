"""The exercises of lesson 04, "Songs as tokens": what each answer must do, and what people get wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from numbers import Integral
from typing import Any

from tunesmith.course.exercises import Answer, Lesson
from tunesmith.course.judging import chosen, cut, is_number, own_tunes
from tunesmith.music.key import Key, pitch_name, shift_to_empty_signature
from tunesmith.tokens.steps import decode

lesson = Lesson()

Pairs = list[tuple[int | None, int]]


# --- 4.1: write a line ------------------------------------------------------------------------------

_LINE = "60 _ _ _ r _ 62 _ 64 _ _ _ _ _ _ _"


@lesson.exercise("4.1", reference=lambda: _LINE, praise="Sixteen steps, and every sign in its place. Hear it below.")
def _judge_line(answer: Answer) -> str | None:
    value = answer()
    if not isinstance(value, str):
        return f"Return the line as a string, with blanks between the tokens; yours is {value!r}."
    tokens, right = value.split(), _LINE.split()
    if tokens == right:
        return None
    given = f"Your line {value!r}"
    if any(token[:1] in "ABCDEFG" for token in tokens):
        return f"{given} names notes by letters. A token is a MIDI number: C4 is 60, D4 is 62, E4 is 64."
    if strange := [token for token in tokens if token not in ("_", "r", "60", "62", "64")]:
        return f"{given} has {strange[0]!r} in it. Only the pitches, r and _ are needed, with blanks between them."
    starts = [token for token in tokens if token != "_"]
    if starts == ["60", "62", "64"]:
        return f"{given} has no rest: silence is written too. A rest starts with r, and lasts as long as _ follows."
    if starts != ["60", "r", "62", "64"]:
        return f"{given} starts {' '.join(starts) or 'nothing'}: each note and each rest starts once, in its order."
    steps = [len(part) for part in _parts(tokens)]
    if steps == [5, 3, 3, 9]:
        return f"{given} makes each note one step too long: the token that starts a note is a step of it."
    return f"{given} lasts {steps} steps, and it should be [4, 2, 2, 8]: four steps for each quarter note."


def _parts(tokens: list[str]) -> list[list[str]]:
    """The tokens note by note: each with the holds that follow it."""
    parts: list[list[str]] = []
    for token in tokens:
        if token != "_" or not parts:
            parts.append([])
        parts[-1].append(token)
    return parts


# --- 4.2: how many tokens say "go on" ---------------------------------------------------------------


def _count_holds(quarters: float, notes: int) -> int:
    return round(4 * quarters) - notes


@lesson.exercise(
    "4.2",
    reference=_count_holds,
    praise="Four tokens for each quarter note, less the one that starts each note. The bars below are yours.",
)
def _judge_holds(answer: Answer) -> str | None:
    # Amazing Grace first: there the usual mistakes give different numbers.
    for quarters, notes in ((48, 35), (32, 32), (96, 192), (6, 6), (1.5, 2)):
        value = answer(quarters, notes)
        if not is_number(value):
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


# --- 4.3: mend the decoder that forgets the last note -----------------------------------------------


def _notes_of(tokens: list[str]) -> Pairs:
    return [(note.pitch, int(note.duration)) for note in decode(tokens, step=1).notes]


@lesson.exercise(
    "4.3",
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


# --- 4.4: listen and choose ---------------------------------------------------------------------------


@lesson.exercise(
    "4.4",
    reference=lambda: 3,
    praise="Version 3 stands on a grid of eighths: long-short, long-short has become even. The counts below show it.",
)
def _judge_choice(answer: Answer) -> str | None:
    hints = {
        1: "it sounds higher, but tap along: long-short, long-short is still there. It was moved to C major.",
        2: "it takes its time, but long and short are still three to one. Only its tempo has changed.",
    }
    return chosen(answer(), 3, hints)


# --- 4.5: the way to C major or A minor ---------------------------------------------------------------


def _way_home(tonic: int, mode: str) -> int:
    return shift_to_empty_signature(Key(_name(tonic), mode))


@lesson.exercise(
    "4.5",
    reference=_way_home,
    praise="Major lands on C, minor on A, and no song moves further than 6 semitones. Hear the carol move below.",
)
def _judge_way(answer: Answer) -> str | None:
    # The keys that tell the usual mistakes apart come first, then all the others.
    first = [(4, "minor"), (7, "major"), (2, "major"), (6, "major"), (3, "minor")]
    others = [(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]
    for tonic, mode in first + others:
        value = answer(tonic, mode)
        if not is_number(value):
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


# --- 4.6, open: a token language of one's own -------------------------------------------------------

_LONGEST = 0.75  # of the grid's tokens
_MOST = 500  # different tokens

_SMALL: tuple[Pairs, ...] = (
    [(62, 8), (None, 4), (64, 2), (67, 2)],
    [(60, 4), (60, 4), (60, 1), (62, 1), (62, 2)],
    [(None, 2), (None, 2), (72, 16)],
    [(55, 1)],
    [(48, 3), (79, 5), (48, 12), (None, 1)],
)


@cache
def _tunes() -> tuple[Pairs, ...]:
    """The course's own tunes, as (pitch, steps) pairs in the empty signature's key."""
    return tuple([(note.pitch, int(4 * note.duration)) for note in song.notes] for song in own_tunes())


@cache
def _drawn_tunes() -> tuple[Pairs, ...]:
    """Six hundred short tunes by lot: seven notes each, from two octaves and a rest."""
    lot = random.Random(4)
    pitches = [None, *(pitch for pitch in range(55, 80) if pitch % 12 in (0, 2, 4, 5, 7, 9, 11))]
    return tuple([(lot.choice(pitches), lot.choice((1, 2, 2, 4, 4, 6, 8, 16))) for _ in range(7)] for _ in range(600))


def _my_language() -> tuple[Callable, Callable]:
    def to_tokens(notes: Pairs) -> list[str]:
        return [f"{'r' if pitch is None else pitch}:{steps}" for pitch, steps in notes]

    def to_notes(tokens: list[str]) -> Pairs:
        halves = [token.split(":") for token in tokens]
        return [(None if pitch == "r" else int(pitch), int(steps)) for pitch, steps in halves]

    return to_tokens, to_notes


@lesson.exercise(
    "4.6",
    reference=_my_language,
    praise="A language of your own: every note comes back, in fewer tokens. The bars below are yours.",
)
def _judge_language(answer: Answer) -> str | None:
    given = answer()
    if not isinstance(given, tuple | list) or len(given) != 2 or not all(map(callable, given)):
        return f"Return two functions, encode and decode, without calling them; you return {given!r}."
    tunes = [*_SMALL, *_tunes(), *_drawn_tunes()]
    lines = []
    for tune in tunes:
        line, trouble = _call("encode", given[0], tune)
        if trouble:
            return trouble
        if not isinstance(line, list) or not all(isinstance(token, str) for token in line):
            return f"Of the notes {tune[:3]} … your encode makes {cut(line)}; a list of strings is asked for."
        lines.append(line)
    # Another pair of functions, and not before all is encoded: decode must know the tokens alone.
    _, decode_later = answer()
    for tune, line in zip(tunes, lines, strict=True):
        back, trouble = _call("decode", decode_later, line)
        if back != tune or trouble:
            return _hint_on_language(given, tune, line, back, trouble)
        if odd := [value for pair in back for value in pair if not isinstance(value, Integral | None)]:
            return f"Every note comes back, but pitches and steps are whole numbers (int), not {odd[0]!r}."
    return _hint_on_size(lines)


def _call(name: str, function: Callable, value: list) -> tuple[Any, str]:
    """What a function of the learner's gives, and what to say where it stopped."""
    try:
        result = function(list(value))
    except Exception as error:
        return None, f"Your {name} stopped with {type(error).__name__}: {error}, when called with {cut(value)}."
    if isinstance(result, list):
        result = [tuple(pair) if isinstance(pair, list) else pair for pair in result]
    return result, ""


def _hint_on_language(given: tuple, tune: Pairs, line: list[str], back: Any, trouble: str) -> str:
    at_once, _ = _call("decode", given[1], _call("encode", given[0], tune)[0])
    if at_once == tune:
        return "Right after encode your decode is right, later it is not: it may know the tokens and nothing else."
    if trouble:
        return trouble
    told = f"Of {cut(tune)} you make {cut(line)}, and back comes {cut(back)}"
    if not isinstance(back, list) or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in back):
        return f"{told}: a list of pairs (pitch, steps) is asked for."
    pitches, steps = ([pair[place] for pair in back] for place in (0, 1))
    if [pair for pair in tune if pair[0] is not None] == back:
        return f"{told}: the rests are lost. A rest has the pitch None, and a token of its own."
    if len(back) < len(tune):
        return f"{told}: {len(tune)} notes and rests have become {len(back)}. Where does the next one start?"
    if len(back) > len(tune):
        return f"{told}: {len(tune)} notes and rests have become {len(back)}. What starts one, what makes it longer?"
    if any(isinstance(value, str) for value in (*pitches, *steps)):
        return f"{told}: right as text, but pitches and steps are whole numbers, and a rest's pitch is None."
    if steps != [pair[1] for pair in tune]:
        return f"{told}: the durations are not the same."
    return f"{told}: the pitches are not the same. Does the line say where the first one stands?"


def _hint_on_size(lines: list[list[str]]) -> str | None:
    ours = lines[len(_SMALL) : len(_SMALL) + len(_tunes())]
    grid = sum(steps for tune in _tunes() for _, steps in tune)
    length, vocabulary = sum(map(len, ours)), len({token for line in lines for token in line})
    if length > _LONGEST * grid:
        told = f"Every note comes back, but our tunes take {length} tokens, where the grid takes {grid}"
        return f"{told}: at most three quarters of that are asked for."
    if vocabulary > _MOST:
        return f"Short lines, but {vocabulary} different tokens, and {_MOST} are allowed: put less into one token."
    return None


def _name(tonic: int) -> str:
    return pitch_name(60 + tonic % 12)[:-1]
