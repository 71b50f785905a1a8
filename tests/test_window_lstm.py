"""WindowLSTM: what it computes, and that all that takes a model takes it."""

import math
from fractions import Fraction

import pytest
import torch
from torch import nn

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.learn.checkpoint import load_model, save_model
from tunesmith.learn.sample import generate, probabilities
from tunesmith.learn.train import fit, mean_loss
from tunesmith.learn.windows import Windows, one_hot
from tunesmith.models.token_model import TokenModel, count_parameters
from tunesmith.models.window_lstm import WindowLSTM
from tunesmith.tokens.steps import HOLD, encode
from tunesmith.tokens.vocabulary import DELIMITER, Vocabulary

VOCABULARY = Vocabulary(["_", "r", "60", "62", "64"])
SONGS = ["60 _ 62 _ 64 _ _ _", "62 _ _ _", "64 r _ 60 62 64 _ _", "60 62 64 62 60 _"]
V = len(VOCABULARY)


def small(length=5, hidden_size=7, seed=0, **settings):
    torch.manual_seed(seed)
    return WindowLSTM(V, hidden_size, V, length, vocabulary=VOCABULARY, **settings).eval()


def test_it_is_built_as_tutorials_do():
    model = WindowLSTM(10, 16, 12)
    assert (model.sequence_length, model.lstm.num_layers, model.dropout.p, model.vocabulary) == (64, 1, 0.0, None)
    assert model.linear.weight.shape == (12, 16 * 64) and model.step == Fraction(1, 4)
    model = WindowLSTM(10, 16, 12, 8, 2, 0.25)
    assert (model.sequence_length, model.lstm.num_layers, model.lstm.dropout, model.dropout.p) == (8, 2, 0.25, 0.25)
    model = WindowLSTM(input_size=3, hidden_size=4, output_size=5, sequence_length=6, num_layers=1, dropout=0.0)
    assert isinstance(model, nn.Module) and isinstance(model, TokenModel) and ts.WindowLSTM is WindowLSTM
    assert count_parameters(model) == 4 * 4 * (3 + 4 + 2) + (4 * 6) * 5 + 5
    assert model(torch.rand(2, 6, 3)).shape == (2, 5)
    assert "windows of 6, step 1/4" in repr(model)


@pytest.mark.parametrize("layers", [1, 3])
def test_equal_to_an_lstm_and_a_linear_layer_by_hand(layers):
    model = small(num_layers=layers).double()
    lstm = nn.LSTM(V, 7, layers, batch_first=True).double()
    lstm.load_state_dict(model.lstm.state_dict())
    linear = nn.Linear(7 * 5, V).double()
    linear.load_state_dict(model.linear.state_dict())
    x = torch.rand(4, 5, V, dtype=torch.float64)
    h = lstm(x)[0]
    logits = torch.stack([linear(torch.cat([step for step in window])) for window in h])
    assert torch.allclose(model(x), logits, rtol=0, atol=1e-12)
    assert model(x).shape == (4, V)


def test_every_steps_output_counts():
    """Not the last one alone: each step's weights in the linear layer get a gradient."""
    model = small()
    model(one_hot(torch.randint(V, (3, 5)), V)).sum().backward()
    assert (model.linear.weight.grad.reshape(V, 5, 7).abs().sum((0, 2)) > 0).all()


def test_one_hot_times_the_first_matrix_is_a_look_up():
    """W x with a one-hot x picks a column: an embedding, followed by the same gates."""
    model = small().double()
    ids = torch.randint(V, (6, 5), generator=torch.Generator().manual_seed(1))
    matrix = model.lstm.weight_ih_l0  # (4H, V)
    look_up = nn.Embedding.from_pretrained(matrix.detach().T)
    assert torch.allclose(one_hot(ids, V).double() @ matrix.T, look_up(ids), rtol=0, atol=1e-12)
    plain = nn.LSTM(4 * 7, 7, batch_first=True).double()
    plain.load_state_dict({**model.lstm.state_dict(), "weight_ih_l0": torch.eye(4 * 7).double()})
    logits = model.linear(plain(look_up(ids))[0].flatten(1))
    assert torch.allclose(model(one_hot(ids, V).double()), logits, rtol=0, atol=1e-12)


