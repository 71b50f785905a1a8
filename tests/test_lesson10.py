"""Lesson 10: ways of one's own through its exercises that must pass, near misses that must not; nothing is copied.

A wrong answer with a hint of its own stands in wrong_answers/. Here are those that share a hint with another.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
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


def runs(heights):
    """Every run of 16 notes as 15 intervals, listed by contour: up, down or the same."""
    intervals = [after - before for before, after in pairwise(heights)]
    found = defaultdict(list)
    for start in range(len(intervals) - RUN + 1):
        run = intervals[start : start + RUN]
        found[tuple((interval > 0) - (interval < 0) for interval in run)].append(run)
    return found


def letters(text):
    """The heights of a tune's letters in steps of the scale; tied notes are one, grace notes and repeats left out."""
    music = re.sub(r"\{[^}]*\}", "", text.split("\n", 3)[3])
    music = re.sub(r"-[^A-Ga-g]*[A-Ga-g][,']*", "", music)
    notes = re.findall(r"([A-Ga-g])([,']*)", music)
    return ["CDEFGABcdefgab".index(letter) + 7 * (marks.count("'") - marks.count(",")) for letter, marks in notes]


def near(heights, shown):
    """Whether a run of these letters may be a run of notes in `shown`, which counts in semitones.

    An octave has 7 steps and 12 semitones. A scale's own intervals differ from that by up to 6/7 of a semitone, and
    one more may come from a sharp or flat: 13/7.
    """
    return any(
        all(abs(7 * semitones - 12 * steps) <= 13 for semitones, steps in zip(theirs, run))
        for contour, several in runs(heights).items()
        for run in several
        for theirs in shown.get(contour, ())
    )


@pytest.mark.slow
def test_no_tune_of_the_lesson_is_copied_from_what_its_networks_learned():
    """`test_generated` looks at the songs that `erk` learned; these are those of `irish` and `irish_han`.

    Three thousand tunes take music21 ten minutes, so only those are read whose letters may be 16 notes of the lesson's.
    """
    melodies = shown_melodies(ROOT / "notebooks" / "10_tunes_as_text.ipynb")
    assert len(melodies) >= 10
    own = ts.CopiedRuns(ts.read(path) for path in sorted(ts.data_path("songs").glob("*.krn")))
    texts = [tune.text for source in ("irish", "han") for tune in ts.abc_tunes(source)]
    shown = defaultdict(list)
    for melody in melodies:
        for contour, several in runs(melody.pitches).items():
            shown[contour] += several
    learned = ts.CopiedRuns(filter(None, (readable(text) for text in texts if near(letters(text), shown))))
    assert [melody for melody in melodies if copied(melody, learned, own)] == []
    for text in texts[::800]:  # a copy would be among those that are read
        copy = readable(text)
        assert copy is None or near(letters(text), runs(copy.transpose(2).pitches))


@pytest.mark.parametrize("name", ["irish_washerwoman", "greensleeves", "ode_to_joy"])
def test_a_tunes_letters_are_near_its_notes(name):
    path = ts.data_path("songs", f"{name}.abc")
    heights, played = letters(ts.clean_abc(path.read_text(encoding="utf-8"))), ts.read(path).transpose(-3).pitches
    found = [near(heights[place : place + RUN + 1], runs(played)) for place in range(len(heights) - RUN)]
    assert sum(found) > len(found) / 2  # those across a repeat sign differ: repeats are played out
    assert not near(heights, runs([*played][::-1]))  # backwards it is another tune
