"""Training: one loop, read from top to bottom. Lesson 06.

The loss is the negative log-likelihood of the next token, in nats per step (cross-entropy).
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tunesmith.learn.batches import PADDING, Batch, batches, song_ids
from tunesmith.learn.checkpoint import describe, load_tensors, load_weights, prefixed, save_tensors, without_prefix
from tunesmith.models.melody_lstm import MelodyLSTM, device_of
from tunesmith.music.progress import progress

Song = Sequence[str]


@dataclass
class History:
    """How a training went: losses in nats per step, one number an epoch."""

    train_loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    stopped: str = ""

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return len(self.valid_loss)

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, whose weights were kept; 0 before the first."""
        return min(range(self.epochs), key=self.valid_loss.__getitem__) + 1 if self.epochs else 0

    @property
    def best_loss(self) -> float:
        """The lowest validation loss; infinite before the first epoch."""
        return min(self.valid_loss, default=math.inf)

    def __str__(self) -> str:
        if not self.epochs:
            return f"no epoch finished{': ' if self.stopped else ''}{self.stopped}"
        best = f"best validation loss {self.best_loss:.3f} nats per step after epoch {self.best_epoch} of {self.epochs}"
        return f"{best} ({self.stopped})" if self.stopped else best

    __repr__ = __str__


def batch_loss(model: MelodyLSTM, batch: Batch, reduction: str = "mean") -> Tensor:
    """The loss over a batch's targets, padding left out: their mean, or their sum. Lesson 06."""
    device = device_of(model)
    logits, _ = model(batch.inputs.to(device))  # (B, T, V)
    targets = batch.targets.to(device)
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=PADDING, reduction=reduction
    )


@torch.no_grad()
def mean_loss(model: MelodyLSTM, songs: Sequence[Song], batch_size: int = 64) -> float:
    """Negative log-likelihood of whole songs, nats per step, each song's end counted. Lesson 06."""
    ids = [song_ids(model.vocabulary, song) for song in songs]
    was_training = model.training
    model.eval()
    total = count = 0.0
    for batch in batches(ids, batch_size):
        total += batch_loss(model, batch, "sum").item()
        count += batch.count
    model.train(was_training)
    return total / count


def fit(
    model: MelodyLSTM,
    train: Sequence[Song],
    valid: Sequence[Song],
    *,
    epochs: int = 20,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    clip: float = 1.0,
    patience: int = 4,
    generator: torch.Generator | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> History:
    """Train a model on token songs; it ends with the weights of the best validation loss. Lesson 06.

    Adam; the gradient's norm is clipped at `clip`; training stops when the validation loss has not
    fallen for `patience` epochs, or is no longer a number. The generator decides the order of songs
    and the dropout (by default one seeded with 0). It runs where the model is: CPU, CUDA or MPS.

    checkpoint: a file that is written after each epoch. If it is there already, training goes on
    from it, and ends as if it had never stopped (on the same machine, with the same threads).
    Raises ValueError for an empty split, a batch size below 1, and a checkpoint of another model,
    data or settings.
    """
    if not train or not valid:
        raise ValueError("there are no songs to train on" if not train else "there are no songs to validate on")
    if batch_size < 1:
        raise ValueError(f"batch_size {batch_size} should be 1 or more")
    generator = generator or torch.Generator().manual_seed(0)
    ids = [song_ids(model.vocabulary, song) for song in train]
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    run = _Run(model, optimiser, generator, _identity(model, train, valid, batch_size, learning_rate, clip))
    if checkpoint and Path(checkpoint).exists():
        run.resume(checkpoint)
    per_epoch = math.ceil(len(ids) / batch_size)
    bar = progress(None, "training", total=epochs * per_epoch)
    bar.update(run.history.epochs * per_epoch)
    while run.history.epochs < epochs and not run.history.stopped:
        train_loss = _train_epoch(model, optimiser, ids, batch_size, clip, generator, bar.update)
        run.finish_epoch(train_loss, mean_loss(model, valid), patience)
        if checkpoint:
            run.save(checkpoint)
        bar.set_postfix_str(str(run.history))
    bar.close()
    model.load_state_dict(run.best)
    model.eval()
    return run.history


def _train_epoch(
    model: MelodyLSTM,
    optimiser: torch.optim.Optimizer,
    songs: Sequence[Tensor],
    batch_size: int,
    clip: float,
    generator: torch.Generator,
    after_batch: Callable[[], Any],
) -> float:
    """Once through all songs; gives the mean loss per step."""
    model.train()
    total = count = 0.0
    # Dropout draws from PyTorch's global generator: seed it from ours, and leave no trace.
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
        for batch in batches(songs, batch_size, generator):
            loss = batch_loss(model, batch)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimiser.step()
            total += loss.item() * batch.count
            count += batch.count
            after_batch()
    return total / count


@dataclass
class _Run:
    """All that changes while training: what a checkpoint has to hold."""

    model: MelodyLSTM
    optimiser: torch.optim.Optimizer
    generator: torch.Generator
    identity: str
    history: History = field(default_factory=History)
    best: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.best = copy.deepcopy(self.model.state_dict())

    def finish_epoch(self, train_loss: float, valid_loss: float, patience: int) -> None:
        """Take an epoch's losses in, keep the weights if they are the best, see whether to stop."""
        history = self.history
        if not math.isfinite(train_loss + valid_loss):
            history.stopped = "the loss is no longer a number: try a smaller learning_rate; the best weights are kept"
            return
        if valid_loss < history.best_loss:
            self.best = copy.deepcopy(self.model.state_dict())
        history.train_loss.append(train_loss)
        history.valid_loss.append(valid_loss)
        if history.epochs - history.best_epoch >= patience:
            history.stopped = f"no lower for {patience} epochs"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole state; the file is there whole or not at all."""
        moments = {
            f"{i}.{name}": value
            for i, state in self.optimiser.state_dict()["state"].items()
            for name, value in state.items()
        }
        tensors = {
            **prefixed("model", self.model.state_dict()),
            **prefixed("best", self.best),
            **prefixed("optimiser", moments),
            "generator": self.generator.get_state(),
        }
        info = {**describe(self.model), "identity": self.identity, "history": asdict(self.history)}
        save_tensors(path, tensors, info)

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Take the whole state back. Raises ValueError if the file is of another training."""
        tensors, info = load_tensors(path)
        if info.get("identity") != self.identity:
            raise ValueError(
                f"{path} is of a training with another model, other songs or other settings: "
                "give this one a file of its own, or remove that one"
            )
        load_weights(self.model, without_prefix("model", tensors), path)
        self.best = without_prefix("best", tensors)
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in without_prefix("optimiser", tensors).items():
            place, _, part = name.partition(".")
            state.setdefault(int(place), {})[part] = value
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
        self.generator.set_state(tensors["generator"])
        self.history = History(**info["history"])


def _identity(model: MelodyLSTM, train: Sequence[Song], valid: Sequence[Song], *settings: Any) -> str:
    """A hash of model, songs and settings, by which a checkpoint knows its training."""
    songs = [" ".join(song) for part in (train, valid) for song in part]
    text = json.dumps([describe(model), len(train), songs, settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
