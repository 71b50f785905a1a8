"""A small run, and runs in processes of their own that are killed: tests/test_run.py, tests/test_tracking.py.

Like `processes`, this file is loaded once by a fork server, where there is one.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import torch
import torch.utils.tensorboard
from tensorboard.backend.event_processing import event_accumulator  # noqa: F401 – loaded once, for all processes

import processes
import tunesmith as ts  # noqa: F401 – plugs in what writes .svg and .mp3
from tunesmith.learn import train
from tunesmith.music import files
from tunesmith.runs.config import Config, Data, Generate, Model, Train
from tunesmith.runs.stages import run

EPOCHS = 4
START = "M:4/4\nL:1/8\nK:C\n"


def write_tunes(folder: Path, count: int = 30, seed: int = 0) -> None:
    """A folder of ABC files, each with a tune of four bars."""
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        bars = "|".join("".join(chance.choice("CDEFGABc") for _ in range(8)) for _ in range(4))
        text = f"X:{number}\nT:Tune {seed} {number}\nM:4/4\nL:1/8\nK:C\n{bars}|]\n"
        (folder / f"tune{number:02d}.abc").write_text(text, encoding="utf-8")


def small(**changes) -> Config:
    """A run of a second or so, over the tunes in the folder ``tunes``."""
    settings = {
        "name": "small",
        "data": Data(sources=("tunes",)),
        "model": Model(embedding_size=8, hidden_size=12, num_layers=1, dropout=0.2),
        "train": Train(epochs=EPOCHS, batch_size=8, window=24, learning_rate=0.02, patience=50),
        "generate": Generate(tunes=2, start=START, characters=150, temperature=0.7),
    }
    return Config(**{**settings, **changes})


def context() -> multiprocessing.context.BaseContext:
    """What starts processes, see `processes.context`."""
    return processes.context("run_process")


def run_there(folder: Path, dies_at: int, wait: float = 0.0, changes: dict | None = None) -> None:
    """A whole run in `folder`. It kills itself at its so many-th writing of a file, before or after; 0: never.

    wait: seconds more for each batch, so that a kill from outside comes in time.
    """
    os.chdir(folder)
    torch.set_num_threads(1)
    if dies_at:
        _die_while_writing(dies_at)
    if wait:
        loss = train.batch_loss
        train.batch_loss = lambda *arguments: (time.sleep(wait), loss(*arguments))[1]
    run(small(**(changes or {})))


def _die_while_writing(number: int) -> None:
    """Odd numbers die once the file is in its place, even ones before."""
    replace, writings = files.os.replace, []

    def dying(*arguments):
        writings.append(1)
        last = len(writings) == (number + 1) // 2
        if last and number % 2 == 0:
            _kill_myself()
        replace(*arguments)
        if last:
            _kill_myself()

    files.os.replace = dying


def _kill_myself() -> None:
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    time.sleep(60)
