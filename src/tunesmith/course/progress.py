"""`progress` says which exercises are solved. All lessons."""

from __future__ import annotations

from tunesmith.course.exercises import exercises_of, lessons
from tunesmith.course.solved import solved


def progress(lesson: int | str | None = None) -> None:
    """Print which exercises are solved: ``✓`` those that `check` has once found right, ``○`` the others. All lessons.

    lesson: its number, such as 2; without one, a line for each lesson. It is read from ``progress.json`` in the folder
    of the notebook, which `check` keeps. Delete that file and restart the kernel to begin again. In plain mode
    (TUNESMITH_PLAIN=1) nothing is kept and nothing is read, so that a stored notebook is the same for all. Raises
    ValueError for a lesson that has no exercises.
    """
    if lesson is not None:
        print(_line(_number(lesson), solved()))
        return
    done = solved()
    numbers = {number: exercises_of(number) for number in lessons()}
    for number in numbers:
        print(_line(number, done))
    every = {exercise for several in numbers.values() for exercise in several}
    print(f"Together: {len(done & every)} of {len(every)} solved")


def _line(lesson: int, done: set[str]) -> str:
    numbers = exercises_of(lesson)
    marks = "  ".join(f"{'✓' if number in done else '○'} {number}" for number in numbers)
    return f"Lesson {lesson:02d}: {sum(number in done for number in numbers)} of {len(numbers)} solved   {marks}"


def _number(lesson: int | str) -> int:
    """2 of ``2``, ``"2"`` or ``"02"``. Raises ValueError if there is no such lesson."""
    number = int(lesson) if str(lesson).isdecimal() else -1
    if number not in lessons():
        there = ", ".join(map(str, lessons()))
        raise ValueError(f"there is no lesson {lesson!r} with exercises: give one of {there}, or nothing for all")
    return number
