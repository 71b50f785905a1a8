"""Ways of drawing: typical, mindful of repetition, many at once, the best of several; and the command's table."""

from __future__ import annotations

import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.commands import sampling as command
from tunesmith.learn.best_of import best_of, best_of_many, mean_log_probabilities
from tunesmith.learn.evaluate import evaluate
from tunesmith.learn.reference import sampling_table
from tunesmith.learn.repetition import followers, lean
from tunesmith.learn.sample import generate, probabilities, sample
from tunesmith.learn.sample_many import generate_many, offspring
from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.models.window_lstm import WindowLSTM
from tunesmith.music.melody import Melody
from tunesmith.tokens.steps import encode
from tunesmith.tokens.vocabulary import Vocabulary

pytestmark = pytest.mark.usefixtures("one_thread")
VOCABULARY = Vocabulary(["_", "r", *map(str, range(57, 78))])


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


@pytest.fixture(scope="module")
def model() -> MelodyLSTM:
    torch.manual_seed(0)
    return MelodyLSTM(VOCABULARY, 8, 16).eval()


@pytest.fixture(scope="module")
def window_model() -> WindowLSTM:
    torch.manual_seed(0)
    return WindowLSTM(len(VOCABULARY), 8, len(VOCABULARY), sequence_length=5, vocabulary=VOCABULARY).eval()


# --- Typical sampling ------------------------------------------------------------------------------


def logits_of(*shares: float) -> torch.Tensor:
    return torch.tensor(shares, dtype=torch.float64).log()


def test_typical_by_hand():
    """Entropy 1.168 nats; surprises 0.511, 1.609, 2.303, 2.303: the second is the nearest, then the first."""
    logits = logits_of(0.6, 0.2, 0.1, 0.1)
    assert probabilities(logits, typical_p=0.1).tolist() == [0, 1, 0, 0]
    assert probabilities(logits, typical_p=0.21).tolist() == pytest.approx([0.75, 0.25, 0, 0])
    assert probabilities(logits, typical_p=0.85).tolist() == pytest.approx([6 / 9, 2 / 9, 1 / 9, 0])
    assert probabilities(logits, typical_p=1).tolist() == pytest.approx([0.6, 0.2, 0.1, 0.1])


some_logits = st.lists(st.floats(-20, 20) | st.just(-math.inf), min_size=2, max_size=9).filter(
    lambda row: max(row) > -math.inf
)


@given(some_logits, st.floats(0.01, 1), st.floats(0.2, 3))
def test_the_typical_set_has_the_mass_and_no_token_too_many(row, share, temperature):
    logits = torch.tensor(row, dtype=torch.float64)
    whole, typical = probabilities(logits, temperature), probabilities(logits, temperature, typical_p=share)
    kept = typical > 0
    assert float(typical.sum()) == pytest.approx(1) and not kept[whole == 0].any()
    assert float(whole[kept].sum()) >= share - 1e-9
    ratios = typical[kept] / whole[kept]
    assert torch.allclose(ratios, ratios[0])  # what is kept keeps its proportions
    entropy = -float((whole[whole > 0] * whole[whole > 0].log()).sum())
    away = (-whole.log() - entropy).abs()
    if kept.any() and (~kept & (whole > 0)).any():
        assert float(away[kept].max()) <= float(away[~kept].min()) + 1e-9
        if int(kept.sum()) > 1:
            assert float(whole[kept].sum()) - float(whole[away == away[kept].max()].min()) < share + 1e-9


def test_typical_goes_with_the_others():
    logits = logits_of(0.5, 0.2, 0.15, 0.1, 0.05)
    assert probabilities(logits, 0, typical_p=0.1).tolist() == [1, 0, 0, 0, 0]  # at 0 the best is all there is
    both = probabilities(logits, top_k=2, typical_p=0.5)
    assert both.tolist() == [1, 0, 0, 0, 0]  # 5/7 and 2/7: surprise 0.34 is nearer to 0.60 than 1.25
    hot = probabilities(logits, 2.0, typical_p=0.3)
    assert torch.allclose(hot, probabilities(probabilities(logits, 2.0).log(), typical_p=0.3))
    assert sample(logits, 1.0, seeded(1), typical_p=1e-9) == int(probabilities(logits, typical_p=1e-9).argmax())


