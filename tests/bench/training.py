"""Training until 0.90 nats per step: every step a target and views beside it, and one target for each window.

Both learn from the same songs of erk and are validated on the same ones, as often as a fair clock allows: after so many
batches that both take some seconds. Only training is timed, not validation. Theirs is the design of the introduction
project, an LSTM over one-hot windows of 64 steps and one dense layer over all its outputs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import torch

import tunesmith as ts
from bench.measure import Findings, Result
from tunesmith.commands.ablation import ALL_VIEWS, network
from tunesmith.commands.experiments import SongSplit, song_split

GOAL = 10
BOUND = 0.90  # nats per step
VALID = 40  # validation songs that are listened to
OURS = {"batch_size": 16, "batches_per_epoch": 25, "learning_rate": 3e-3}
THEIRS = {"batch_size": 256, "batches_per_epoch": 100, "learning_rate": 1e-3}


@dataclass
class Way:
    """One way of training, until the bound or the last epoch."""

    loss: float
    seconds: float
    targets: int
    peak: int  # bytes beyond what was there before

    @property
    def per_second(self) -> float:
        """Targets a second."""
        return self.targets / self.seconds


def run() -> Findings:
    """The benchmark: erk."""
    data = song_split("erk")
    size = len(data.vocabulary)
    torch.manual_seed(1)
    ours = network(views=ALL_VIEWS, tied=True, dropout=0.35, input_dropout=0.2)(data)
    theirs = ts.WindowLSTM(size, 256, size, vocabulary=data.vocabulary)
    return compare(ours, theirs, data, epochs=150)


def compare(
    ours: ts.MelodyLSTM,
    theirs: ts.WindowLSTM,
    data: SongSplit,
    epochs: int,
    bound: float = BOUND,
    settings: tuple[dict, dict] = (OURS, THEIRS),
) -> Findings:
    """Train both until the bound; the ratio of their seconds."""
    ways = [train(model, data, epochs, bound, each) for model, each in zip((ours, theirs), settings, strict=True)]
    ratio = ways[1].seconds / ways[0].seconds
    findings = Findings()
    shown = [f"{way.seconds:.0f} s" for way in ways]
    findings.results.append(Result(f"Training to {bound:.2f} nats per step", *shown, ratio, GOAL))
    for name, way in zip(("ours", "windows"), ways, strict=True):
        findings.remarks.append(
            f"Training, {name}: {way.per_second:,.0f} targets a second, {way.loss:.3f} nats per step at the end, "
            f"{way.peak / 1e6:,.0f} MB of memory at most beyond what was there"
        )
    if ways[0].loss > bound:
        findings.failures.append(f"Training: ours stopped at {ways[0].loss:.3f} nats per step, above {bound}")
    if ways[1].loss > bound:
        findings.remarks.append("Training: the windows were stopped before they came so far; their seconds are a least")
    return findings


class _Reached(Exception):
    """The bound is reached."""


def train(model: ts.MelodyLSTM, data: SongSplit, epochs: int, bound: float, settings: dict) -> Way:
    """Train a network until the bound, or so many short epochs. Validation's seconds are taken off."""
    valid = data.valid[:VALID]
    way = Way(float("inf"), 0.0, 0, 0)
    per_epoch = settings["batch_size"] * settings["batches_per_epoch"]
    steps = sum(len(song) + 1 for song in data.train) / len(data.train)
    per_epoch *= 1 if model.sequence_length else steps  # a window has one target, a song one a step
    validation = _seconds_of_validation(model, valid)

    def listen(history: ts.History) -> None:
        way.loss = history.valid_loss[-1]
        way.targets = round(history.epochs * per_epoch)
        if way.loss <= bound:
            raise _Reached

    with Peak() as peak:
        began = time.process_time()
        try:
            all_of_it = {"epochs": epochs, "patience": epochs, "generator": torch.Generator().manual_seed(1)}
            history = ts.fit(model, data.train, valid, on_epoch=listen, **all_of_it, **settings)
            looked = history.epochs
        except _Reached:
            looked = round(way.targets / per_epoch)
        way.seconds = max(time.process_time() - began - looked * validation, 1e-9)
    way.peak = peak.bytes
    return way


def _seconds_of_validation(model: ts.MelodyLSTM, valid: Sequence[ts.BarredSong]) -> float:
    from tunesmith.learn.train import mean_loss

    began = time.process_time()
    mean_loss(model, valid)
    return time.process_time() - began


class Peak:
    """The most memory of this process while it is open, beyond what there was: looked up a hundred times a second."""

    bytes = 0

    def __enter__(self) -> Peak:
        self._process, self._done = psutil.Process(), threading.Event()
        self._before = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.01):
            self.bytes = max(self.bytes, self._process.memory_info().rss - self._before)
