"""Every exercise of every lesson: its stub, its solution, and answers that must not pass."""

from __future__ import annotations

import importlib
import math
import random
from fractions import Fraction
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

import structure
import tunesmith as ts
from tunesmith.course.exercises import find, verdict

LESSONS = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9]*.ipynb"))
SETUP = {"math": math, "random": random, "Fraction": Fraction, "np": np, "torch": torch, "ts": ts}


def _exercises() -> list[tuple[str, str, str, str]]:
    """Number, name of the function, stub and solution of each exercise, as they stand in the notebooks."""
    found = []
    for path in LESSONS:
        lesson = structure.Lesson(nbformat.read(path, 4), int(path.name[:2]))
        for heading in lesson.exercises:
            number = structure.EXERCISE.fullmatch(heading.text)
            stub, check, answers = lesson.cells[heading.cell + 1 : heading.cell + 4]
            name = check.source.rpartition(", ")[2].strip(") \n")
            solution = next(
                text for summary, text in structure.DETAILS.findall(answers.source) if "Solution" in summary
            )
            found.append((f"{number[1]}.{number[2]}", name, stub.source, structure.solution_code(solution)))
    return found


EXERCISES = _exercises()
NUMBERS = [exercise[0] for exercise in EXERCISES]


def _wrong_answers() -> list:
    cases = []
    for number in NUMBERS:
        module = importlib.import_module(f"wrong_answers.lesson{number.split('.')[0].zfill(2)}")
        cases += [
            pytest.param(number, answer, id=f"{number}-{answer.__name__}") for answer in module.WRONG.get(number, [])
        ]
    return cases


def _define(code: str, name: str):
    namespace = dict(SETUP)
    exec(code, namespace)
    return namespace[name]


def test_there_are_exercises():
    assert len(EXERCISES) >= 4 * len(LESSONS) > 0


@pytest.mark.parametrize("number, name, stub, solution", EXERCISES, ids=NUMBERS)
def test_the_stub_is_not_attempted(number, name, stub, solution):
    assert verdict(number, _define(stub, name)) == (False, f"○ {number} not attempted yet")


@pytest.mark.parametrize("number, name, stub, solution", EXERCISES, ids=NUMBERS)
def test_the_solution_in_the_notebook_passes(number, name, stub, solution):
    passed, line = verdict(number, _define(solution, name))
    assert passed, line
    assert line.startswith(f"✓ {number} ") and "\n" not in line


@pytest.mark.parametrize("number", NUMBERS)
def test_the_reference_passes(number):
    assert verdict(number, find(number).reference)[0]


def _raises(*_, **__):
    raise KeyError("oh")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "answer",
    [
        lambda *_, **__: -12345,
        lambda *_, **__: 0,
        lambda *_, **__: True,
        lambda *_, **__: "C major",
        lambda *_, **__: [],
        _raises,
    ],
    ids=["a constant", "nought", "True", "a string", "an empty list", "one that raises"],
)
def test_an_answer_that_is_no_answer_fails_in_one_line(number, answer):
    passed, line = verdict(number, answer)
    assert not passed
    assert line.startswith(f"✗ {number} ") and "\n" not in line and len(line) > 25


@pytest.mark.parametrize("number, answer", _wrong_answers())
def test_a_wrong_answer_gets_a_hint(number, answer):
    passed, line = verdict(number, answer)
    assert not passed
    assert line.startswith(f"✗ {number} ") and "\n" not in line
    assert "stopped with" not in line, "a stored wrong answer is wrong, it does not raise"


@pytest.mark.parametrize("number", NUMBERS)
def test_each_wrong_answer_has_a_hint_of_its_own(number):
    module = importlib.import_module(f"wrong_answers.lesson{number.split('.')[0].zfill(2)}")
    hints = {_shape(verdict(number, answer)[1]) for answer in module.WRONG[number]}
    assert len(module.WRONG[number]) >= 2
    assert len(hints) == len(module.WRONG[number])


def _shape(line: str) -> str:
    """The hint without the values that it quotes."""
    return "".join(" " if sign.isdigit() else sign for sign in line)
