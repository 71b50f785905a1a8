"""From logits to a note, and from a model to a melody."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from melodies import one_clear_line
from tunesmith.learn import sample as room
from tunesmith.learn.checkpoint import load_model
from tunesmith.learn.sample import generate, probabilities, sample
from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.music.key import Key
from tunesmith.music.melody import Melody
from tunesmith.tokens.steps import encode
from tunesmith.tokens.vocabulary import Vocabulary

pytestmark = pytest.mark.usefixtures("one_thread")
VOCABULARY = Vocabulary(["_", "r", *map(str, range(57, 78))])
some_logits = st.lists(st.floats(-30, 30), min_size=2, max_size=9).map(torch.tensor)


def seeded(number):
    return torch.Generator().manual_seed(number)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return MelodyLSTM(VOCABULARY, 8, 16).eval()


@pytest.fixture
def draws(monkeypatch):
    """Makes torch.rand give chosen numbers, one a call, and checks how it is asked."""

    def choose(numbers):
        rest = iter(numbers)

        def rand(size, *, dtype, generator):
            assert size == 1 and dtype == torch.float64
            return torch.tensor([next(rest)], dtype=torch.float64)

        monkeypatch.setattr(room.torch, "rand", rand)

    return choose


# --- Probabilities ------------------------------------------------------------------------------


@given(some_logits, st.floats(0.05, 20))
def test_probabilities_are_softmax_of_x_over_t(logits, temperature):
    found = probabilities(logits, temperature)
    weights = [math.exp((float(x) - float(logits.max())) / temperature) for x in logits]
    assert found.dtype == torch.float64 and found.shape == logits.shape
    assert found.tolist() == pytest.approx([weight / sum(weights) for weight in weights], abs=1e-12)


def test_from_probabilities_the_power_gives_the_same():
    """softmax(log p / T) = softmax(x / T): lesson 07."""
    logits = torch.tensor([1.0, -2.0, 0.5])
    assert torch.allclose(probabilities(probabilities(logits).log(), 0.7), probabilities(logits, 0.7))


@pytest.mark.parametrize("temperature", [0, 0.0, 1e-6, 1e-300, 5e-324])
def test_towards_zero_only_the_best_is_left(temperature):
    assert probabilities(torch.tensor([1.0, 900.0, 3.0, -1e4]), temperature).tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("temperature", [1e9, 1e300])
def test_far_up_all_become_alike(temperature):
    assert probabilities(torch.tensor([1.0, 90.0, 3.0, -50.0]), temperature).tolist() == pytest.approx([0.25] * 4)


def test_equals_share_at_a_low_temperature():
    assert probabilities(torch.tensor([2.0, 7.0, 7.0]), 1e-6).tolist() == [0, 0.5, 0.5]


@pytest.mark.parametrize("temperature", [0, 1e-6, 0.8, 1e6])
def test_what_is_forbidden_stays_forbidden(temperature):
    found = probabilities(torch.tensor([-math.inf, 1.0, -math.inf, 2.0]), temperature)
    assert found[0] == found[2] == 0 and float(found.sum()) == pytest.approx(1)


@pytest.mark.parametrize("temperature", [-1, -1e-9, float("nan"), float("inf"), -float("inf")])
def test_a_temperature_that_is_none(temperature):
    with pytest.raises(ValueError, match=r"temperature .* should be 0 or more") as error:
        probabilities(torch.zeros(3), temperature)
    one_clear_line(error.value)


# --- One draw -----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 20), min_size=2, max_size=7).filter(any), st.sampled_from([0.5, 1.0, 2.0]))
def test_over_an_even_grid_of_draws_the_counts_are_the_probabilities(weights, temperature):
    """200 places between 0 and 1: each id is hit as often as its probability says, and in order."""
    logits = torch.tensor([math.log(w) if w else -math.inf for w in weights], dtype=torch.float64)
    expected = probabilities(logits, temperature)
    grid, hits = 200, []
    with pytest.MonkeyPatch.context() as patch:
        for i in range(grid):
            u = torch.tensor([(i + 0.5) / grid], dtype=torch.float64)
            patch.setattr(room.torch, "rand", lambda *size, u=u, **options: u)
            hits.append(sample(logits, temperature))
    assert hits == sorted(hits)
    for i, probability in enumerate(expected.tolist()):
        assert abs(hits.count(i) - grid * probability) <= 1
        assert probability or i not in hits


def test_the_borders_of_the_draw(draws):
    logits = torch.tensor([-math.inf, 0.0, 0.0, -math.inf])
    draws([0.0, 0.5 - 2**-53, 0.5, 1 - 2**-53])
    assert [sample(logits) for _ in range(4)] == [1, 1, 2, 2]


def test_many_draws_follow_the_probabilities():
    logits = torch.tensor([0.0, 1.0, 2.0, -1.0, 0.5])
    generator, counts, n = seeded(1), [0] * 5, 20000
    for _ in range(n):
        counts[sample(logits, 0.9, generator)] += 1
    chi = sum((c - n * p) ** 2 / (n * p) for c, p in zip(counts, probabilities(logits, 0.9).tolist(), strict=True))
    assert chi < 18.5  # 4 degrees of freedom: exceeded once in a thousand


def test_one_number_a_draw_from_the_generator_given():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    a, b = seeded(3), seeded(3)
    for _ in range(10):
        sample(torch.zeros(8), 1.0, a)
        torch.rand(1, dtype=torch.float64, generator=b)
    assert torch.equal(a.get_state(), b.get_state())
    assert torch.equal(torch.get_rng_state(), state)


# --- A melody -----------------------------------------------------------------------------------


def tokens_of(melody, model):
    return encode(melody, model.step)


@pytest.mark.parametrize("temperature", [0, 1e-6, 0.5, 1, 3, 1e6])
@pytest.mark.parametrize("seed", ["", "65 _ _ _ 65 _ 69", "r _ _", ["60"], Melody.of([(60, 1), (None, 0.5)])])
def test_every_result_is_a_valid_melody_that_begins_with_its_seed(model, temperature, seed):
    melody = generate(
        model, seed, steps=40, minimum=0, temperature=temperature, generator=seeded(1), metre="3/4", upbeat=1, title="x"
    )
    tokens = tokens_of(melody, model)
    start = seed.split() if isinstance(seed, str) else encode(seed) if isinstance(seed, Melody) else seed
    assert tokens[: len(start)] == start
    assert 1 <= len(tokens) <= len(start) + 40
    assert (melody.time_signature, melody.upbeat, melody.title) == ("3/4", 1, "x")
    assert all(60 - 3 <= pitch <= 77 for pitch in melody.pitches)
    assert melody.key in (Key("C"), Key("A", "minor"), None) and bool(melody.key) == bool(melody.pitches)


def test_the_same_generator_gives_the_same_melody(model):
    one = generate(model, generator=seeded(1))
    assert generate(model, generator=seeded(1)) == one
    assert generate(model, generator=seeded(2)) != one
    assert generate(model) != generate(model)  # without one, chance decides


def test_the_model_is_left_as_it_was(model):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.manual_seed(1)
    state = torch.get_rng_state()
    model.train()
    generate(model, generator=seeded(1), steps=5)
    assert model.training and next(model.parameters()).dtype == torch.float32
    model.eval()
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_forward_and_sampling_are_in_float64(model, monkeypatch):
    seen = []
    draw = room.sample

    def spy(logits, *rest, **options):
        seen.append(logits.dtype)
        return draw(logits, *rest, **options)

    monkeypatch.setattr(room, "sample", spy)
    generate(model, steps=4, minimum=9, generator=seeded(0))
    assert seen == [torch.float64] * 4


def test_the_state_is_carried_on(model):
    """At temperature 0 each token is the likeliest after all tokens before it."""
    tokens = tokens_of(generate(model, "60 _ 62", steps=12, minimum=99, temperature=0), model)
    assert len(tokens) == 15
    network = MelodyLSTM.from_settings(model.settings()).double().eval()
    network.load_state_dict(model.state_dict())
    with torch.no_grad():
        for place in range(3, 15):
            logits = network(torch.tensor([[0, *VOCABULARY.ids(tokens[:place])]]))[0][0, -1]
            logits[0] = -math.inf
            assert VOCABULARY[int(logits.argmax())] == tokens[place]


class Scripted(MelodyLSTM):
    """A model that wants these tokens, one after the other, whatever it reads."""

    def __init__(self, script="", **settings):
        super().__init__(**{"vocabulary": VOCABULARY, "embedding_size": 1, "hidden_size": 1, **settings})
        self.script = script.split()

    def forward(self, ids, state=None):
        place = (0 if state is None else int(state[0])) + ids.shape[1] - 1
        logits = torch.zeros(1, ids.shape[1], len(VOCABULARY), dtype=torch.float64)
        logits[0, -1, VOCABULARY.ids([self.script[min(place, len(self.script) - 1)]])] = 50.0
        return logits, (torch.tensor(place + 1), torch.tensor(0))


def wanted(script, **options):
    return " ".join(encode(generate(Scripted(script), **{"generator": seeded(0), "minimum": 0, **options})))


def test_it_stops_where_the_song_ends():
    assert wanted("60 _ 62 _ / 64 65") == "60 _ 62 _"
    assert wanted("60 _ 62 _ / 64 65", seed="60 _") == "60 _ 62 _"
    assert wanted("60 _ 62 _ 64", steps=3) == "60 _ 62"


def test_no_end_before_the_minimum():
    tokens = wanted("60 _ / / / 62 /", minimum=5).split()
    assert tokens[:2] == ["60", "_"] and len(tokens) == 6
    assert len(wanted("60 " + "/ " * 50, minimum=20).split()) == 20
    assert len(wanted("60 " + "/ " * 50, minimum=20, steps=7).split()) == 7  # the limit goes first
    assert len(wanted("/ / /", minimum=0).split()) == 1  # a melody has a note or a rest
    assert wanted("60 _ _ /", seed="60 _ _", minimum=3) == "60 _ _"  # the seed counts


def test_nothing_is_held_before_the_first_note():
    assert wanted("_ _ _ /")[0] != "_"
    assert not wanted("_ 60 /", temperature=0).startswith("_")


def test_only_rests_have_no_key():
    melody = generate(Scripted("r _ _ /"), minimum=0)
    assert melody.key is None and melody.pitches == ()


def test_a_vocabulary_without_hold():
    torch.manual_seed(0)
    model = MelodyLSTM(Vocabulary(["60", "62"]), 2, 2)
    assert set(generate(model, steps=10, minimum=10, generator=seeded(1)).pitches) <= {60, 62}


@pytest.mark.parametrize(
    "seed, words",
    [
        ("60 99 _", ("'99'", "75, 76, 77")),
        ("60 X", ("'X'", "near it")),
        ("hello world", ("token 1", "near it")),
        ("--5", ("'--5'", "near it")),
        ("_ _ 60", ("token 1 is '_'",)),
        ("_", ("no note before it",)),
        ("60 / 62", ("'/'", "leave it out")),
        ("/", ("'/'",)),
        (["60 62"], ("'60 62'",)),
        (Melody.of([(60, "1/3")]), ("1/3",)),
        (Melody.of([(30, 1)]), ("'30'", "57, 58, 59")),
    ],
)
def test_a_nonsense_seed_is_one_clear_line(model, seed, words):
    with pytest.raises(ValueError) as error:
        generate(model, seed)
    one_clear_line(error.value, *words)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"steps": 0}, "steps 0"),
        ({"steps": -5}, "steps -5"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"metre": "3/5"}, "time signature"),
        ({"metre": "3/4", "upbeat": 3}, "upbeat"),
        ({"metre": "3/4", "upbeat": "1/0"}, "not a duration"),
        ({"metre": None, "upbeat": 1}, "time signature"),
    ],
)
def test_settings_out_of_range(model, options, words):
    with pytest.raises(ValueError, match=words) as error:
        generate(model, **{"steps": 3, **options})
    one_clear_line(error.value)


# --- The model that the course ships --------------------------------------------------------------


def test_the_shipped_model_continues_the_introductions_seed():
    model = load_model()
    for number in range(1, 4):
        melody = generate(model, "65 _ _ _ 65 _ 69", temperature=0.8, generator=seeded(number))
        assert encode(melody)[:7] == ["65", "_", "_", "_", "65", "_", "69"]
        assert 64 <= melody.duration * 4 <= 207
        assert len(set(melody.pitches)) >= 4
        assert generate(model, "65 _ _ _ 65 _ 69", temperature=0.8, generator=seeded(number)) == melody


def test_the_shipped_model_is_a_musician():
    """Most of its notes are in C major, its steps are small, and it ends by itself."""
    model = load_model()
    melodies = [generate(model, steps=300, temperature=0.8, generator=seeded(n)) for n in range(6)]
    pitches = [pitch for melody in melodies for pitch in melody.pitches]
    assert sum(pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for pitch in pitches) > 0.9 * len(pitches)
    leaps = [abs(b - a) for melody in melodies for a, b in zip(melody.pitches, melody.pitches[1:], strict=False)]
    assert sum(leaps) / len(leaps) < 4
    assert sum(melody.duration * 4 < 300 for melody in melodies) >= 5
