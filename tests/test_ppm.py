"""PPM: by hand, against counting by brute force, and what must hold for any songs."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import melodies  # noqa: F401 – the same examples at every run
from tunesmith.learn.ppm import PPM, combine, entropy, song_guesses, song_ppm
from tunesmith.tokens.vocabulary import Vocabulary

V = 5
songs = st.lists(st.lists(st.integers(0, V - 1), max_size=9), max_size=5)
contexts = st.lists(st.integers(0, V - 1), max_size=9)
orders = st.none() | st.integers(0, 4)


def model(order, *songs, exclude=False, size=V):
    ppm = PPM(size, order, exclude)
    for song in songs:
        ppm.learn(song)
    return ppm


def test_by_hand():
    """After 0 1 0 2 0 1: order 0 counts 3, 2, 1 of 3 different; after 0 came 1 twice and 2 once."""
    ppm = model(1, [0, 1, 0, 2, 0, 1], size=4)
    order_0 = [(3 + 3 / 4) / 9, (2 + 3 / 4) / 9, (1 + 3 / 4) / 9, (3 / 4) / 9]
    assert ppm.probabilities([], order=0) == pytest.approx(order_0)
    order_1 = [2 * order_0[0] / 5, (2 + 2 * order_0[1]) / 5, (1 + 2 * order_0[2]) / 5, 2 * order_0[3] / 5]
    assert ppm.probabilities([0]) == pytest.approx(order_1)
    assert ppm.probabilities([3]) == pytest.approx(order_0)  # nothing ever came after 3


def test_exclusion_by_hand():
    """After 0, order 1 has seen 1 and 2: of order 0's counts 3, 2, 1 only the 3 of id 0 makes up its n."""
    ppm = model(1, [0, 1, 0, 2, 0, 1], exclude=True, size=4)
    left = 2 / 5  # what order 1 leaves to order 0, with n = 3 and two followers
    share = left / (3 + 3)
    order_minus_1 = left * 3 / 6 / (4 + 1 - 3)
    raw = np.array([3 * share, 2 / 5 + 2 * share, 1 / 5 + share, 0]) + order_minus_1
    assert ppm.probabilities([0]) == pytest.approx(raw / raw.sum())


def test_an_untaught_model_guesses():
    for exclude in (False, True):
        assert PPM(4, None, exclude).probabilities([1, 2, 3]) == pytest.approx([0.25] * 4)


@given(songs, contexts, orders, st.booleans())
def test_it_is_a_distribution(songs, context, order, exclude):
    p = model(order, *songs, exclude=exclude).probabilities(context)
    assert p.shape == (V,) and p.dtype == np.float64
    assert p.sum() == pytest.approx(1) and (p > 0).all()


@given(songs)
def test_order_0_counts(songs):
    counts = Counter(i for song in songs for i in song)
    n, u = sum(counts.values()), len(counts)
    expected = [(counts[i] + u / V) / (n + u) if n else 1 / V for i in range(V)]
    assert model(0, *songs).probabilities([1, 2]) == pytest.approx(expected)


@given(songs, st.integers(0, V - 1))
def test_order_1_counts_pairs(songs, before):
    ppm = model(1, *songs)
    after = Counter(b for song in songs for a, b in pairwise(song) if a == before)
    n, u = sum(after.values()), len(after)
    shorter = ppm.probabilities([], order=0)
    expected = [(after[i] + u * shorter[i]) / (n + u) for i in range(V)] if n else shorter
    assert ppm.probabilities([before]) == pytest.approx(expected)


@given(songs, contexts, st.integers(0, 4), st.booleans())
def test_a_table_of_long_contexts_holds_those_of_short_ones(songs, context, order, exclude):
    long, short = (model(most, *songs, exclude=exclude) for most in (4, order))
    assert long.probabilities(context, order=order) == pytest.approx(short.probabilities(context), abs=0)


@given(songs, contexts)
def test_ppm_star_starts_from_the_shortest_deterministic_context(songs, context):
    star = model(None, *songs, exclude=True)
    bounded = model(20, *songs, exclude=True)
    followers = [
        {song[i + n] for song in songs for i in range(len(song) - n) if song[i : i + n] == context[len(context) - n :]}
        for n in range(len(context) + 1)
    ]
    first = next((n for n, found in enumerate(followers) if len(found) == 1), len(context))
    assert star.probabilities(context) == pytest.approx(bounded.probabilities(context, order=first))


