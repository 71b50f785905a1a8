"""Training, what tests/test_train.py leaves open: best weights out of the file, whose draws decide, bad settings."""

import math

import pytest
import torch

import tunesmith as ts
from melodies import one_clear_line
from tunesmith.learn import train as training
from tunesmith.learn.train import mean_loss

SONGS = [song.split() for song in ("60 _ 62 _ 64 _ 65 _ 67 _ _ _", "60 62 64 62 60 _", "67 _ 65 _ 64 _ 62 _", "64 _")]
UNLIKE = [["r"] * 12]  # the better the songs above are known, the worse this one
RUN = {"batch_size": 2, "learning_rate": 0.02, "patience": 100}


def lstm(seed=0, **settings):
    torch.manual_seed(seed)
    return ts.MelodyLSTM(ts.Vocabulary.of([*SONGS, *UNLIKE]), **{"embedding_size": 4, "hidden_size": 8, **settings})


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("settings", [{}, {"dropout": 0.4, "num_layers": 2}], ids=["plain", "dropout"])
def test_the_best_weights_come_out_of_the_checkpoint(tmp_path, monkeypatch, settings):
    whole, calls = lstm(**settings), []
    expected = ts.fit(whole, SONGS, UNLIKE, epochs=4, checkpoint=tmp_path / "whole", **RUN)
    assert expected.best_epoch <= 2  # so that they are not trained again

    def broken(model, songs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return mean_loss(model, songs)

    path = tmp_path / "part"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "mean_loss", broken)
        ts.fit(lstm(**settings), SONGS, UNLIKE, epochs=4, checkpoint=path, **RUN)
    model = lstm(seed=7, **settings)
    generator = torch.Generator().manual_seed(7)
    history = ts.fit(model, SONGS, UNLIKE, epochs=4, checkpoint=path, generator=generator, **RUN)
    assert history == expected and same(weights(model), weights(whole))
    assert path.read_bytes() == (tmp_path / "whole").read_bytes()


def test_dropout_is_drawn_from_the_generator_alone():
    results = []
    for seed, own in ((5, 0), (6, 0), (6, 1)):
        model = lstm(dropout=0.5)
        torch.manual_seed(seed)
        # One batch of all songs: their order makes no difference but in rounding, the dropout does.
        ts.fit(model, SONGS, SONGS, epochs=2, batch_size=9, generator=torch.Generator().manual_seed(own))
        results.append(weights(model))
    assert same(results[0], results[1])
    assert not torch.allclose(results[1]["linear.bias"], results[2]["linear.bias"], rtol=0, atol=1e-5)


def test_each_epoch_has_a_dropout_of_its_own():
    one = torch.Generator().manual_seed(0)
    song, seen, model = [SONGS[0]], [], lstm(dropout=0.5)
    model.dropout.register_forward_hook(lambda m, i, out: seen.append(out.eq(0)) if m.training else None)
    ts.fit(model, song, song, epochs=2, generator=one)
    assert len(seen) == 2 and not torch.equal(*seen)


def test_train_loss_is_the_mean_over_steps_not_over_batches():
    model, songs = lstm(), [SONGS[3], SONGS[0]]  # 3 and 13 targets
    before, plain = mean_loss(model, songs), sum(mean_loss(model, [song]) for song in songs) / 2
    assert abs(before - plain) > 1e-3
    assert ts.fit(model, songs, songs, epochs=1, batch_size=1, clip=0.0).train_loss == [pytest.approx(before, abs=1e-5)]


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_validation_loss_that_is_no_number_stops(monkeypatch, wrong):
    seen = []
    losses = [2.0, 1.0, 1.0, wrong, 0.5]
    monkeypatch.setattr(training, "mean_loss", lambda m, s: (seen.append(weights(m)), losses[len(seen) - 1])[1])
    model = lstm()
    with pytest.warns(UserWarning, match="exploded"):
        history = ts.fit(model, SONGS, SONGS, epochs=5)
    assert (history.valid_loss, history.best_epoch) == ([2.0, 1.0, 1.0], 2)
    assert same(weights(model), seen[1]) and not same(seen[1], seen[2])  # the first of equals
    one_clear_line(history, "exploded", "learning_rate")


def test_a_learning_rate_far_too_high():
    model = lstm(hidden_size=64)
    before = weights(model)
    with pytest.warns(UserWarning, match="exploded"):
        history = ts.fit(model, SONGS, SONGS, learning_rate=1e5, batch_size=1)
    assert history.epochs == 0 and same(weights(model), before)
    one_clear_line(history, "no epoch finished", "learning_rate")


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_has_songs(batch_size):
    with pytest.raises(ValueError) as error:
        ts.fit(lstm(), SONGS, SONGS, batch_size=batch_size)
    one_clear_line(error.value, "batch_size", str(batch_size))
