"""How exercises check themselves: course/exercises.py, tried with throw-away exercises."""

import sys
import types
from importlib.machinery import ModuleSpec

import pytest

import tunesmith as ts
from tunesmith.course.exercises import Lesson, not_attempted, verdict

GIVEN = [3, 1, 2]


@pytest.fixture(autouse=True)
def lesson98(monkeypatch):
    """A lesson that is nowhere on disk: 98.1 sorts a list, 98.2 calls twice with one list."""
    lesson = Lesson()

    @lesson.exercise("98.1", reference=sorted, praise="Sorted.")
    def _sorts(answer):
        value = answer(GIVEN, reverse=False)
        return None if value == [1, 2, 3] else f"For {GIVEN} you give\n{value!r}."

    @lesson.exercise("98.2", reference=lambda songs: sum(map(len, songs)), praise="Counted.")
    def _counts(answer):
        songs = [[1], [2, 3]]
        first, second = answer(songs), answer(songs)
        if songs != [[1], [2, 3]]:
            return "the check's own list was changed"
        return None if first == second == 3 else f"{first}, then {second}"

    module = types.ModuleType("tunesmith.course.lesson98")
    module.__spec__ = ModuleSpec(module.__name__, None)
    module.lesson = lesson
    monkeypatch.setitem(sys.modules, module.__name__, module)


def line(capsys, answer, number="98.1"):
    """The one line that check prints."""
    assert ts.check(number, answer) is None
    out, err = capsys.readouterr()
    assert out.endswith("\n") and out.count("\n") == 1 and err == ""
    return out[:-1]


# --- Not attempted -------------------------------------------------------------------------------


def _dots(songs): ...


def _dots_below_a_docstring(songs: list[int], reverse: bool = False) -> list[int]:
    """Sort them."""
    ...


def _docstring_alone(songs):
    """Sort them."""


def _pass(songs):
    pass


def _return(songs):
    return


def _return_none(songs):
    """Sort them."""
    return None


def _return_dots(*songs, **settings):
    # your code here
    return ...


STUBS = [_dots, _dots_below_a_docstring, _docstring_alone, _pass, _return, _return_none, _return_dots, lambda: None]


@pytest.mark.parametrize("stub", [*STUBS, lambda x: ..., ...])
def test_an_untouched_stub_is_not_attempted(capsys, stub):
    assert line(capsys, stub) == "○ 98.1 not attempted yet"


def _name_alone(songs):
    return songs


def _nought(songs):
    return 0


def _nothing_said(songs):
    songs.sort()


def _raises_at_once(songs):
    raise NotImplementedError


@pytest.mark.parametrize(
    "attempt", [_name_alone, _nought, _nothing_said, _raises_at_once, lambda: "", lambda: False, sorted, None, 3]
)
def test_a_poor_attempt_is_an_attempt(attempt):
    assert not not_attempted(attempt)


# --- Right and wrong -----------------------------------------------------------------------------


class _Callable:
    """A callable that is no function, and has no name."""

    def __call__(self, songs, reverse):
        return sorted(songs)


@pytest.mark.parametrize("answer", [sorted, lambda songs, reverse: sorted(songs), _Callable()])
def test_a_right_answer_is_praised(capsys, answer):
    assert line(capsys, answer) == "✓ 98.1 Sorted."


def test_a_wrong_answer_gets_the_hint_in_one_line(capsys):
    assert line(capsys, lambda songs, reverse: "no\nway") == "✗ 98.1 For [3, 1, 2] you give 'no\\nway'."


def _deep(songs, reverse):
    return _deep(songs, reverse)


def _leaves(songs, reverse):
    sys.exit("bye")


def _divides(songs, reverse):
    return songs[0] / 0


def _two_lines(songs, reverse):
    raise ValueError("first\n   second")


class _Odd(BaseException):
    """Not even an Exception."""


def _odd(songs, reverse):
    raise _Odd


