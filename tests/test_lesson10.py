"""Lesson 10: ways of one's own through its exercises that must pass, near misses that must not; nothing is copied.

A wrong answer with a hint of its own stands in wrong_answers/. Here are those that share a hint with another.
"""

from __future__ import annotations

import random
import re
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch

import tunesmith as ts
from test_generated import ROOT, copied, shown_melodies
from tunesmith.course.exercises import verdict
from tunesmith.learn.blends import readable

# --- 10.1, 10.2, 10.3: other forms of a right answer ------------------------------------------------------


def test_a_bar_may_be_counted_in_floats():
    def units(metre, unit):
        beats, below = map(int, metre.split("/"))
        return beats / below * int(unit.split("/")[1])

    assert verdict("10.1", units)[0]


@pytest.mark.parametrize("kind", [tuple, np.array, torch.tensor], ids=["tuples", "arrays", "tensors"])
def test_a_window_may_come_in_another_form(kind):
    def window(ids, L, dart):
        start = int(dart * (len(ids) - L))
        return kind(ids[start : start + L]), kind(ids[start + 1 : start + L + 1])

    passed, line = verdict("10.2", window)
    assert passed, line


def test_a_window_of_one_id_too_many_fails():
    def window(ids, L, dart):
        start = int(dart * (len(ids) - L))
        return ids[start : start + L + 1], ids[start + 1 : start + L + 1]

    assert not verdict("10.2", window)[0]


def test_a_bar_may_be_read_by_a_loop():
    def units(bar):
        total, place = 0.0, 0
        while place < len(bar):
            sign = bar[place]
            place += 1
            if sign not in "ABCDEFGabcdefgz":
                continue
            length = ""
            while place < len(bar) and bar[place] in ",'/0123456789":
                length += bar[place]
                place += 1
            over, slash, below = length.strip(",'").partition("/")
            total += int(over or 1) / (int(below or 2) if slash else 1)
        return total

    passed, line = verdict("10.3", units)
    assert passed, line


@pytest.mark.parametrize("value", [None, "6", [6], float("nan"), Fraction(6), 6])
def test_one_length_for_every_bar_fails(value):
    passed, line = verdict("10.3", lambda bar: value)
    assert not passed and "stopped with" not in line


# --- 10.5: a style of one's own ---------------------------------------------------------------------------


def _bar(draw, scale, rhythms):
    rhythm = draw.choice(rhythms)
    return rhythm.format(*(draw.choice(scale) for _ in range(rhythm.count("{}"))))


def _waltz(draw):
    """In three, minor, with grace notes."""
    bars = [_bar(draw, "ABcdeg", ["{{e}}{}4{}2", "{}2{}2{}2", "{}3{}{}2"]) for _ in range(11)]
    bars[0] = "{e}" + bars[0].removeprefix("{e}")
    return f"M:3/4\nL:1/8\nK:Am\n{'|'.join(bars[:6])}|\n{'|'.join(bars[6:])}|A6|]\n"


def _reel(draw):
    """With an upbeat, triplets, broken rhythm and two endings."""
    bars = [_bar(draw, "DEFABd", ["(3{}{}{}{}2{}>{}{}2", "{}2{}{}{}{}{}2", "{}>{}{}>{}{}2{}2"]) for _ in range(7)]
    return f"M:4/4\nL:1/8\nK:Ddor\nA|:{'|'.join(bars)}|1 D6EF:|2 D8|]\n"


def _jig(draw):
    """Ornaments, no repeat."""
    bars = [_bar(draw, "GABdeg", ["{}{}{}{}{}{}", "~{}3{}{}{}"]) for _ in range(6)]
    return f"M:6/8\nL:1/8\nK:G\n~G3GAB|{'|'.join(bars)}|G6|]\n"


@pytest.mark.parametrize("style", [_waltz, _reel, _jig])
def test_a_style_of_ones_own_passes(style):
    passed, line = verdict("10.5", style)
    assert passed, line


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "begins with its header"),
        ("X:1\nT:Mine\nM:2/4\nL:1/8\nK:G\n|:GABd:|\n", "begins with its header"),
        ("M:2/4\nL:1/8\n|:GABd:|\n", "no valid tune"),
        ("M:2/4\nL:1/8\nK:G\n" + "|:GABd:|" * 8 + "\n\n", "no valid tune"),
        ("M:2/4\nL:1/8\nK:G\n|:z4|z4|z4|z4|z4|z4|z4|z4:|\n", "no valid tune"),
    ],
)
def test_what_is_no_tune_is_named(text, said):
    passed, line = verdict("10.5", lambda draw: text)
    assert not passed and said in line, line


def test_chance_from_outside_is_found():
    chance = random.Random(0)
    passed, line = verdict("10.5", lambda draw: _jig(chance))
    assert not passed and "two tunes" in line


# --- what the networks wrote ------------------------------------------------------------------------------


RUN = 15  # intervals in a run of 16 notes


def contours(heights):
    """Every run of 16 notes as 15 signs: up, down or the same."""
    signs = [(after > before) - (after < before) for before, after in pairwise(heights)]
    return {tuple(signs[start : start + RUN]) for start in range(len(signs) - RUN + 1)}


def letters(text):
    """The heights of a tune's letters in steps of the scale; tied notes are one, grace notes and repeats left out."""
    music = re.sub(r"\{[^}]*\}", "", text.split("\n", 3)[3])
    music = re.sub(r"-[^A-Ga-g]*[A-Ga-g][,']*", "", music)
    notes = re.findall(r"([A-Ga-g])([,']*)", music)
    return ["CDEFGABcdefgab".index(letter) + 7 * (marks.count("'") - marks.count(",")) for letter, marks in notes]


@pytest.mark.slow
def test_no_tune_of_the_lesson_is_copied_from_what_its_networks_learned():
    """`test_generated` looks at the songs that `erk` learned; these are those of `irish` and `irish_han`.

    Three thousand tunes take music21 ten minutes, so only those are read in which a contour of 16 notes comes back.
    """
    melodies = shown_melodies(ROOT / "notebooks" / "10_tunes_as_text.ipynb")
    assert len(melodies) >= 10
    own = ts.CopiedRuns(ts.read(path) for path in sorted(ts.data_path("songs").glob("*.krn")))
    shown = set().union(*(contours(melody.pitches) for melody in melodies))
    near = [
        tune.text
        for source in ("irish", "han")
        for tune in ts.abc_tunes(source)
        if not shown.isdisjoint(contours(letters(tune.text)))
    ]
    assert len(near) >= 10  # jigs have a contour in common now and then: were there none, nothing would be compared
    learned = ts.CopiedRuns(filter(None, map(readable, near)))
    assert [melody for melody in melodies if copied(melody, learned, own)] == []


@pytest.mark.parametrize("name", ["irish_washerwoman", "greensleeves", "ode_to_joy"])
def test_a_tunes_letters_have_the_contours_of_its_notes(name):
    path = ts.data_path("songs", f"{name}.abc")
    found, played = contours(letters(ts.clean_abc(path.read_text(encoding="utf-8")))), contours(ts.read(path).pitches)
    assert len(found & played) > len(found) / 2  # those across a repeat sign differ: repeats are played out
