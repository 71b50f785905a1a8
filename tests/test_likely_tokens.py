"""top_k and top_p: only the likely tokens are kept."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from melodies import one_clear_line
from tunesmith.learn import sample as room
from tunesmith.learn.sample import generate, probabilities, sample
from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.models.window_lstm import WindowLSTM
from tunesmith.tokens.vocabulary import Vocabulary

# Ten powers of two: ties are frequent, and halves, quarters … add up without rounding.
some_logits = st.lists(
    st.integers(-5, 4).map(lambda n: n * math.log(2)) | st.floats(-30, 30), min_size=1, max_size=9
).map(lambda x: torch.tensor(x, dtype=torch.float64))
some_p = st.floats(1e-6, 1)


def of(*p):
    """Logits with these probabilities."""
    return torch.tensor(p, dtype=torch.float64).log()


def kept(p):
    return [i for i, x in enumerate(p.tolist()) if x > 0]


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"top_k": 1}, [0, 0, 1, 0]),
        ({"top_k": 2}, [0, 3 / 8, 5 / 8, 0]),
        ({"top_k": 3}, [1 / 9, 3 / 9, 5 / 9, 0]),
        ({"top_k": 4}, [0.1, 0.3, 0.5, 0.1]),
        ({"top_p": 0.4}, [0, 0, 1, 0]),
        ({"top_p": 0.6}, [0, 3 / 8, 5 / 8, 0]),
        ({"top_p": 0.85}, [1 / 9, 3 / 9, 5 / 9, 0]),  # of equals the first
        ({"top_p": 0.95}, [0.1, 0.3, 0.5, 0.1]),
        ({"top_p": 1}, [0.1, 0.3, 0.5, 0.1]),
        ({"top_p": 1e-300}, [0, 0, 1, 0]),
        ({"top_k": 2, "top_p": 0.6}, [0, 0, 1, 0]),  # of the two, the first has 5/8
        ({"top_k": 2, "top_p": 0.65}, [0, 3 / 8, 5 / 8, 0]),
    ],
)
def test_by_hand(settings, expected):
    logits = of(0.1 - 1e-9, 0.3, 0.5, 0.1 - 2e-9) if settings.get("top_k") == 3 else of(0.1, 0.3, 0.5, 0.1)
    assert probabilities(logits, **settings).tolist() == pytest.approx(expected, abs=1e-8)


def test_top_k_keeps_those_as_likely_as_the_kth():
    assert probabilities(of(0.25, 0.5, 0.125, 0.125), top_k=3).tolist() == pytest.approx([0.25, 0.5, 0.125, 0.125])
    assert probabilities(of(0.25, 0.25, 0.25, 0.25), top_k=1).tolist() == pytest.approx([0.25] * 4)
    assert kept(probabilities(of(0.4, 0.3, 0.3, 1e-9), top_k=2)) == [0, 1, 2]


def test_exactly_p_is_enough():
    """Half and half: the nucleus of 0.5 is one token, that of a little more is two."""
    assert kept(probabilities(of(0.5, 0.25, 0.25), top_p=0.5)) == [0]
    assert kept(probabilities(of(0.5, 0.25, 0.25), top_p=math.nextafter(0.5, 1))) == [0, 1]
    assert kept(probabilities(of(0.5, 0.25, 0.25), top_p=0.75)) == [0, 1]


def test_the_temperature_goes_first():
    logits = of(0.5, 0.3, 0.2)
    assert len(kept(probabilities(logits, 1.0, top_p=0.75))) == 2
    assert len(kept(probabilities(logits, 0.1, top_p=0.75))) == 1
    assert len(kept(probabilities(logits, 9.0, top_p=0.75))) == 3
    assert probabilities(logits, 0, top_k=2, top_p=0.9).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "settings", [{"top_k": 3}, {"top_p": 0.9}, {"top_k": 2, "top_p": 0.99}, {"top_k": 9}, {"top_p": 1.0}]
)
@pytest.mark.parametrize("temperature", [0, 1e-6, 1, 1e9])
def test_what_is_forbidden_stays_forbidden(settings, temperature):
    p = probabilities(torch.tensor([-math.inf, 1.0, -math.inf, 2.0]), temperature, **settings)
    assert p[0] == p[2] == 0 and p.sum() == pytest.approx(1) and p[3] > 0
    assert probabilities(torch.tensor([-math.inf, 3.0]), 1, **settings).tolist() == [0, 1]


@given(some_logits, st.floats(0.05, 20))
def test_all_of_them_or_all_of_the_probability_changes_nothing(logits, temperature):
    plain = probabilities(logits, temperature)
    assert torch.equal(probabilities(logits, temperature, top_p=1), plain)
    for k in (len(logits), len(logits) + 1, 10**6):
        assert torch.allclose(probabilities(logits, temperature, top_k=k), plain, rtol=1e-14, atol=0)


@given(some_logits)
def test_a_tiny_nucleus_or_one_token_is_the_argmax(logits):
    plain = probabilities(logits)
    best = [i for i, p in enumerate(plain) if p == plain.max()]
    assert kept(probabilities(logits, top_p=1e-12)) == best[:1]
    assert kept(probabilities(logits, top_k=1)) == best


@given(some_logits, st.none() | st.integers(1, 10), st.none() | some_p, st.floats(0.2, 5))
def test_what_is_kept_adds_up_to_one_in_its_order_and_proportions(logits, k, p, temperature):
    plain, found = probabilities(logits, temperature), probabilities(logits, temperature, top_k=k, top_p=p)
    assert found.dtype == torch.float64 and found.sum().item() == pytest.approx(1, abs=1e-12)
    left = kept(found)
    assert left and int(plain.argmax()) in left
    for i in left:
        for j in range(len(plain)):
            if j in left:
                assert found[i] * plain[j] == pytest.approx(float(found[j] * plain[i]), rel=1e-9, abs=1e-300)
            else:
                assert plain[i] >= plain[j]


@given(some_logits, some_p)
def test_the_nucleus_is_the_smallest_set_that_reaches_p(logits, p):
    plain = probabilities(logits)
    ranked = sorted(plain.tolist(), reverse=True)
    count = len(kept(probabilities(logits, top_p=p)))
    if p < 1:
        assert math.fsum(ranked[:count]) >= p - 1e-12
        assert math.fsum(ranked[: count - 1]) < p + 1e-12


@given(some_logits, st.integers(1, 9))
def test_top_k_keeps_the_k_likeliest(logits, k):
    plain = probabilities(logits).tolist()
    border = sorted(plain, reverse=True)[min(k, len(plain)) - 1]
    assert kept(probabilities(logits, top_k=k)) == [i for i, x in enumerate(plain) if x >= border and x > 0]


@given(some_logits, st.integers(1, 8), st.integers(0, 3), some_p, some_p)
def test_more_k_or_more_p_never_keeps_fewer(logits, k, more, p, q):
    def keeps(**settings):
        return set(kept(probabilities(logits, **settings)))

    low, high = sorted((p, q))
    assert keeps(top_k=k) <= keeps(top_k=k + more)
    assert keeps(top_p=low) <= keeps(top_p=high)
    assert keeps(top_k=k, top_p=low) <= keeps(top_k=k, top_p=high) <= keeps(top_k=k)


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"top_k": 0}, ["top_k 0", "1 or more"]),
        ({"top_k": -3}, ["top_k -3"]),
        ({"top_p": 0}, ["top_p 0", "above 0"]),
        ({"top_p": -0.1}, ["top_p -0.1"]),
        ({"top_p": 1.01}, ["top_p 1.01", "at most 1"]),
        ({"top_p": math.nan}, ["top_p nan"]),
        ({"top_p": math.inf}, ["top_p inf"]),
    ],
)
@pytest.mark.parametrize("temperature", [0, 1])
def test_settings_out_of_range(settings, words, temperature):
    for use in (probabilities, sample):
        with pytest.raises(ValueError) as error:
            use(torch.zeros(3), temperature, **settings)
        one_clear_line(error.value, *words)


def test_a_draw_is_among_those_kept():
    logits, generator = of(0.4, 0.3, 0.2, 0.1), torch.Generator().manual_seed(1)
    for settings, expected in (({"top_k": 2}, {0, 1}), ({"top_p": 0.8}, {0, 1, 2}), ({}, {0, 1, 2, 3})):
        assert {sample(logits, 1.0, generator, **settings) for _ in range(200)} == expected


# --- A melody -----------------------------------------------------------------------------------

VOCABULARY = Vocabulary(["_", "r", *map(str, range(57, 78))])


def models():
    torch.manual_seed(0)
    size = len(VOCABULARY)
    return MelodyLSTM(VOCABULARY, 8, 16).eval(), WindowLSTM(size, 8, size, 6, vocabulary=VOCABULARY).eval()


@pytest.mark.parametrize("which", [0, 1])
def test_generate_hands_both_on(which, monkeypatch):
    seen = []
    draw = room.sample
    monkeypatch.setattr(room, "sample", lambda *rest, **options: seen.append(options) or draw(*rest, **options))
    model = models()[which]
    chosen = {"top_k": 4, "top_p": 0.5, "typical_p": 0.9}
    generate(model, steps=3, minimum=9, generator=torch.Generator().manual_seed(0), **chosen)
    assert seen == [chosen] * 3


@pytest.mark.parametrize("which", [0, 1])
def test_the_likeliest_alone_is_temperature_zero(which):
    model, seeded = models()[which], torch.Generator().manual_seed
    expected = generate(model, "60 _", steps=30, minimum=99, temperature=0)
    for settings in ({"top_k": 1}, {"top_p": 1e-9}):
        assert generate(model, "60 _", steps=30, minimum=99, generator=seeded(1), **settings) == expected
    assert generate(model, "60 _", steps=30, minimum=99, generator=seeded(1)) != expected
    assert generate(model, "60 _", steps=30, minimum=99, generator=seeded(1), top_p=1.0) == generate(
        model, "60 _", steps=30, minimum=99, generator=seeded(1)
    )


@pytest.mark.parametrize("settings, words", [({"top_k": 0}, "top_k 0"), ({"top_p": 2.0}, "top_p 2.0")])
def test_generate_refuses_settings_out_of_range(settings, words):
    with pytest.raises(ValueError) as error:
        generate(models()[0], steps=2, **settings)
    one_clear_line(error.value, words)
