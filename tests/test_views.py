"""What a network is told of each step beside its token."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.models.views import ECHOES, LONGEST, VIEWS, WIDEST, Views
from tunesmith.tokens.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["_", "r", "57", "60", "62", "64", "79"])
SIXTEENTH = Fraction(1, 4)
# An upbeat of two steps, then bars of four (1/4): | 62 _ r _ | 64 64 60 _ | 60 _
SONG = ["/", "60", "_", "62", "_", "r", "_", "64", "64", "60", "_", "60", "_"]


def heard(name: str, song=SONG, upbeat="1/2", metre="1/4", metres=("1/4",)) -> list[int]:
    """One view of a song, as plain numbers."""
    views = Views([name], VOCABULARY, SIXTEENTH, metres, ["erk", "kinder"])
    return views(VOCABULARY.ids(song), metre, Fraction(upbeat), "kinder")[:, 0].tolist()


def test_the_place_in_the_bar_is_that_of_the_step_to_come():
    # 0 stands for no metre, so places are counted from 1; the first step of the song lies two before the bar line.
    assert heard("bar") == [3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3]


def test_each_metre_has_its_own_places():
    places = Views(["bar"], VOCABULARY, SIXTEENTH, ["3/4", "6/8"])
    assert places.sizes == [1 + 12 + 12]
    ids = VOCABULARY.ids(["/", "60", "_", "_"])
    assert places(ids, "3/4")[:, 0].tolist() == [1, 2, 3, 4]
    assert places(ids, "6/8")[:, 0].tolist() == [13, 14, 15, 16]


@pytest.mark.parametrize("metre", [None, "5/4"])
def test_a_metre_that_is_not_known_is_none(metre):
    assert set(heard("bar", metre=metre, upbeat=0)) == {0}
    assert set(heard("echo1", metre=metre, upbeat=0)) == {VOCABULARY.ids("/")[0]}


@pytest.mark.parametrize(("name", "bars"), ECHOES.items())
def test_an_echo_is_what_stood_some_bars_before_the_step_to_come(name, bars):
    ids = VOCABULARY.ids(SONG * 5)
    echo = Views([name], VOCABULARY, SIXTEENTH, ["1/4"])(ids, "1/4")[:, 0]
    for place in range(len(ids)):
        before = place + 1 - 4 * bars
        assert echo[place] == (ids[before] if before > 0 else ids[0])


def test_held_counts_the_steps_of_what_sounds():
    assert heard("held") == [0, 1, 2, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2]
    assert max(heard("held", ["/", "60", *"_" * 50])) == LONGEST


def test_pitch_degree_and_interval():
    tokens = list(VOCABULARY)
    assert [tokens[i] for i in heard("pitch")] == [
        "/",
        "60",
        "60",
        "62",
        "62",
        "r",
        "r",
        "64",
        "64",
        "60",
        "60",
        "60",
        "60",
    ]
    assert heard("degree") == [0, 1, 1, 3, 3, 3, 3, 5, 5, 1, 1, 1, 1]  # 1 for C; a rest leaves the note before
    nothing, unison = 0, 1 + WIDEST
    steps = [nothing] * 3 + [unison + i for i in (2, 2, 2, 2, 2, 0, -4, -4, 0, 0)]
    assert heard("interval") == steps
    assert heard("interval", ["/", "60", "79", "60"])[2:] == [2 * WIDEST + 1, 1]  # wider than an octave: as an octave


def test_a_collection_has_a_number_and_any_other_is_the_first():
    views = Views(["collection"], VOCABULARY, SIXTEENTH, (), ["erk", "kinder"])
    ids = VOCABULARY.ids(SONG)
    assert {name: int(views(ids, collection=name)[0, 0]) for name in ("erk", "kinder", "", "han")} == {
        "erk": 0,
        "kinder": 1,
        "": 0,
        "han": 0,
    }


songs = st.lists(st.sampled_from(["_", "r", "57", "60", "62", "64", "79"]), max_size=40)


@settings(max_examples=60)
@given(songs, st.sampled_from([None, "1/4", "3/4"]), st.integers(0, 3))
def test_views_lie_in_their_range_and_know_nothing_of_the_future(song, metre, upbeat):
    views = Views(VIEWS, VOCABULARY, SIXTEENTH, ["1/4", "3/4"], ["erk"])
    ids = VOCABULARY.ids(["/", *song])
    frame = (metre, upbeat * SIXTEENTH if metre else Fraction(0), "erk")
    whole = views(ids, *frame)
    assert whole.shape == (len(ids), len(VIEWS))
    assert (whole >= 0).all() and (whole < np.array(views.sizes)).all()
    for length in range(1, len(ids)):  # cutting the song off changes nothing of what was heard before
        assert (views(ids[:length], *frame) == whole[:length]).all()


@pytest.mark.parametrize("names", [["bars"], ["bar", "bar"]])
def test_unknown_and_repeated_names_are_refused(names):
    with pytest.raises(ValueError, match="should be one of bar, echo1"):
        Views(names, VOCABULARY, SIXTEENTH)


def test_no_views_are_no_numbers():
    assert Views((), VOCABULARY, SIXTEENTH)(VOCABULARY.ids(SONG)).shape == (len(SONG), 0)
