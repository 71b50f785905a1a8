"""Open tasks, and 9.3 and 9.4: ways of one's own that must pass, and near misses that must not.

A wrong answer with a hint of its own stands in wrong_answers/. Here are those that share a hint with another.
"""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
import torch

from tunesmith.course import lesson06
from tunesmith.course.exercises import find, verdict
from tunesmith.course.judging import cut, is_number, own_tunes

# --- 3.5: a tune in Kern ------------------------------------------------------------------------------

BARS = ["4d 4g 8a 8b", "4cc 4b 4a", "4b 8a 8g 4e", "2.g"]


def _kern(*bars: str, metre: str = "3/4") -> str:
    lines = ["**kern", f"*M{metre}", "*G:"]
    for number, bar in enumerate(bars, 1):
        lines += [f"={number}", *bar.split()]
    return "\n".join([*lines, "==", "*-"])


@pytest.mark.parametrize(
    "text",
    [
        _kern(*BARS),
        _kern("4d 4g 8aL 8bJ", "4cc (4b) 4a", "4r 4b 4e", "2.g;"),
        _kern("4d 4g [4a", "4a] 4b 4a", "4b 8a 8g 4e", "2.g"),
        _kern(*BARS) + "\n!!! a comment",
    ],
    ids=["plain", "beams, a slur, a rest, a fermata", "a tie over the bar line", "a comment at the end"],
)
def test_a_tune_with_other_signs_passes(text):
    assert verdict("3.5", lambda: text)[0]


@pytest.mark.parametrize(
    "text, said",
    [
        (_kern("4d 8qb 4g 8a 8b", *BARS[1:]), "no grace notes"),
        (_kern("4d qb 4g 8a 8b", *BARS[1:]), "no grace notes"),
        (_kern("0g", "1a 1b", "1d 1e", "0g", metre="4/2"), "begin with 0"),
        (_kern("[0g", "0g]", "1d 1e", "1a 1g", metre="4/2"), "begin with 0"),
        (_kern("4d] 4g 8a 8b", *BARS[1:]), "tie in bar 1 joins nothing"),
        (_kern("4d [4g 8a] 8b", *BARS[1:]), "tie in bar 1 joins nothing"),
        (_kern(*BARS) + "\nfin", "below *-"),
    ],
)
def test_what_the_lessons_reader_cannot_read_is_named(text, said):
    passed, line = verdict("3.5", lambda: text)
    assert not passed and said in line


# --- 4.6: a token language ----------------------------------------------------------------------------


def _language(make_pitch, make_steps):
    def my_language():
        def encode(notes):
            return [f"{pitch}:{steps}" for pitch, steps in notes]

        def decode(tokens):
            halves = [token.split(":") for token in tokens]
            return [(None if pitch == "None" else make_pitch(pitch), make_steps(steps)) for pitch, steps in halves]

        return encode, decode

    return my_language


@pytest.mark.parametrize("number", [int, np.int64], ids=["int", "NumPy's int"])
def test_whole_numbers_come_back(number):
    assert verdict("4.6", _language(number, number))[0]


@pytest.mark.parametrize("make_pitch, make_steps", [(float, int), (int, float), (int, Fraction)])
def test_pitches_and_steps_are_whole_numbers(make_pitch, make_steps):
    passed, line = verdict("4.6", _language(make_pitch, make_steps))
    assert not passed and "whole numbers (int), not" in line


# --- 5.7: batches -------------------------------------------------------------------------------------


