"""Trainings for processes of their own, which tests kill and starve: tests/test_resume.py.

A fork server loads this file once, where there is one, so that a process starts within milliseconds.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import warnings
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

import tunesmith as ts
from tunesmith.learn import train
from tunesmith.music import files
from tunesmith.music.melody import Melody

SONGS = [f"{a} _ {b} _ {c} _ _ _" for a in (60, 62) for b in (62, 64, 65) for c in (64, 65, 67)]
VOCABULARY = ts.Vocabulary.of(SONGS)
EPOCHS = 6

torch.optim.Adam([torch.zeros(1, requires_grad=True)])  # loads what PyTorch loads when it is first used


def context(*modules: str) -> multiprocessing.context.BaseContext:
    """What starts processes: they share neither threads nor random numbers with this one.

    modules: what the fork server loads beside this file, if it is this call that starts it.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    forked = multiprocessing.get_context("forkserver")
    forked.set_forkserver_preload(["processes", *modules])
    with pytest.MonkeyPatch.context() as patch:  # where the server looks for this file
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        from multiprocessing import forkserver

        forkserver.ensure_running()
    return forked


def networks():
    """Both kinds, small, with dropout."""
    size = len(VOCABULARY)
    yield "melody", lambda: ts.MelodyLSTM(VOCABULARY, 4, 8, 2, dropout=0.3), {}
    yield (
        "window",
        lambda: ts.WindowLSTM(size, 6, size, 8, dropout=0.3, vocabulary=VOCABULARY),
        {"batches_per_epoch": 3},
    )


def train_both(folder: Path, wait: float, begun) -> None:
    """Train both, with a checkpoint each; `wait` seconds more for each batch, and more for each file."""
    torch.set_num_threads(1)
    begun.set()
    if wait:
        train.batch_loss = _slowly(train.batch_loss, wait)
        files.os.fsync = _slowly(files.os.fsync, 6 * wait)  # so that many a kill comes while it saves
    for name, build, settings in networks():
        checkpoint = folder / f"{name}.checkpoint"
        torch.manual_seed(7 if checkpoint.exists() else 0)  # once there is a checkpoint, this decides nothing
        network = build()
        history = ts.fit(
            network,
            SONGS[:14],
            SONGS[14:],
            epochs=EPOCHS,
            batch_size=4,
            patience=50,
            learning_rate=0.02,
            generator=torch.Generator().manual_seed(5),
            checkpoint=checkpoint,
            **settings,
        )
        ts.save_model(network, folder / f"{name}.result", **asdict(history))


def _slowly(function, seconds):
    def slow(*arguments):
        time.sleep(seconds)
        return function(*arguments)

    return slow


def starve(folder: Path, answer) -> None:
    """Save a model, a checkpoint and a tune; then no file may be longer than 64 bytes, and all is saved again."""
    import resource

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = ts.MelodyLSTM(VOCABULARY, 4, 8)
    settings = {"checkpoint": folder / "c.safetensors", "patience": 50}
    ts.fit(model, SONGS[:4], SONGS[4:6], epochs=1, **settings)
    ts.save_model(model, folder / "m.safetensors")
    ts.write(Melody.of([(60, 1)] * 40), folder / "tune.krn")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        epochs = ts.fit(model, SONGS[:4], SONGS[4:6], epochs=3, **settings).epochs
    errors = []
    for save in (
        lambda: ts.save_model(model, folder / "m.safetensors", other=1),
        lambda: ts.write(Melody.of([(62, 1)] * 40), folder / "tune.krn", overwrite=True),
    ):
        try:
            save()
        except OSError as error:
            errors.append(error.errno)
    untouched = before == {path.name: path.read_bytes() for path in folder.iterdir()}
    answer.send((epochs, [str(warning.message) for warning in caught], errors, untouched))
