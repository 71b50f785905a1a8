"""A training that is killed, runs out of disk or explodes: what was reached is kept, and the result is the same."""

import errno
import json
import math
import os
import random
import time
import warnings

import pytest
import torch

import processes
import tunesmith as ts
from melodies import one_clear_line
from tunesmith.learn import train as room
from tunesmith.learn.checkpoint import load_model, load_tensors, save_model
from tunesmith.learn.train import fit, mean_loss
from tunesmith.models.melody_lstm import MelodyLSTM
from tunesmith.models.window_lstm import WindowLSTM
from tunesmith.music import files
from tunesmith.music.melody import Melody
from tunesmith.tokens.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["_", "r", "60", "62", "64", "65", "67"])
SCALE = [f"{a} _ {b} _ {c} _ _ _" for a in (60, 62) for b in (62, 64, 65) for c in (64, 65, 67)]
TRAIN, VALID = SCALE[:14], SCALE[14:]
BUILDS = ("melody", "window")


def model(build="melody", seed=0, dropout=0.2):
    torch.manual_seed(seed)
    if build == "melody":
        return MelodyLSTM(VOCABULARY, 4, 8, dropout=dropout)
    return WindowLSTM(len(VOCABULARY), 8, len(VOCABULARY), 6, dropout=dropout, vocabulary=VOCABULARY)