def test_dropout_works_in_training_alone(recwarn):
    model, x = small(dropout=0.5), one_hot(torch.randint(V, (3, 5)), V)
    assert torch.equal(model(x), model(x))
    model.train()
    assert not torch.equal(model(x), model(x))
    assert not recwarn.list


@pytest.mark.parametrize("shape", [(5, V), (2, 4, V), (2, 5, V + 1), (2, 5), (1, 2, 5, V)])
def test_windows_of_another_shape(shape):
    with pytest.raises(ValueError) as error:
        small()(torch.zeros(shape))
    one_clear_line(error.value, f"(B, 5, {V})", str(shape))


@pytest.mark.parametrize(
    "sizes, settings, words",
    [
        ((6, 7, 6, 0), {}, ["sequence_length 0", "1 or more"]),
        ((6, 7, 6, -3), {}, ["sequence_length -3"]),
        ((5, 7, 6), {"vocabulary": VOCABULARY}, ["input_size 5", "output_size 6", "vocabulary: 6"]),
        ((6, 7, 7), {"vocabulary": VOCABULARY}, ["output_size 7", "vocabulary: 6"]),
        ((7, 7, 7), {"vocabulary": VOCABULARY}, ["vocabulary: 6"]),
        ((6, 7, 6), {"step": "x"}, ["'x'"]),
        ((6, 0, 6), {}, ["hidden_size"]),
        ((6, 7, 6), {"dropout": 2.0}, ["dropout"]),
    ],
)
def test_sizes_that_do_not_fit(sizes, settings, words):
    with pytest.raises(ValueError) as error:
        WindowLSTM(*sizes, **settings)
    one_clear_line(error.value, *words)


def test_settings_build_the_same_network():
    model = small(num_layers=2, dropout=0.25, step="1/12")
    twin = WindowLSTM.from_settings(model.settings())
    assert twin.settings() == model.settings() and twin.vocabulary == VOCABULARY and twin.step == Fraction(1, 12)
    bare = WindowLSTM.from_settings(WindowLSTM(3, 4, 5).settings())
    assert bare.vocabulary is None and bare.linear.out_features == 5
    assert WindowLSTM(6, 2, 6, vocabulary=list(VOCABULARY)).vocabulary == VOCABULARY


# --- All that takes a model -----------------------------------------------------------------------


def test_the_mean_loss_is_as_computed_by_hand():
    model = small()
    steps = []
    for song in SONGS:
        ids = VOCABULARY.ids(f"{song} {DELIMITER}").tolist()
        for place, target in enumerate(ids):
            window = ([0] * 5 + ids[:place])[-5:]
            x = torch.zeros(1, 5, V)
            x[0, range(5), window] = 1
            steps.append(-math.log(torch.softmax(model(x)[0].detach().double(), 0)[target]))
    assert VOCABULARY.ids([DELIMITER])[0] == 0
    for batch_size in (1, 7, 64):
        assert mean_loss(model, SONGS, batch_size) == pytest.approx(sum(steps) / len(steps), rel=1e-5)


def test_it_learns():
    model = small(dropout=0.1)
    before = mean_loss(model, SONGS)
    history = fit(model, SONGS, SONGS, epochs=25, batch_size=8, learning_rate=0.03, patience=30)
    assert history.epochs == 25 and mean_loss(model, SONGS) == pytest.approx(history.best_loss, rel=1e-6)
    assert mean_loss(model, SONGS) < before / 3 and not model.training


def test_the_batch_size_is_in_windows(monkeypatch):
    sizes = []
    model = small()
    model.register_forward_pre_hook(lambda m, inputs: sizes.append(len(inputs[0])) if m.training else None)
    fit(model, SONGS, SONGS, epochs=1, batch_size=8)
    assert sizes == [8, 8, 8, 6]  # 30 targets


