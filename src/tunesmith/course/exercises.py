"""Exercises that check themselves: `check` says in one line how an answer does, `mine` lets it be heard.

Each lesson's exercises stand in a module of their own (``lesson03.py`` …). The solutions stand in the
notebooks, and only there; what `mine` falls back on is the package's own function or a reference here.
"""

from __future__ import annotations

import contextlib
import copy
import dis
import functools
import io
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tunesmith.course.judging import cut
from tunesmith.course.solved import keep

Answer = Callable[..., Any]
Judge = Callable[[Answer], str | None]


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    judge: calls an answer with several inputs; gives None if all is right, else a hint that quotes
    what came out. praise: what a right answer has won, in a sentence. reference: a function that
    passes.
    """

    number: str
    judge: Judge
    praise: str
    reference: Answer


class Lesson:
    """Collects a lesson's exercises: ``lesson.exercise("4.2", reference=f, praise="…")`` on its judge."""

    def __init__(self) -> None:
        self.exercises: dict[str, Exercise] = {}

    def exercise(self, number: str, *, reference: Answer, praise: str) -> Callable[[Judge], Judge]:
        """A decorator: the function below it judges answers to exercise `number`."""

        def register(judge: Judge) -> Judge:
            self.exercises[number] = Exercise(number, judge, praise, reference)
            return judge

        return register


def check(number: str, answer: Answer) -> None:
    """Print in one line whether an answer is right, and if not, what to look at. All lessons.

    It never raises; only an interrupt gets through. ``○`` not attempted yet, ``✓`` right, ``✗`` not yet.
    What is right is kept for `progress`.
    """
    passed, line = verdict(number, answer)
    print(line)
    if passed:
        keep(number)


def mine(number: str, answer: Answer) -> Answer:
    """The learner's function once it passes, the course's until then. All lessons.

    Its ``label`` says which of the two it is, for a caption. Raises ValueError for an unknown exercise.
    """
    exercise = find(number)
    passed = verdict(number, answer)[0]
    chosen = answer if passed else exercise.reference

    @functools.wraps(chosen)
    def function(*args: Any, **kwargs: Any) -> Any:
        return chosen(*args, **kwargs)

    function.label = f"your answer to {number}" if passed else f"the course's answer to {number}"
    return function


def verdict(number: str, answer: Answer) -> tuple[bool, str]:
    """Whether the answer passes, and the line that `check` prints."""
    try:
        exercise = find(number)
    except ValueError as error:
        return False, f"✗ {number} {error}"
    if answer is ... or not_attempted(answer):
        return False, f"○ {number} not attempted yet"
    if not callable(answer):
        kind = type(answer).__name__
        return False, f"✗ {number} Pass the function itself, not a {kind}: ts.check({number!r}, my_function)."
    call = _Recorder(answer)
    try:
        # What the answer prints would bury the one line.
        with contextlib.redirect_stdout(io.StringIO()):
            hint = exercise.judge(call)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return False, f"✗ {number} {_trouble(error, call)}"
    return (True, f"✓ {number} {exercise.praise}") if hint is None else (False, f"✗ {number} {_one_line(hint)}")


def not_attempted(answer: Any) -> bool:
    """Whether a function's body is still the stub's: ``...`` or ``pass``, nothing returned but ``...`` or None."""
    if not isinstance(answer, types.FunctionType):
        return False
    steps = [step for step in dis.get_instructions(answer) if step.opname not in ("RESUME", "NOP", "CACHE")]
    return all(
        step.opname == "RETURN_VALUE" or (step.opname in ("LOAD_CONST", "RETURN_CONST") and step.argval in (None, ...))
        for step in steps
    )


def lessons() -> list[int]:
    """The numbers of the lessons that have exercises, in order."""
    return sorted(int(path.stem.removeprefix("lesson")) for path in Path(__file__).parent.glob("lesson[0-9][0-9].py"))


def exercises_of(lesson: int) -> list[str]:
    """The numbers of a lesson's exercises, such as ``["2.1", "2.2"]``, in order."""
    found = import_module(f"tunesmith.course.lesson{lesson:02d}").lesson.exercises
    return sorted(found, key=lambda number: int(number.partition(".")[2]))


def find(number: str) -> Exercise:
    """An exercise by its number, ``"4.2"``. Raises ValueError for one that is not there."""
    if not isinstance(number, str):
        raise ValueError(f'Write the number of the exercise in quotes: "{number}".')
    lesson, _, _ = number.partition(".")
    module = f"tunesmith.course.lesson{lesson.zfill(2)}"
    if not lesson.isdigit() or find_spec(module) is None:
        raise ValueError(f"There is no exercise {number}.")
    exercises = import_module(module).lesson.exercises
    if number not in exercises:
        raise ValueError(f"There is no exercise {number}: this lesson has {', '.join(exercises)}.")
    return exercises[number]


class _Recorder:
    """Calls an answer with copies, so that it can't change the check's own values; keeps the last call."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.call = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        values = [cut(value) for value in args] + [f"{name}={cut(value)}" for name, value in kwargs.items()]
        self.call = f"({', '.join(values)})"
        return self.answer(*copy.deepcopy(args), **copy.deepcopy(kwargs))


def _trouble(error: BaseException, call: _Recorder) -> str:
    """What to say of an answer that stopped, or gave something that the judge could not even compare."""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    frame, inside = error.__traceback__, False
    while frame:
        inside = inside or frame.tb_frame.f_code is _Recorder.__call__.__code__
        frame = frame.tb_next
    where = "Your function stopped" if inside else "What your function gave can't be compared"
    return _one_line(f"{where} with {what}, when called with {call.call}.")


def _one_line(text: str) -> str:
    return " ".join(text.split())