@pytest.mark.parametrize("share", [0, -0.5, 1.5, float("nan")])
def test_no_typical_share(share):
    with pytest.raises(ValueError) as error:
        probabilities(torch.zeros(3), typical_p=share)
    one_clear_line(error.value, f"typical_p {share}", "at most 1")


# --- Repetition ------------------------------------------------------------------------------------


def test_followers_by_hand():
    assert followers([1, 2, 3, 1, 2], run=2) == [3]
    assert followers([1, 2, 3, 1, 2, 4, 1, 2], run=2) == [3, 4]
    assert followers([5, 5, 5, 5], run=2) == [5]
    assert followers([1, 2, 1], run=2) == followers([1, 2], run=2) == followers([], run=2) == []


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 5))
def test_what_follows_makes_a_repetition_longer(ids, run):
    for token in range(4):
        longer = tuple([*ids[-run:], token])
        before = {tuple(ids[i : i + run + 1]) for i in range(len(ids) - run)}
        assert (token in followers(ids, run)) == (len(ids) >= run and longer in before)


def test_leaning_multiplies_the_odds_and_no_more():
    logits, ids = torch.zeros(4, dtype=torch.float64), [1, 2, 3, 1, 2, 3, 1, 2]
    assert lean(logits, ids, 1.5, run=2).tolist() == [0, 0, 0, 1.5]
    assert lean(logits, ids, -1.5, run=2).tolist() == [0, 0, 0, -1.5]
    assert logits.tolist() == [0] * 4  # left as it was
    p = probabilities(lean(logits, ids, math.log(2), run=2))
    assert float(p[3] / p[0]) == pytest.approx(2)
    assert lean(logits, ids, 2.0, run=8) is logits and lean(logits, ids, 0.0, run=2) is logits


@pytest.mark.parametrize("weight, run, word", [(math.nan, 2, "nan"), (math.inf, 2, "inf"), (1.0, 0, "run 0")])
def test_no_leaning(weight, run, word):
    with pytest.raises(ValueError) as error:
        lean(torch.zeros(3), [1, 2], weight, run)
    one_clear_line(error.value, word)


def test_a_great_bonus_repeats_and_a_great_penalty_does_not(model):
    bar = "60 _ _ _ 62 _ _ _ 64 _ _ _ 65 _ _ _ "
    again = encode(generate(model, bar * 2, steps=32, minimum=99, repetition=99.0, generator=seeded(1)))
    assert " ".join(again) == (bar * 4).strip()
    other = encode(generate(model, bar * 2, steps=1, minimum=99, repetition=-99.0, generator=seeded(1)))
    assert other[-1] != "60"


# --- Many at once ----------------------------------------------------------------------------------

