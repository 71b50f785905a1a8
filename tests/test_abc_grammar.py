"""The machine that reads clean tunes: as a mask it never leads into a dead end, and allows every valid tune."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from test_abc_check import HEAD, VALID
from tunesmith.music.abc_check import check_abc
from tunesmith.music.abc_grammar import SIGNS, AbcReader
from tunesmith.music.abc_lengths import STEP, bar_ticks, fillable, spelled_lengths, usual_time

_RARE = "(){}-:[^_=~TH.<>,'|/"


def walk(seed: int, length: int) -> str:
    """A tune of characters by chance, each one of those that are allowed; led to its end after so many."""
    draws = random.Random(seed)
    reader, text = AbcReader(), ""
    while not reader.ended:
        allowed = sorted(reader.allowed(closing=len(text) > length))
        assert allowed, f"a dead end: {text!r}"
        assert set(allowed) <= set(SIGNS)
        char = draws.choices(allowed, [1 if char in _RARE else 5 for char in allowed])[0]
        assert reader.push(char) is None, f"{text!r} {char!r}: {reader.faults}"
        text += char
        assert len(text) < length + 500, f"it does not end: {text[-200:]!r}"
    return text


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 120))
def test_a_walk_among_allowed_characters_always_ends_in_a_valid_tune(seed: int, length: int) -> None:
    text = walk(seed, length)
    check = check_abc(text)
    assert check.valid, f"{text!r}: {check}"


@pytest.mark.parametrize("music", VALID.values(), ids=VALID.keys())
def test_every_character_of_a_valid_tune_is_allowed(music: str) -> None:
    text = f"{HEAD}{music}\n\n"
    reader = AbcReader()
    for place, char in enumerate(text):
        assert char in reader.allowed(), f"{text[:place]!r} {char!r}"
        reader.push(char)
    assert reader.ended and not reader.faults and reader.allowed() == frozenset()


@pytest.mark.parametrize("seed", range(4))
def test_the_way_to_the_end_is_short_from_anywhere_in_a_tune(seed: int) -> None:
    text = f"{HEAD}{random.Random(seed).choice(list(VALID.values()))}\n"
    for end in range(len(HEAD), len(text), 9):
        reader = AbcReader()
        for char in text[:end]:
            reader.push(char)
        steps = 0
        while not reader.ended:
            reader.push(random.Random(seed + steps).choice(sorted(reader.allowed(closing=True))))
            steps += 1
            assert steps < 150
        assert not reader.faults


def test_the_header_comes_first_and_a_full_bar_must_end() -> None:
    reader = AbcReader()
    assert reader.allowed() == {"M"}
    for char in f"{HEAD}GAB cde":
        reader.push(char)
    allowed = reader.allowed()
    assert "|" in allowed and ":" in allowed and not allowed & set("ABz(\n ")
    for char in "|":
        reader.push(char)
    assert {"A", "z", "|", "]", ":", "\n", "1"} <= reader.allowed()


def test_a_copy_goes_its_own_way() -> None:
    one = AbcReader()
    for char in f"{HEAD}GAB ":
        one.push(char)
    other = one.copy()
    other.push("X")
    for char in "cde|d6|]":
        other.push(char)
    assert other.faults and not one.faults
    assert one.bars.filled == bar_ticks("6/8") // 2 != other.bars.filled


def test_after_its_end_a_tune_takes_nothing() -> None:
    reader = AbcReader()
    for char in f"{HEAD}GAB cde|]\n\n":
        assert reader.push(char) is None
    assert reader.ended
    assert "more follows" in str(reader.push("A"))


@pytest.mark.parametrize(
    ("notes", "metre", "time"),
    [(3, "6/8", 2), (5, "6/8", 3), (5, "4/4", 2), (2, "6/8", 3), (9, "3/4", 2), (7, "9/8", 3)],
)
def test_tuplets_are_played_in_the_usual_time(notes: int, metre: str, time: int) -> None:
    assert usual_time(notes, metre) == time


def test_lengths_are_whole_numbers() -> None:
    lengths = spelled_lengths("1/8")
    assert (lengths[""], lengths["3/2"], lengths["/"], lengths["//"], lengths["2"]) == (16, 24, 8, 4, 32)
    assert "0" not in lengths and "3/64" not in lengths
    assert fillable(16 * STEP, 0, 1, 1, (1, 1)) and not fillable(STEP // 2, 0, 1, 1, (1, 1))
    assert fillable(2 * STEP, 3, 3, 2, (1, 1)) and not fillable(STEP, 3, 3, 2, (1, 1))