@pytest.mark.parametrize(
    "answer, error",
    [
        (_divides, "ZeroDivisionError: division by zero"),
        (_deep, "RecursionError: maximum recursion depth exceeded"),
        (_leaves, "SystemExit: bye"),
        (_two_lines, "ValueError: first second"),
        (_odd, "_Odd"),
        (lambda: 1, "TypeError: "),
    ],
)
def test_an_answer_that_stops_is_told_with_which_call(capsys, answer, error):
    text = line(capsys, answer)
    assert text.startswith(f"✗ 98.1 Your function stopped with {error}"), text
    assert text.endswith(", when called with ([3, 1, 2], reverse=False).")


def test_a_value_that_can_not_be_compared_is_not_the_functions_stop(capsys):
    class Stubborn:
        def __eq__(self, other):
            raise TypeError("never")

    text = line(capsys, lambda songs, reverse: Stubborn())
    assert text.startswith("✗ 98.1 What your function gave can't be compared with TypeError: never")


def test_long_arguments_are_cut(capsys, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "GIVEN", list(range(10_000)))
    assert len(line(capsys, _divides)) < 250


def test_an_interrupt_gets_through():
    def answer(songs, reverse):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ts.check("98.1", answer)


def test_what_the_answer_prints_is_swallowed_and_printing_goes_on_after(capsys):
    def answer(songs, reverse):
        print("looking at", songs)
        return sorted(songs)

    assert line(capsys, answer) == "✓ 98.1 Sorted."
    print("still here")
    assert capsys.readouterr().out == "still here\n"


def test_an_answer_gets_copies_all_the_way_down():
    def answer(songs):
        count = 0
        while songs:
            song = songs.pop()
            count += len(song)
            song.clear()
        return count

    assert verdict("98.2", answer) == (True, "✓ 98.2 Counted.")


@pytest.mark.parametrize("value, kind", [(3, "int"), ([1, 2, 3], "list"), (None, "NoneType"), ("sorted", "str")])
def test_a_value_instead_of_a_function(capsys, value, kind):
    text = line(capsys, value)
    assert text.startswith("✗ 98.1 ") and kind in text and "ts.check('98.1', my_function)" in text


@pytest.mark.parametrize("number", ["98.7", "97.1", "98", "", "x.1", "../3.1", "98.1 ", "²"])
def test_an_unknown_number_is_one_line(capsys, number):
    assert line(capsys, sorted, number).startswith(f"✗ {number} There is no exercise {number}")


def test_an_unknown_number_in_a_known_lesson_names_those_that_are_there(capsys):
    assert "98.1, 98.2" in line(capsys, sorted, "98.7")


@pytest.mark.parametrize("number", [98.1, 98, None])
def test_a_number_without_quotes_is_one_line(capsys, number):
    assert f'in quotes: "{number}"' in line(capsys, sorted, number)


# --- mine ----------------------------------------------------------------------------------------


def test_mine_is_the_learners_once_it_passes():
    def my_sort(songs, reverse=False):
        """Mine."""
        calls.append(songs)
        return sorted(songs, reverse=reverse)

    calls = []
    mine = ts.mine("98.1", my_sort)
    calls.clear()
    assert mine([2, 1], reverse=True) == [2, 1] and calls == [[2, 1]]
    assert mine.label == "your answer to 98.1" and mine.__name__ == "my_sort"
    assert not hasattr(my_sort, "label"), "the learner's function is left alone"


@pytest.mark.parametrize("answer", [_dots, _name_alone, _deep, None, lambda songs, reverse: []])
def test_mine_is_the_courses_until_then(capsys, answer):
    mine = ts.mine("98.1", answer)
    assert mine([2, 1]) == [1, 2] and mine.label == "the course's answer to 98.1"
    assert capsys.readouterr() == ("", "")


def test_mine_takes_a_callable_without_a_name():
    mine = ts.mine("98.1", _Callable())
    assert mine([2, 1], False) == [1, 2] and mine.label == "your answer to 98.1"


@pytest.mark.parametrize("number", ["98.7", "97.1", "x", 98.1])
def test_mine_of_an_unknown_number_raises(number):
    with pytest.raises(ValueError, match=str(number)):
        ts.mine(number, sorted)
