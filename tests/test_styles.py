"""Two collections as one: families on one side, ratios to the nearest tune, no tune twice."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.learn.styles import concatenated, labelled, mixed, split_together
from tunesmith.music.abc_tunes import AbcTune


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tune(number: int, title: str = "", opening: str = "") -> AbcTune:
    """A tune whose opening no other number has, unless it is given."""
    opening = opening or "".join("CDEFGABc"[number // 8**place % 8] for place in range(5)) * 2
    return AbcTune(f"{number}", title, f"M:4/4\nL:1/8\nK:C\n{opening}|c{number % 7 + 1}|]\n")


def collection(first: int, count: int) -> list[AbcTune]:
    return [tune(number) for number in range(first, first + count)]


# --- Dividing --------------------------------------------------------------------------------------


def test_all_tunes_are_divided_once_and_in_order():
    collections = {"a": collection(0, 60), "b": collection(100, 40)}
    parts = split_together(collections)
    assert [list(part) for part in parts] == [["a", "b"]] * 3
    for name, tunes in collections.items():
        texts = [one.text for one in tunes]
        assert sorted(texts) == sorted(text for part in parts for text in part[name])
        for part in parts:
            assert part[name] == [text for text in texts if text in set(part[name])]
        assert len(parts[0][name]) == round(0.8 * len(tunes))


def test_strangers_are_divided_as_each_by_itself():
    """So a network that learns from both has the same test tunes as the one that learns from one alone."""
    collections = {"a": collection(0, 60), "b": collection(100, 40)}
    parts = split_together(collections, seed=3)
    for name, tunes in collections.items():
        alone = ts.split([one.text for one in tunes], titles=[one.title for one in tunes], seed=3)
        assert [part[name] for part in parts] == list(alone)


@pytest.mark.parametrize("by", ["title", "opening"])
def test_a_family_in_both_collections_stays_on_one_side(by):
    pairs = [{by: f"The tune of {n}" if by == "title" else "CDE" + "FGAB"[n % 4] * 4 + "abc" * (n // 4 + 1)}
             for n in range(40)]  # fmt: skip
    collections = {
        "a": [tune(n, **pair) for n, pair in enumerate(pairs)],
        "b": [tune(n + 1000, **pair) for n, pair in enumerate(pairs)],
    }
    if by == "title":
        assert all(x.text != y.text for x, y in zip(*collections.values(), strict=True))
    parts = split_together(collections)
    assert sum(len(part[name]) for part in parts for name in part) == 80
    side = {text: place for place, part in enumerate(parts) for texts in part.values() for text in texts}
    for a, b in zip(*collections.values(), strict=True):
        assert side[a.text] == side[b.text]
    if by == "title":
        assert {side[one.text] for one in collections["a"]} == {0, 1, 2}


def test_the_same_text_twice_is_kept_twice_on_one_side():
    twice = [tune(5), *collection(10, 20), tune(5)]
    parts = split_together({"a": twice, "b": [tune(5), *collection(50, 20)]})
    counts = [(part["a"] + part["b"]).count(tune(5).text) for part in parts]
    assert sorted(counts) == [0, 0, 3]


def test_one_collection_no_tunes_and_shares_that_are_none():
    (train, valid, test) = split_together({"a": collection(0, 10)}, (0.5, 0.5, 0.0))
    assert (len(train["a"]), len(valid["a"]), test["a"]) == (5, 5, [])
    assert split_together({"a": [], "b": collection(0, 2)})[0]["a"] == []
    with pytest.raises(ValueError) as error:
        split_together({"a": collection(0, 10)}, (0.5, 0.5, 0.5))
    one_clear_line(error.value, "add up to 1")


# --- Joining ---------------------------------------------------------------------------------------


def test_concatenated():
    assert concatenated(["a", "b"], ["c"]) == ["a", "b", "c"]
    assert concatenated([], ["c"]) == ["c"]


def test_mixed_by_hand():
    first, second = [f"a{n}" for n in range(30)], [f"b{n}" for n in range(10)]
    expected = {0.5: (10, 10), 0.75: (30, 10), 0.9: (30, 3), 0.0: (0, 10), 1.0: (30, 0), 0.25: (4, 10)}
    for ratio, counts in expected.items():
        tunes = mixed(first, second, ratio, generator())
        assert (sum(t[0] == "a" for t in tunes), sum(t[0] == "b" for t in tunes)) == counts, ratio


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.integers(0, 99))
def test_mixed_is_exact_and_takes_no_tune_twice(a, b, ratio, seed):
    first, second = [f"a{n}" for n in range(a)], [f"b{n}" for n in range(b)]
    tunes = mixed(first, second, ratio, generator(seed))
    assert set(tunes) <= {*first, *second} and max(Counter(tunes).values(), default=1) == 1
    share = sum(one.startswith("a") for one in tunes)
    assert abs(share - ratio * len(tunes)) <= 0.5  # to the nearest tune
    used_up = share == a or len(tunes) - share == b
    one_more = {share, share + 1}
    assert used_up or not any(abs(n - ratio * (len(tunes) + 1)) <= 0.5 for n in one_more)


def test_mixed_shuffles_and_its_generator_decides():
    first, second = [f"a{n}" for n in range(50)], [f"b{n}" for n in range(50)]
    tunes = mixed(first, second, 0.5, generator(1))
    assert tunes == mixed(first, second, 0.5, generator(1)) != mixed(first, second, 0.5, generator(2))
    kinds = "".join(one[0] for one in tunes)
    assert 25 <= sum(x != y for x, y in pairwise(kinds)) <= 75  # neither sorted nor in turn


@pytest.mark.parametrize("ratio", [-0.1, 1.01, float("nan")])
def test_a_ratio_that_is_none(ratio):
    with pytest.raises(ValueError) as error:
        mixed(["a"], ["b"], ratio, generator())
    one_clear_line(error.value, f"ratio {ratio}", "between 0 and 1")


def test_nothing_to_mix():
    for pair, which in ((([], ["b"]), "first"), ((["a"], []), "second")):
        with pytest.raises(ValueError) as error:
            mixed(*pair, 0.5, generator())
        one_clear_line(error.value, f"the {which} collection", "no tunes")


def test_labelled():
    assert labelled({"irish": ["x", "y"], "han": ["z"]}) == [("x", "irish"), ("y", "irish"), ("z", "han")]
    for collections in ({}, {"irish": ["x"]}):
        with pytest.raises(ValueError) as error:
            labelled(collections)
        one_clear_line(error.value, "two or more")


def test_a_network_takes_each():
    """What the three give is what `TextWindows` reads."""
    texts = {"a": [one.text for one in collection(0, 5)], "b": [one.text for one in collection(50, 5)]}
    characters = ts.Characters.of([*texts["a"], *texts["b"]])
    for tunes in (concatenated(*texts.values()), mixed(*texts.values(), 0.5, generator())):
        assert ts.TextWindows(characters, tunes, 16).draw(3, generator()).styles is None
    styles = ts.TextWindows(characters, labelled(texts), 16, ("a", "b")).draw(50, generator()).styles
    assert set(map(tuple, styles.tolist())) == {(1.0, 0.0), (0.0, 1.0)}