def _by_bars(lengths, size, rng):
    """As `ts.WholeSongs` does: sorted by length in bars, by lot among equals."""
    order = rng.sample(range(len(lengths)), len(lengths))
    return _cut_up(sorted(order, key=lambda i: lengths[i] // 16), size, rng)


def _by_pools(lengths, size, rng):
    order = rng.sample(range(len(lengths)), len(lengths))
    pools = [order[i : i + 8 * size] for i in range(0, len(order), 8 * size)]
    return _cut_up([i for pool in pools for i in sorted(pool, key=lengths.__getitem__)], size, rng)


def _by_swaps(lengths, size, rng):
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    pools = [order[i : i + 2 * size] for i in range(0, len(order), 2 * size)]
    return _cut_up([i for pool in pools for i in rng.sample(pool, len(pool))], size, rng)


def _by_numpy(lengths, size, rng):
    about = np.array(lengths) * np.array([rng.uniform(0.9, 1.1) for _ in lengths])
    return _cut_up(list(np.argsort(about)), size, rng)


def _by_shifts(lengths, size, rng):
    """Always the same order; only the first cut moves."""
    first, order = rng.randrange(1, size + 1), sorted(range(len(lengths)), key=lengths.__getitem__)
    return [order[:first], *(_cut_up(order[first:], size, rng))]


def _cut_up(order, size, rng):
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches


def _after_darts(way, count):
    """The same way, after a few numbers drawn for nothing."""

    def my_batches(lengths, size, rng):
        for _ in range(count):
            rng.random()
        return way(lengths, size, rng)

    return my_batches


@pytest.mark.parametrize("count", [0, 3, 7])
@pytest.mark.parametrize("way", [_by_bars, _by_pools, _by_swaps, _by_numpy])
def test_a_good_way_to_make_batches_passes_whatever_the_darts(way, count):
    passed, line = verdict("5.7", _after_darts(way, count))
    assert passed, line


@pytest.mark.parametrize("count", [0, 3, 7])
def test_a_way_that_mixes_too_little_fails_whatever_the_darts(count):
    passed, line = verdict("5.7", _after_darts(_by_shifts, count))
    assert not passed and "meet again" in line


# --- 6.6: a model without a network -------------------------------------------------------------------


def _model(change):
    """The course's answer, its probabilities changed on their way out."""

    def my_model(train, vocabulary):
        foretell = find("6.6").reference(train, vocabulary)
        return lambda written: change(foretell(written), written, vocabulary)

    return my_model


def _no_hold_first(p, written, vocabulary):
    kept = [0.0 if token == "_" and not written else x for x, token in zip(p, vocabulary, strict=True)]
    return [x / sum(kept) for x in kept]


@pytest.mark.parametrize(
    "change",
    [
        lambda p, *_: tuple(p),
        lambda p, *_: np.array(p, dtype=np.float32),
        lambda p, *_: torch.tensor(p),
        _no_hold_first,
    ],
    ids=["a tuple", "an array", "a tensor", "nought for what can't come"],
)
def test_a_model_that_the_cells_can_use_passes(change):
    assert verdict("6.6", _model(change))[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda p, _, vocabulary: dict(zip(vocabulary, p, strict=True)).values(),
        lambda p, *_: map(float, p),
        lambda p, *_: set(p),
        lambda p, *_: [str(x) for x in p],
        lambda p, *_: [None for _ in p],
        lambda p, *_: None,
    ],
    ids=["a dict's values", "a map", "a set", "text", "None in a list", "None"],
)
def test_a_model_that_the_cells_cannot_use_fails(change):
    passed, line = verdict("6.6", _model(change))
    assert not passed and "your model gives" in line and "can't be compared" not in line


# --- 7.5: a rule between logits and lot ---------------------------------------------------------------


def _rule(taste):
    """What is asked for, and a taste: of a pitch class, the place in the bar, the number of the bar."""

    def my_rule(logits, tokens, written, left):
        pitches = [token for token in written if token.isdigit()]
        tired = pitches[-1] if len(pitches) > 2 and len(set(pitches[-3:])) == 1 else ""

        def allowed(token):
            if left <= 4:
                return token == "_" if left < 4 else token in ("60", "72") and token != tired
            if token == "/" or token == tired or (token.isdigit() and not 57 <= int(token) <= 76):
                return False
            return taste(token, len(written) % 16, len(written) // 16)

        return [x if allowed(token) else -math.inf for x, token in zip(logits, tokens, strict=True)]

    return my_rule


def _pitch_classes(*classes):
    return lambda token, *_: not token.isdigit() or int(token) % 12 in classes


TASTES = {
    "none": lambda *_: True,
    "the triad": _pitch_classes(0, 4, 7),
    "five notes": _pitch_classes(0, 2, 4, 7, 9),
    "black keys": _pitch_classes(1, 3, 6, 8, 10),
    "a chord for each bar": lambda token, place, bar: (
        not token.isdigit() or int(token) % 12 in ((0, 4, 7), (5, 9, 0), (7, 11, 2))[bar % 3]
    ),
    "notes on beats": lambda token, place, _: not token.isdigit() or place % 4 == 0,
    "quarters only": lambda token, place, _: (token != "_") == (place % 4 == 0),
    "a rest at the end of a bar": lambda token, place, _: token == "r" if place == 15 else True,
}


@pytest.mark.parametrize("taste", TASTES.values(), ids=TASTES)
def test_a_rule_with_a_taste_of_its_own_passes(taste):
    passed, line = verdict("7.5", _rule(taste))
    assert passed, line


def _through(change):
    """A right rule, its logits changed on their way out."""

    def my_rule(logits, tokens, written, left):
        changed = _rule(TASTES["none"])(logits, tokens, written, left)
        return [x if x == -math.inf else change(x, left) for x in changed]

    return my_rule


@pytest.mark.parametrize(
    "change", [lambda x, left: 2 * x, lambda x, left: x + 3, lambda x, left: x / 2 + random.Random(left).random()]
)
def test_a_rule_that_bends_the_logits_passes(change):
    assert verdict("7.5", _through(change))[0]


@pytest.mark.parametrize(
    "change",
    [lambda x, left: 1.0, lambda x, left: 1e-9 * x, lambda x, left: x if left == 20 else 0.0],
    ids=["deaf", "next to deaf", "deaf but once"],
)
def test_a_rule_that_does_not_listen_fails(change):
    passed, line = verdict("7.5", _through(change))
    assert not passed and "whatever the network likes" in line


@pytest.mark.parametrize("odd, said", [(math.nan, "is nan"), (math.inf, "is inf")])
def test_the_logit_that_is_none_is_quoted(odd, said):
    passed, line = verdict("7.5", lambda logits, *_: [*logits[:-1], odd])
    assert not passed and said in line


def test_a_rule_that_changes_its_length_later_fails():
    def my_rule(logits, tokens, written, left):
        changed = _rule(TASTES["none"])(logits, tokens, written, left)
        return changed if logits[0] < logits[-1] else changed[:-1]

    passed, line = verdict("7.5", my_rule)
    assert not passed and "40 logits for 41 tokens" in line


# --- what the judges share ----------------------------------------------------------------------------


def test_what_counts_as_a_number():
    assert all(map(is_number, (0, -2.5, 10**400, np.int64(3), np.float32(0.5), Fraction(1, 2))))
    assert not any(map(is_number, (True, np.bool_(1), math.nan, math.inf, np.float64("nan"), "1", None, [1], 1j)))


def test_long_values_are_cut():
    assert cut("abc") == "'abc'"
    assert cut("x" * 58) == repr("x" * 58)
    assert cut("x" * 59) == "'" + "x" * 56 + "…"
    assert len(cut(list(range(99)), 40)) == 38


def test_the_courses_own_tunes_have_an_empty_signature():
    assert len(own_tunes()) == 18
    assert {tune.key.signature for tune in own_tunes()} == {0}
    assert lesson06._tunes()[0][0].isdigit()


# --- 9.3 and 9.4: as many units as fit, and two products for four gates --------------------------------


def _units_that_fit(count, fits):
    def answer(inputs, budget):
        H = 0
        while fits(count(inputs, H + 1), budget):
            H += 1
        return H

    return answer


def _gru(inputs, H):
    return 3 * (inputs * H + H * H + H) + H


@pytest.mark.parametrize(
    "count, fits, right",
    [
        (_gru, lambda n, budget: n <= budget, True),
        (_gru, lambda n, budget: n < budget, False),
        (lambda inputs, H: _gru(inputs, H) - H, lambda n, budget: n <= budget, False),  # no c_n
        (lambda inputs, H: _gru(inputs, H) + 2 * H, lambda n, budget: n <= budget, False),  # PyTorch's biases
    ],
    ids=["at most", "below", "no c_n", "all of PyTorch's biases"],
)
def test_units_for_a_budget(count, fits, right):
    assert verdict("9.3", _units_that_fit(count, fits))[0] == right


def _joined(product):
    def answer(x, h, W, U, b):
        W, U, b = (np.hstack(parts) for parts in (W, U, b))
        return np.split(product(x, W) + product(h, U) + b, 4, axis=1)

    return answer


def _apart(product):
    return lambda x, h, W, U, b: [product(x, W[k]) + product(h, U[k]) + b[k] for k in range(4)]


PRODUCTS = {
    "@": lambda a, b: a @ b,
    "dot": lambda a, b: a.dot(b),
    "np.dot": np.dot,
    "einsum": lambda a, b: np.einsum("bi,ih->bh", a, b),
}


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_products_are_counted_however_they_are_written(product):
    assert verdict("9.4", _joined(product)) == (True, verdict("9.4", find("9.4").reference)[1])
    assert not verdict("9.4", _apart(product))[0]
