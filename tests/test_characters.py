"""Characters: text to ids and back, what is refused, and what is near."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.tokens.characters import Characters

TUNE = "M:6/8\nL:1/8\nK:G\nGAB c2d|e3 d3|]\n"
KNOWN = Characters.of([TUNE])


def test_they_are_sorted_and_the_newline_is_always_there():
    assert list(KNOWN) == sorted(set(TUNE)) and KNOWN[0] == "\n" == Characters.END
    assert list(Characters("cab")) == ["\n", "a", "b", "c"]
    assert list(Characters()) == ["\n"] and ts.Characters is Characters


def test_ids_are_places():
    ids = KNOWN.ids("GAB\n")
    assert ids.dtype == np.int64 and ids.shape == (4,)
    assert [KNOWN[i] for i in ids] == ["G", "A", "B", "\n"] and ids[-1] == 0
    assert KNOWN.ids("").shape == (0,) and KNOWN.ids("").dtype == np.int64
    assert KNOWN.text(ids) == "GAB\n" and KNOWN.text([]) == ""


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_text_comes_back(texts):
    characters = Characters.of(texts)
    assert [characters.text(characters.ids(text)) for text in texts] == texts
    assert len(characters) == len(set("".join(texts)) | {"\n"})


@given(st.text(max_size=30))
def test_the_order_is_that_of_the_set_alone(text):
    one, other = Characters(text), Characters(reversed(text + text))
    assert one == other and hash(one) == hash(other) and str(one) == str(other)
    assert Characters(str(one)) == one


def test_equality():
    assert Characters("ab") != Characters("abc") and Characters("ab") != ["\n", "a", "b"]
    assert "a" in Characters("ab") and "c" not in Characters("ab") and "ab" not in Characters("ab")
    assert repr(Characters("ab")) == r"<Characters, 3 of them: '\nab'>"


@pytest.mark.parametrize(
    "text, words",
    [
        ("GAb", ("character 3", "'b'", "'B'")),
        ("é", ("character 1", "'é'")),
        ("GA\tB", ("character 3", r"'\t'")),
        (["G", "AB"], ("character 2", "'AB'")),
        (["G", ""], ("character 2", "''")),
    ],
)
def test_an_unknown_character_is_one_clear_line(text, words):
    with pytest.raises(ValueError) as error:
        KNOWN.ids(text)
    one_clear_line(error.value, *words, "near it")


def test_near_is_the_other_case_then_the_neighbours_and_a_newline_last():
    characters = Characters("ABDad")
    assert characters.near("b") == ["B", "a", "d"]
    assert characters.near("C", 2) == ["B", "D"]
    assert characters.near("z", 99)[-1] == "\n" and len(characters.near("z", 99)) == 6


@pytest.mark.parametrize("wrong", [-1, 99])
def test_an_id_outside(wrong):
    with pytest.raises(ValueError, match=f"id {wrong} is outside") as error:
        KNOWN.text([0, wrong])
    one_clear_line(error.value)


def test_a_character_is_one():
    with pytest.raises(ValueError, match=r"'GAB' is not one character: Characters.of") as error:
        Characters(["GAB"])
    one_clear_line(error.value)