def test_there_and_back(tmp_path):
    model = small(num_layers=2, dropout=0.25)
    save_model(model, tmp_path / "w.safetensors", collection="mine")
    loaded = load_model(tmp_path / "w.safetensors")
    assert isinstance(loaded, WindowLSTM) and loaded.settings() == model.settings() and not loaded.training
    x = one_hot(torch.randint(V, (3, 5)), V)
    assert torch.equal(loaded(x), model(x))
    save_model(WindowLSTM(3, 4, 5), tmp_path / "bare.safetensors")
    assert load_model(tmp_path / "bare.safetensors").vocabulary is None


def test_a_checkpoint_of_fit_is_a_model_too(tmp_path):
    path, model = tmp_path / "c.safetensors", small()
    history = fit(model, SONGS, SONGS, epochs=3, batch_size=8, checkpoint=path)
    assert mean_loss(load_model(path), SONGS) == pytest.approx(history.best_loss, rel=1e-6)
    with pytest.raises(ValueError, match="another model") as error:
        fit(small(length=6), SONGS, SONGS, epochs=3, batch_size=8, checkpoint=path)
    one_clear_line(error.value, "c.safetensors")


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("seed", ["", "60", "60 _ 62 _", "60 _ 62 _ 64 _ _ r _ 62 _ 64", "r _"])
def test_generate_equals_a_slow_way_by_hand(seed, layers):
    """Delimiters before the seed, the last five steps read anew each time, one draw from the same generator."""
    model = small(num_layers=layers, seed=3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 8  # a sure model: another window gives other tokens
    network = small(num_layers=layers, seed=3).double()
    network.load_state_dict(model.state_dict())
    for temperature, number in ((1.0, 1), (0.7, 2), (2.0, 3)):
        chance = torch.Generator().manual_seed(number)
        tokens = seed.split()
        while len(tokens) < len(seed.split()) + 24:
            known = [DELIMITER] * 5 + tokens
            x = torch.zeros(1, 5, V, dtype=torch.float64)
            for t, token in enumerate(known[-5:]):
                x[0, t, list(VOCABULARY).index(token)] = 1
            logits = network(x)[0].detach()
            if len(tokens) < 20:
                logits[list(VOCABULARY).index(DELIMITER)] = -math.inf
            if not tokens:
                logits[list(VOCABULARY).index(HOLD)] = -math.inf
            place = torch.rand(1, dtype=torch.float64, generator=chance).item()
            p = probabilities(logits, temperature).tolist()
            drawn = next(i for i in range(V) if sum(p[: i + 1]) > place)
            if VOCABULARY[drawn] == DELIMITER:
                break
            tokens.append(VOCABULARY[drawn])
        melody = generate(
            model, seed, steps=24, minimum=20, temperature=temperature, generator=torch.Generator().manual_seed(number)
        )
        assert melody.notes == ts.decode(tokens).notes


def test_what_lies_before_the_window_is_forgotten():
    model = small(length=3)
    tails = [
        encode(generate(model, seed, steps=12, minimum=99, generator=torch.Generator().manual_seed(4)))[5:]
        for seed in ("60 60 62 _ 64", "64 62 62 _ 64")
    ]
    assert tails[0] == tails[1] and len(tails[0]) == 12


def test_the_model_is_left_as_it_was():
    model = small(dropout=0.5).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    generate(model, steps=4)
    ts.evaluate(model, SONGS)
    assert model.training and all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(
    "use",
    [
        lambda model: fit(model, SONGS, SONGS),
        lambda model: mean_loss(model, SONGS),
        lambda model: ts.evaluate(model, SONGS),
        lambda model: generate(model),
    ],
    ids=["fit", "mean_loss", "evaluate", "generate"],
)
def test_without_a_vocabulary_there_are_no_tokens(use):
    with pytest.raises(ValueError) as error:
        use(WindowLSTM(6, 3, 6, 4))
    one_clear_line(error.value, "WindowLSTM has no vocabulary", "vocabulary=")


def test_it_reads_what_windows_hold():
    model = small()
    x, y = Windows(VOCABULARY, SONGS, 5)[[0, 3, 4]]
    assert nn.functional.cross_entropy(model(x), y).isfinite()