SETTINGS = [
    {"steps": 90},
    {"temperature": 0.7, "top_k": 5, "steps": 40, "minimum": 20},
    {"top_p": 0.8, "minimum": 0},
    {"typical_p": 0.8, "steps": 30, "minimum": 0},
    {"repetition": 2.0, "metre": "3/4", "upbeat": 1, "steps": 50},
    {"temperature": 0, "steps": 20},
    {"seed": "65 _ _ _ 65 _ 69", "minimum": 0},
    {"seed": Melody.of([(60, 1), (None, 0.5)]), "steps": 5},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("kind", ["model", "window_model"])
def test_many_melodies_are_those_that_generate_writes(kind, settings, request):
    network = request.getfixturevalue(kind)
    many = generate_many(network, [seeded(n) for n in range(7)], **settings)
    assert many == [generate(network, generator=seeded(n), **settings) for n in range(7)]


def test_the_shipped_model_writes_the_same_alone_and_among_many():
    network = ts.load_model()
    many = generate_many(network, [seeded(n) for n in range(6)], steps=120, minimum=0)
    assert many == [generate(network, steps=120, minimum=0, generator=seeded(n)) for n in range(6)]
    assert many[2:3] == generate_many(network, [seeded(2)], steps=120, minimum=0)  # it hangs on no neighbour


def test_each_melody_can_have_a_frame_of_its_own(model):
    frames = [("3/4", 1), ("6/8", 0), (None, 0)]
    many = generate_many(model, [seeded(n) for n in range(3)], steps=20, frames=frames)
    assert [(melody.time_signature, melody.upbeat) for melody in many] == frames
    for n, (metre, upbeat) in enumerate(frames):
        assert many[n] == generate(model, steps=20, metre=metre, upbeat=upbeat, generator=seeded(n))


def test_a_model_that_hears_its_bars_writes_the_same_among_many():
    torch.manual_seed(0)
    network = MelodyLSTM(VOCABULARY, 8, 16, views=("bar", "echo1", "held"), metres=("3/4", "4/4")).eval()
    frames = [("3/4", 1), ("4/4", 0), ("6/8", 0), ("4/4", 2)]
    many = generate_many(network, [seeded(n) for n in range(4)], "60 _", steps=60, minimum=20, frames=frames)
    alone = [
        generate(network, "60 _", steps=60, minimum=20, metre=metre, upbeat=upbeat, generator=seeded(n))
        for n, (metre, upbeat) in enumerate(frames)
    ]
    assert many == alone
    scores = mean_log_probabilities(network, many)
    assert torch.allclose(scores[1:2], mean_log_probabilities(network, many[1:2]))
    elsewhere = mean_log_probabilities(network, [many[1].replace(upbeat=3)])
    assert not torch.allclose(scores[1:2], elsewhere)  # it hears the upbeat


def test_many_refuses_what_generate_refuses(model):
    assert generate_many(model, []) == []
    for options, words in (
        ({"steps": 0}, ("steps 0",)),
        ({"seed": "60 99"}, ("'99'",)),
        ({"metre": "3/5"}, ("time signature",)),
        ({"typical_p": 0}, ("typical_p 0",)),
        ({"repetition": math.inf, "seed": "60 _"}, ("repetition inf",)),
        ({"frames": [("3/4", 0)]}, ("2 generators", "1 frames")),
        ({"frames": [("3/4", 0), ("3/4", 5)]}, ("upbeat",)),
    ):
        with pytest.raises(ValueError) as error:
            generate_many(model, [seeded(1), seeded(2)], **{"steps": 3, **options})
        one_clear_line(error.value, *words)
    with pytest.raises(ValueError) as error:
        generate_many(ts.CharLSTM("abc\n", 4, 4, 1), [seeded(1)])
    one_clear_line(error.value, "generate_text")


def test_offspring():
    def firsts(generators):
        return [float(torch.rand(1, generator=each)) for each in generators]

    five = firsts(offspring(seeded(1), 5))
    assert len(set(five)) == 5 and firsts(offspring(seeded(1), 2)) == five[:2] != firsts(offspring(seeded(2), 2))
    with pytest.raises(ValueError) as error:
        offspring(seeded(1), 0)
    one_clear_line(error.value, "count 0")


# --- The best of several ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["model", "window_model"])
def test_a_score_is_what_evaluate_finds(kind, request):
    network = request.getfixturevalue(kind)
    melodies = generate_many(network, [seeded(n) for n in range(4)], steps=70, minimum=0)
    scores = mean_log_probabilities(network, melodies)
    assert scores.dtype == torch.float64 and scores.shape == (4,)
    losses = [evaluate(network, [encode(melody)]).model.nats_per_step for melody in melodies]
    assert scores.tolist() == pytest.approx([-loss for loss in losses], abs=1e-5)
    assert mean_log_probabilities(network, []).shape == (0,)
    with pytest.raises(ValueError):
        mean_log_probabilities(network, [Melody.of([(30, 1)])])


def test_the_best_is_the_likeliest(model):
    written = generate_many(model, offspring(seeded(3), 6), steps=40, minimum=0)
    scores = mean_log_probabilities(model, written).tolist()
    best = best_of(model, 6, steps=40, minimum=0, generator=seeded(3), title="x")
    assert best == written[scores.index(max(scores))] and best.title == "x"
    assert best_of(model, 1, steps=40, minimum=0, generator=seeded(3)) == written[0]
    assert best_of(model, 2, "60 _", steps=9, generator=seeded(1)).pitches[0] == 60
    assert best_of(model, 2, steps=9) is not None  # without a generator, chance decides
    rows = best_of_many(model, 6, [seeded(3), seeded(4)], steps=40, minimum=0, frames=[("4/4", 0), ("3/4", 1)])
    assert rows[0] == best and rows[1].time_signature == "3/4"
    with pytest.raises(ValueError) as error:
        best_of(model, 0)
    one_clear_line(error.value, "best of 0")


# --- The command line ------------------------------------------------------------------------------


def test_generate_takes_them(run, tmp_path):
    def tune(*options):
        path = tmp_path / "tune.krn"
        arguments = ["--seed", "65 _ _ _ 65 _ 69", "--steps", "60", "--random-seed", "3", *options]
        assert run("generate", *arguments, "--out", path, "--overwrite")[0] == 0
        return path.read_bytes()

    plain = tune()
    assert tune("--typical-p", "1") == tune("--repetition", "0") == tune("--best-of", "1") == plain
    assert plain not in (tune("--typical-p", "0.3"), tune("--best-of", "3"))
    bar = "60 _ _ _ 62 _ _ _ 64 _ _ _ 65 _ _ _"
    again = tune("--seed", f"{bar} {bar}", "--repetition", "50", "--steps", "16", "--minimum", "48")
    assert again.count(b"4c\n4d\n4e\n4f") == 3


@pytest.mark.parametrize(
    "option, words",
    [
        (("--typical-p", "0"), ("typical_p 0",)),
        (("--repetition", "inf"), ("repetition inf",)),
        (("--best-of", "0"), ("--best-of", "1 or more")),
    ],
)
def test_generate_refuses_them(run, option, words):
    code, out, err = run("generate", "--steps", "3", *option)
    assert code == 2 and not out
    one_clear_line(err, *words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sixty small tunes in ABC, and a network that knows their tokens."""
    folder = tmp_path_factory.mktemp("sampling")
    (folder / "tunes").mkdir()
    tunes = []
    for n in range(60):
        bars = [
            "".join("CDEFGAB"[(n * (i + 2) + i * i + n // 7) % 7] for i in range(4 * b, 4 * b + 4)) for b in range(4)
        ]
        tunes.append(f"X:{n + 1}\nT:Tune {n}\nM:{'3/4' if n % 3 else '2/4'}\nL:1/{4 if n % 3 else 8}\nK:C\n")
        tunes[-1] += "|".join(bar[:3] if n % 3 else bar for bar in bars) + "|]\n"
    (folder / "tunes" / "tunes.abc").write_text("\n".join(tunes), encoding="utf-8")
    torch.manual_seed(1)
    network = MelodyLSTM(VOCABULARY, 8, 16)
    with torch.no_grad():
        network.linear.weight *= 20  # it has opinions
    ts.save_model(network, folder / "model.safetensors", collection="tunes", more=[])
    return folder


def test_the_command_measures_each_way_beside_human_songs(run, folder, tmp_path, monkeypatch):
    some = ("temperature 0.7", "temperature 1.0", "temperature 1.2", "best of 4")
    assert set(some) < set(command.WAYS) and {"typical 0.9", "top_p 0.9", "repetition +4"} < set(command.WAYS)
    monkeypatch.setattr(command, "WAYS", {name: command.WAYS[name] for name in some})
    out = tmp_path / "sampling.json"
    arguments = [folder / "model.safetensors", "--collection", folder / "tunes", "--others", folder / "tunes"]
    arguments += ["--melodies", 4, "--steps", 40, "--out", out]
    code, text, err = run("sampling", *arguments)
    assert (code, err) == (0, "")
    results = json.loads(out.read_text(encoding="utf-8"))
    names = [row["name"] for row in results["rows"]]
    assert names[:2] == ["human, held out", "human, tunes"] and names[-1] == "best of 4" and len(names) == 6
    rows = dict(zip(names, results["rows"], strict=True))
    assert all(rows[name]["melodies"] == 4 for name in names[1:])
    assert len({rows[name]["fingerprint"] for name in some}) == len(some)
    assert rows["best of 4"]["how"] == {"n": 4}
    assert rows["best of 4"]["score"]["mean"] < rows["temperature 1.2"]["score"]["mean"]
    assert results["settings"]["random_seed"] == 1 and results["versions"]["torch"] == torch.__version__
    assert results["reference"] == {"songs": 48, "more": [], "more_songs": 0}
    assert sampling_table(results) in text
    code, _, err = run("sampling", *arguments)
    assert code == 2
    one_clear_line(err, "exists already")


def test_the_command_refuses_a_model_that_writes_text(run, tmp_path):
    code, _, err = run("sampling", "irish", "--out", tmp_path / "a.json")
    assert code == 2
    one_clear_line(err, "CharLSTM", "text")
