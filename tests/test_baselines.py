"""The three tables that guess without a network: counted by hand."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.learn.baselines import bigram_table, uniform_table, unigram_table
from tunesmith.tokens.vocabulary import DELIMITER, Vocabulary

VOCABULARY = Vocabulary(["_", "60", "62"])
SONGS = ["60 _ 62", "60 _ _"]
some_songs = st.lists(st.lists(st.sampled_from(["_", "60", "62"]), max_size=6), max_size=5)


def shares(table, row):
    """A row as fractions, by token; each is a count over the row's sum, so a small one."""
    return {
        token: Fraction(math.exp(x)).limit_denominator(100) for token, x in zip(VOCABULARY, table[row], strict=True)
    }


def test_the_uniform_table():
    table = uniform_table(VOCABULARY)
    assert table.shape == (4, 4) and table.dtype == torch.float64
    assert table.unique().tolist() == [pytest.approx(-math.log(4), abs=1e-15)]


def test_the_unigram_table_by_hand():
    """Targets: 60 twice, _ three times, 62 once, the end twice; one more of each; 12 in all."""
    table = unigram_table(VOCABULARY, SONGS)
    assert table.shape == (4, 4)
    for row in range(4):
        assert shares(table, row) == {
            "/": Fraction(3, 12),
            "_": Fraction(4, 12),
            "60": Fraction(3, 12),
            "62": Fraction(2, 12),
        }


def test_the_bigram_table_by_hand():
    table = bigram_table(VOCABULARY, SONGS)
    end, hold, c, d = VOCABULARY.ids([DELIMITER, "_", "60", "62"])
    assert shares(table, end) == {"/": Fraction(1, 6), "_": Fraction(1, 6), "60": Fraction(3, 6), "62": Fraction(1, 6)}
    assert shares(table, hold) == {"/": Fraction(2, 7), "_": Fraction(2, 7), "60": Fraction(1, 7), "62": Fraction(2, 7)}
    assert shares(table, c) == {"/": Fraction(1, 6), "_": Fraction(3, 6), "60": Fraction(1, 6), "62": Fraction(1, 6)}
    assert shares(table, d) == {"/": Fraction(2, 5), "_": Fraction(1, 5), "60": Fraction(1, 5), "62": Fraction(1, 5)}


def test_without_songs_all_are_uniform():
    for table in (unigram_table(VOCABULARY, []), bigram_table(VOCABULARY, [])):
        assert torch.allclose(table, uniform_table(VOCABULARY), rtol=0, atol=1e-15)


def test_an_unknown_token():
    for count in (unigram_table, bigram_table):
        with pytest.raises(ValueError, match="'63'"):
            count(VOCABULARY, ["60 63"])


@given(some_songs)
def test_each_row_adds_up_to_one_and_nothing_is_impossible(songs):
    for count in (unigram_table, bigram_table):
        table = count(VOCABULARY, songs)
        assert table.isfinite().all()
        assert table.exp().sum(1).tolist() == pytest.approx([1] * 4, abs=1e-12)
    counts = [sum(song.count(token) for song in songs) for token in list(VOCABULARY)[1:]]
    unigram = unigram_table(VOCABULARY, songs)[0].exp().tolist()
    total = sum(counts) + len(songs) + 4
    assert unigram == pytest.approx([(n + 1) / total for n in (len(songs), *counts)])


@given(some_songs)
def test_the_order_of_songs_makes_no_difference(songs):
    assert torch.equal(bigram_table(VOCABULARY, songs), bigram_table(VOCABULARY, songs[::-1]))