@given(songs, contexts, orders)
def test_it_learns_on_while_it_reads(songs, song, order):
    reader = model(order, *songs)
    read = reader.log_probabilities(song, learning=True)
    assert read.shape == (len(song), V)
    if song:  # the first note was foretold before it was learned
        assert read[0] == pytest.approx(model(order, *songs).log_probabilities(song)[0])
    again = model(order, *songs, song)
    assert reader.probabilities(song) == pytest.approx(again.probabilities(song))


def test_it_does_not_learn_unless_asked():
    ppm = model(2, [0, 1, 2])
    first = ppm.log_probabilities([2, 2, 2])
    assert (ppm.log_probabilities([2, 2, 2]) == first).all()
    assert (ppm.log_probabilities([2, 2, 2], learning=True)[2] != first[2]).any()


def test_a_memory_of_the_piece_foretells_what_is_repeated():
    tune = [0, 3, 1, 4, 2] * 4
    memory = PPM(V, None, exclude=True).log_probabilities(tune, learning=True)
    costs = -memory[range(len(tune)), tune]
    assert costs[:5].mean() > math.log(V) > math.log(2) > costs[10:].mean()


@given(songs, contexts.filter(len))
def test_what_is_given_is_context_alone(songs, song):
    ppm = model(2, *songs)
    assert (ppm.log_probabilities(song, given=1) == ppm.log_probabilities(song)[1:]).all()
    counted = PPM(V, 0).learn(song, given=1)
    assert counted.probabilities([]) == pytest.approx(PPM(V, 0).learn(song[1:]).probabilities([]))


@pytest.mark.parametrize("bad", [-1, V])
def test_ids_outside_the_alphabet(bad):
    ppm = PPM(V)
    for call in (ppm.learn, ppm.probabilities, ppm.log_probabilities):
        with pytest.raises(ValueError, match=f"id {bad} is outside this model's alphabet: 0 to 4"):
            call([0, bad])


@pytest.mark.parametrize("settings", [(0, 2), (5, -1)])
def test_settings_out_of_range(settings):
    with pytest.raises(ValueError, match="should be 1 or more, and order"):
        PPM(*settings)


def log_rows(*rows):
    return np.log(np.array(rows) / np.array(rows).sum(-1, keepdims=True))


def test_the_surer_model_counts_more():
    sure, unsure = log_rows([97, 1, 1, 1]), log_rows([1, 1, 1, 3])
    p = [np.exp(combine([sure, unsure], exponent))[0, 0] for exponent in (0, 1, 4)]
    assert p[0] < p[1] < p[2] < 0.97
    even = np.sqrt(np.exp(sure + unsure))
    assert np.exp(combine([sure, unsure], 0)) == pytest.approx(even / even.sum())


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=1, max_size=4), st.floats(0, 9))
def test_combined_guesses_add_up_to_1(rows, exponent):
    guesses = [log_rows(row) for row in rows]
    assert np.exp(combine(guesses, exponent)).sum(-1) == pytest.approx(1)
    assert combine([guesses[0]] * 3, exponent) == pytest.approx(guesses[0])


def test_a_certain_guess_does_not_break_the_combination():
    certain = np.log(np.array([[1 - 2e-300, 1e-300, 1e-300]]))
    assert np.isfinite(combine([certain, log_rows([1, 1, 1])], 2)).all()


@pytest.mark.parametrize("models, exponent", [([], 1), ([np.zeros((1, 1))], -1), ([np.zeros((1, 1))], math.nan)])
def test_nothing_to_combine(models, exponent):
    with pytest.raises(ValueError, match=r"exponent .* should be 0 or more"):
        combine(models, exponent)


def test_entropy_lies_between_none_and_all_alike():
    assert entropy(log_rows([1, 1, 1, 1])) == pytest.approx([math.log(4)])
    assert entropy(np.log([[1 - 3e-12, 1e-12, 1e-12, 1e-12]])) == pytest.approx([0], abs=1e-9)


def test_token_songs_by_order():
    """All orders from one table; the end of a song is foretold, its beginning is known."""
    train = ["60 _ 62 _"] * 3 + ["60 _ 64 _"]
    vocabulary = Vocabulary.of(train)
    table = song_ppm(vocabulary, train)
    losses = []
    for order in (0, 1, 2, 3, 8):
        ((logs, came),) = song_guesses(table, vocabulary, ["60 _ 62 _"], order)
        assert logs.shape == (5, len(vocabulary)) and vocabulary.tokens(came) == ["60", "_", "62", "_", "/"]
        losses.append(-logs[range(5), came].mean())
    assert losses == sorted(losses, reverse=True) and losses[0] > 3 * losses[-1]
    assert np.exp(logs[0, vocabulary.ids(["60"])]) > 0.7  # every song begins so
