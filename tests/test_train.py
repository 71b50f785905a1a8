"""Training: what it learns, what it keeps, when it stops, and that a stop in the middle changes nothing."""

import math
import os

import pytest
import torch

from melodies import one_clear_line
from tunesmith.learn import train as room
from tunesmith.learn.checkpoint import load_model, load_tensors
from tunesmith.learn.train import History, fit, mean_loss
from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.tokens.vocabulary import Vocabulary

pytestmark = pytest.mark.usefixtures("one_thread")
VOCABULARY = Vocabulary(["_", "r", "60", "62", "64", "65", "67"])
SCALE = [f"{a} _ {b} _ {c} _ _ _" for a in (60, 62) for b in (62, 64, 65) for c in (64, 65, 67)]
TRAIN, VALID = SCALE[:14], SCALE[14:]


def model(seed=0, **settings):
    torch.manual_seed(seed)
    return MelodyLSTM(VOCABULARY, **{"embedding_size": 4, "hidden_size": 8, "dropout": 0.2, **settings})


def weights(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_it_learns():
    network = model()
    before = mean_loss(network, VALID)
    history = fit(network, TRAIN, VALID, epochs=12, batch_size=4, learning_rate=0.04, patience=30)
    assert history.epochs == len(history.train_loss) == 12
    assert mean_loss(network, VALID) < before / 2
    assert history.train_loss[-1] < history.train_loss[0]
    assert not network.training


def test_the_best_weights_are_kept():
    network = model(dropout=0)
    history = fit(network, TRAIN, VALID, epochs=15, batch_size=4, learning_rate=0.2, patience=100)
    assert history.best_epoch < 15  # or the test says nothing
    assert mean_loss(network, VALID) == pytest.approx(min(history.valid_loss), rel=1e-6)
    assert history.best_loss == min(history.valid_loss)
    assert history.valid_loss[history.best_epoch - 1] == history.best_loss


def test_it_stops_early(monkeypatch):
    losses = iter([3.0, 2.0, 2.5, 2.0, 2.1, 1.0, 1.0])
    monkeypatch.setattr(room, "mean_loss", lambda *arguments: next(losses))
    history = fit(model(), TRAIN, VALID, epochs=20, patience=3)
    assert history.valid_loss == [3.0, 2.0, 2.5, 2.0, 2.1]
    assert (history.best_epoch, history.stopped) == (2, "no lower for 3 epochs")
    assert str(history) == "best validation loss 2.000 nats per step after epoch 2 of 5 (no lower for 3 epochs)"


def test_the_same_generator_gives_the_same_weights():
    def trained(seed):
        network = model()
        fit(network, TRAIN, VALID, epochs=2, batch_size=4, generator=torch.Generator().manual_seed(seed))
        return weights(network)

    assert same(trained(5), trained(5))
    assert not same(trained(5), trained(6))


def test_the_gradient_is_clipped(monkeypatch):
    norms = []
    clip = torch.nn.utils.clip_grad_norm_

    def spy(parameters, limit):
        parameters = list(parameters)
        clip(parameters, limit)
        norms.append(float(torch.cat([p.grad.flatten() for p in parameters]).norm()))

    monkeypatch.setattr(room.nn.utils, "clip_grad_norm_", spy)
    fit(model(), TRAIN, VALID, epochs=1, clip=0.01)
    assert norms and max(norms) <= 0.0101


def test_the_global_generators_are_left_alone():
    network = model()
    torch.manual_seed(42)
    state = torch.get_rng_state()
    fit(network, TRAIN, VALID, epochs=2)
    assert torch.equal(torch.get_rng_state(), state)


def test_zero_epochs_change_nothing():
    network = model()
    before = weights(network)
    assert str(fit(network, TRAIN, VALID, epochs=0)) == "no epoch finished"
    assert same(weights(network), before)
    assert History().best_loss == math.inf and History().best_epoch == 0


@pytest.mark.parametrize("train, valid, words", [([], VALID, "to train on"), (TRAIN, [], "to validate on")])
def test_an_empty_split_is_refused(train, valid, words):
    with pytest.raises(ValueError, match=words) as error:
        fit(model(), train, valid)
    one_clear_line(error.value)


def test_an_unknown_token_is_refused_before_training():
    network = model()
    before = weights(network)
    with pytest.raises(ValueError, match="near it: 64, 65, 67"):
        fit(network, ["60 _ 66"], VALID)
    assert same(weights(network), before)


@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_loss_that_is_no_number_stops_it_with_finite_weights(monkeypatch, when, tmp_path):
    network = model()
    first = weights(network)
    loss, calls = room.batch_loss, iter(range(1000))

    def broken(*arguments):
        value = loss(*arguments)
        return value * math.nan if next(calls) >= (0 if when == "at once" else 8) else value

    monkeypatch.setattr(room, "batch_loss", broken)
    path = tmp_path / "c.safetensors"
    with pytest.warns(UserWarning, match="exploded"):
        history = fit(network, TRAIN, VALID, epochs=9, batch_size=4, checkpoint=path)
    assert "exploded" in history.stopped and "smaller learning_rate" in history.stopped
    one_clear_line(history)
    assert all(torch.isfinite(tensor).all() for tensor in network.state_dict().values())
    assert all(map(math.isfinite, history.valid_loss))
    assert history.epochs == (0 if when == "at once" else 1)
    assert same(weights(network), first) == (when == "at once")
    assert all(torch.isfinite(tensor).all() for tensor in load_model(path).state_dict().values())


# --- Stopped and resumed ------------------------------------------------------------------------


def uninterrupted(epochs=4):
    network = model()
    history = fit(network, TRAIN, VALID, epochs=epochs, batch_size=4)
    return weights(network), history


def test_resumed_in_parts_is_the_same(tmp_path):
    path = tmp_path / "c.safetensors"
    expected, history = uninterrupted()
    for epochs in (1, 2, 4):
        network = model(seed=epochs - 1)  # after the first time it does not matter what it was
        again = fit(network, TRAIN, VALID, epochs=epochs, batch_size=4, checkpoint=path)
    assert again == history
    assert same(weights(network), expected)
    assert os.listdir(tmp_path) == ["c.safetensors"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_resumed_after_a_stop_in_the_middle_of_an_epoch_is_the_same(tmp_path, monkeypatch, error):
    path = tmp_path / "c.safetensors"
    expected, history = uninterrupted()
    loss, calls = room.batch_loss, iter(range(1000))

    def interrupted(*arguments):
        if next(calls) == 14:  # the third epoch's second batch
            raise error
        return loss(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(room, "batch_loss", interrupted)
        with pytest.raises(error):
            fit(model(), TRAIN, VALID, epochs=4, batch_size=4, checkpoint=path)
    assert 0 < len(load_tensors(path)[1]["history"]["valid_loss"]) < 4
    network = model(seed=9)
    assert fit(network, TRAIN, VALID, epochs=4, batch_size=4, checkpoint=path) == history
    assert same(weights(network), expected)


def test_a_finished_training_is_taken_up_as_it_ended(tmp_path):
    path = tmp_path / "c.safetensors"
    network = model()
    history = fit(network, TRAIN, VALID, epochs=3, batch_size=4, checkpoint=path)
    other = model(seed=3)
    assert fit(other, TRAIN, VALID, epochs=3, batch_size=4, checkpoint=path) == history
    assert same(weights(other), weights(network))


def test_a_checkpoint_gives_the_best_weights_to_load_model(tmp_path):
    path = tmp_path / "c.safetensors"
    network = model(dropout=0)
    fit(network, TRAIN, VALID, epochs=15, batch_size=4, learning_rate=0.2, patience=100, checkpoint=path)
    assert same(weights(load_model(path)), weights(network))


@pytest.mark.parametrize(
    "change",
    [
        {"batch_size": 5},
        {"batches_per_epoch": 2},
        {"learning_rate": 0.5},
        {"clip": 9.0},
        {"train": TRAIN[1:]},
        {"valid": VALID[1:]},
        {"train": TRAIN + VALID[:1], "valid": VALID[1:]},
        {"model": {"hidden_size": 9}},
        {"model": {"dropout": 0.0}},
    ],
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, change):
    path = tmp_path / "c.safetensors"
    fit(model(), TRAIN, VALID, epochs=1, batch_size=4, checkpoint=path)
    before = path.read_bytes()
    network = model(**change.pop("model", {}))
    kept = weights(network)
    arguments = {"train": TRAIN, "valid": VALID, "batch_size": 4, **change}
    with pytest.raises(ValueError, match="another model, other songs or other settings") as error:
        fit(network, arguments.pop("train"), arguments.pop("valid"), epochs=2, checkpoint=path, **arguments)
    one_clear_line(error.value, "c.safetensors")
    assert path.read_bytes() == before
    assert same(weights(network), kept)


def test_in_plain_mode_nothing_is_printed(capsys, monkeypatch):
    monkeypatch.setenv("TUNESMITH_PLAIN", "1")
    fit(model(), TRAIN, VALID, epochs=1)
    assert capsys.readouterr() == ("", "")


def test_a_person_sees_a_bar_on_stdout(capsys, monkeypatch):
    monkeypatch.delenv("TUNESMITH_PLAIN")
    fit(model(), TRAIN, VALID, epochs=2)
    out, err = capsys.readouterr()
    assert "training" in out and "nats per step" in out and err == ""