def weights(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# --- Killed -------------------------------------------------------------------------------------


def started(folder, wait=0.0):
    """A training in a process of its own, which has begun."""
    context = processes.context()
    begun = context.Event()
    process = context.Process(target=processes.train_both, args=(folder, wait, begun))
    process.start()
    assert begun.wait(120)
    return process


def kill_while_it_saves(folder, process):
    """Wait for a temporary file: the checkpoint is being written."""
    while process.is_alive() and not list(folder.glob(".*.checkpoint-*")):
        time.sleep(0.001)
    process.kill()


def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(tmp_path):
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    calm.mkdir()
    killed.mkdir()
    undisturbed = started(calm)
    undisturbed.join()
    assert undisturbed.exitcode == 0
    chance = random.Random(1)
    kills, halves, partly = 0, 0, 0
    for attempt in range(30):
        for path in killed.glob(".*.checkpoint-*"):
            path.unlink()  # what a kill left, so that the next one is seen
        process = started(killed, 0.01 if attempt < 12 else 0)
        if attempt % 4 == 1:
            kill_while_it_saves(killed, process)
        else:  # the first comes before the first checkpoint, the later ones wait longer
            process.join(chance.uniform(0, 0.15 * attempt))
            process.kill()
        process.join()
        halves += bool(list(killed.glob(".*.checkpoint-*")))
        for path in killed.glob("*.checkpoint"):  # whole, whenever the kill came
            partly += 0 < len(load_tensors(path)[1]["history"]["valid_loss"]) < processes.EPOCHS
            load_model(path)
        if process.exitcode == 0:
            break
        kills += 1
    assert process.exitcode == 0
    assert kills >= 4 and partly and halves, "the kills came too early or too late to prove anything"
    for build in BUILDS:
        assert (killed / f"{build}.result").read_bytes() == (calm / f"{build}.result").read_bytes()
        assert (killed / f"{build}.checkpoint").read_bytes() == (calm / f"{build}.checkpoint").read_bytes()
        assert len(load_tensors(calm / f"{build}.result")[1]["card"]["valid_loss"]) == processes.EPOCHS


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("batches_per_epoch", [None, 2])
def test_stopped_at_any_batch_it_ends_the_same(tmp_path, monkeypatch, build, batches_per_epoch):
    path = tmp_path / "c.safetensors"
    settings = {"epochs": 3, "batch_size": 12, "batches_per_epoch": batches_per_epoch}
    network = model(build)
    history = fit(network, TRAIN, VALID, **settings)
    loss, calls, stops = room.batch_loss, [], 0

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return loss(*arguments)

    monkeypatch.setattr(room, "batch_loss", interrupted)
    again, found = model(build), None
    while found is None and stops < 50:
        calls.clear()
        try:
            found = fit(again, TRAIN, VALID, **settings, checkpoint=path)
        except KeyboardInterrupt:
            stops += 1
            monkeypatch.setattr(room, "batch_loss", interrupted if stops < 2 else loss)
            again = model(build, seed=0 if not path.exists() else 8)
    assert stops and found == history and same(weights(again), weights(network))


# --- The disk is full ---------------------------------------------------------------------------


class FullDisk:
    """A file that takes half of what is written; then the disk is full."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, content):
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full_disk(patch, moment):
    """Make the disk full at this moment of writing a file."""
    fdopen, no_space = os.fdopen, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fail(*arguments, **options):
        raise no_space

    if moment == "write":
        patch.setattr(files.os, "fdopen", lambda *arguments: FullDisk(fdopen(*arguments)))
    elif moment == "create":
        patch.setattr(files.tempfile, "mkstemp", fail)
    else:
        patch.setattr(files.os, moment, fail)


MOMENTS = ("create", "write", "fsync", "replace")


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("earlier", [True, False])
def test_a_full_disk_stops_no_training(tmp_path, monkeypatch, moment, earlier):
    path = tmp_path / "c.safetensors"
    settings = {"batch_size": 12, "patience": 50}
    expected = model()
    history = fit(expected, TRAIN, VALID, epochs=4, **settings)
    network, before = model(), None
    if earlier:
        fit(network, TRAIN, VALID, epochs=2, checkpoint=path, **settings)
        before = path.read_bytes()
    with monkeypatch.context() as patch, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        full_disk(patch, moment)
        assert fit(network, TRAIN, VALID, epochs=4, checkpoint=path, **settings) == history
    assert same(weights(network), weights(expected)) and not network.training
    (warning,) = caught  # one for all epochs, as Python shows the same line once
    one_clear_line(warning.message, "c.safetensors", "can't be written", os.strerror(errno.ENOSPC), "goes on")
    assert warning.filename == __file__  # it points at the call of fit
    assert os.listdir(tmp_path) == (["c.safetensors"] if earlier else [])
    if earlier:
        assert path.read_bytes() == before
        assert len(load_tensors(path)[1]["history"]["valid_loss"]) == 2 and load_model(path).vocabulary
    again = model(seed=0)
    assert fit(again, TRAIN, VALID, epochs=4, checkpoint=path, **settings) == history  # there is room again
    assert same(weights(again), weights(expected)) and path.exists()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("kind", ["model", "tune"])
def test_a_full_disk_leaves_the_earlier_file(tmp_path, monkeypatch, moment, kind):
    path = tmp_path / ("m.safetensors" if kind == "model" else "tune.krn")
    tune = Melody.of([(60, 1), (62, 1)])

    def save(number):
        if kind == "model":
            save_model(model(seed=number), path)
        else:
            ts.write(tune.transpose(number), path, overwrite=True)

    save(0)
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        full_disk(patch, moment)
        with pytest.raises(OSError) as error:
            save(1)
    assert error.value.errno == errno.ENOSPC
    one_clear_line(error.value.strerror, os.strerror(errno.ENOSPC))
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]
    save(1)
    assert path.read_bytes() != before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on a file's size")
def test_a_file_that_really_can_not_grow(tmp_path):
    context = processes.context()
    answer, send = context.Pipe(duplex=False)
    process = context.Process(target=processes.starve, args=(tmp_path, send))
    process.start()
    assert answer.poll(120)
    epochs, caught, errors, untouched = answer.recv()
    process.join()
    (warning,) = caught
    one_clear_line(warning, "c.safetensors", "can't be written", os.strerror(errno.EFBIG), "goes on")
    assert epochs == 3 and errors == [errno.EFBIG] * 2 and untouched and process.exitcode == 0
    assert load_model(tmp_path / "c.safetensors").settings() == load_model(tmp_path / "m.safetensors").settings()


def test_no_folder_for_the_checkpoint(tmp_path):
    network = model()
    before = weights(network)
    with pytest.raises(FileNotFoundError) as error:
        fit(network, TRAIN, VALID, checkpoint=tmp_path / "nowhere" / "c.safetensors")
    one_clear_line(error.value, "nowhere", "make it first")
    assert same(weights(network), before) and not os.listdir(tmp_path)


# --- It explodes --------------------------------------------------------------------------------


@pytest.mark.parametrize("build", BUILDS)
def test_an_exploding_learning_rate_stops_with_the_best_weights(tmp_path, monkeypatch, build):
    """The rate jumps after two epochs, so that there is something to keep."""
    network, path, epochs = model(build, dropout=0), tmp_path / "c.safetensors", []
    train_epoch = room._train_epoch

    def explode(run, *rest):
        epochs.append(1)
        if len(epochs) > 2:
            run.optimiser.param_groups[0]["lr"] = 1e5
        return train_epoch(run, *rest)

    monkeypatch.setattr(room, "_train_epoch", explode)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = fit(network, TRAIN, VALID, epochs=60, batch_size=4, patience=100, checkpoint=path)
    assert history.epochs < 60 and "exploded" in history.stopped
    (warning,) = caught
    one_clear_line(warning.message, f"epoch {history.epochs + 1}", "smaller learning_rate", "best weights are kept")
    assert warning.filename == __file__
    assert mean_loss(network, VALID) == pytest.approx(history.best_loss, rel=1e-6)
    assert history.best_loss == min(history.valid_loss) < 3 and history.best_epoch == 2
    assert all(map(math.isfinite, history.train_loss + history.valid_loss))
    assert same(weights(load_model(path)), weights(network))
    monkeypatch.undo()
    again = model(build, seed=3, dropout=0)
    assert (
        fit(again, TRAIN, VALID, epochs=60, batch_size=4, patience=100, checkpoint=path) == history
    )  # it stays stopped
    assert same(weights(again), weights(network))


@pytest.mark.parametrize("build", BUILDS)
def test_from_the_first_epoch_on(build):
    network = model(build)
    before = weights(network)
    with pytest.warns(UserWarning, match="training stopped in epoch 1: .*smaller learning_rate"):
        history = fit(network, TRAIN, VALID, batch_size=4, learning_rate=1e5)
    assert history.epochs == 0 and same(weights(network), before)


# --- Patience, epochs and batches -----------------------------------------------------------------


@pytest.mark.parametrize("build", BUILDS)
def test_more_patience_goes_on_where_less_gave_up(tmp_path, build):
    path = tmp_path / "c.safetensors"
    settings = {"epochs": 25, "batch_size": 8, "learning_rate": 0.3}
    short = fit(model(build), TRAIN, VALID, patience=1, checkpoint=path, **settings)
    assert short.stopped == "no lower for 1 epochs" and short.epochs < 15
    patient = model(build)
    expected = fit(patient, TRAIN, VALID, patience=4, **settings)
    assert expected.epochs > short.epochs
    resumed = model(build, seed=7)
    assert fit(resumed, TRAIN, VALID, patience=4, checkpoint=path, **settings) == expected
    assert same(weights(resumed), weights(patient))
    again = model(build, seed=8)
    assert fit(again, TRAIN, VALID, patience=4, checkpoint=path, **settings) == expected  # no epoch more
    less = fit(model(build), TRAIN, VALID, patience=2, checkpoint=path, **settings)
    assert less.valid_loss == expected.valid_loss and (not expected.stopped or "2 epochs" in less.stopped)


@pytest.mark.parametrize("build", BUILDS)
def test_an_epoch_of_so_many_batches(build):
    seen = []
    network = model(build)
    network.register_forward_pre_hook(lambda m, inputs: seen.append(len(inputs[0])) if m.training else None)

    def batches(count, epochs=2):
        seen.clear()
        history = fit(network, TRAIN, VALID, epochs=epochs, batch_size=4, batches_per_epoch=count, patience=9)
        assert history.epochs == epochs
        return len(seen)

    everything = 4 if build == "melody" else math.ceil(14 * 9 / 4)
    assert batches(None) == batches(10**6) == batches(everything) == 2 * everything
    assert batches(1) == 2 and batches(3, epochs=3) == 9


def test_each_epoch_of_few_batches_sees_other_songs():
    seen = []
    network = model("window")
    network.register_forward_pre_hook(lambda m, inputs: seen.append(inputs[0].clone()) if m.training else None)
    fit(network, TRAIN, VALID, epochs=3, batch_size=8, batches_per_epoch=1, patience=9)
    assert len(seen) == 3 and not torch.equal(seen[0], seen[1]) and not torch.equal(seen[1], seen[2])


@pytest.mark.parametrize("count", [0, -2])
def test_an_epoch_has_batches(count):
    with pytest.raises(ValueError) as error:
        fit(model(), TRAIN, VALID, batches_per_epoch=count)
    one_clear_line(error.value, f"batches_per_epoch {count}", "1 or more")


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("train, valid, words", [([], VALID, "to train on"), (TRAIN, [], "to validate on")])
def test_an_empty_split(build, train, valid, words):
    with pytest.raises(ValueError) as error:
        fit(model(build), train, valid)
    one_clear_line(error.value, words)


def test_the_checkpoint_says_all_in_one_json(tmp_path):
    path = tmp_path / "c.safetensors"
    fit(model("window"), TRAIN, VALID, epochs=2, batch_size=8, checkpoint=path)
    tensors, info = load_tensors(path)
    assert set(info) == {"model", "settings", "identity", "history"} and json.dumps(info, allow_nan=False)
    assert {name.split(".")[0] for name in tensors} == {"model", "best", "optimiser", "generator"}
