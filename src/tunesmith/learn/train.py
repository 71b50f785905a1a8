"""Training: one loop, read from top to bottom. Lessons 06, 10 and 11.

The loss is the negative log-likelihood of the next token, in nats per step, or per character (cross-entropy).
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tunesmith.learn.batches import PADDING, Batch
from tunesmith.learn.checkpoint import describe, load_tensors, load_weights, prefixed, save_tensors, without_prefix
from tunesmith.learn.feed import feed
from tunesmith.learn.history import History
from tunesmith.models.token_model import TokenModel, device_of
from tunesmith.music.progress import progress
from tunesmith.tokens.barred import BarredSong

Song = Sequence[str]  # tokens; of a `CharLSTM` a text, or a pair of a text and its style

EXPLODED = 10  # a validation loss of so many times that of guessing comes from no learning, but from too large steps


def batch_logits(model: TokenModel, batch: Batch) -> Tensor:
    """The model's logits for a batch, one row for each target, padding's too: (N, V). Lesson 06."""
    device = device_of(model)
    beside = {"styles": batch.styles, "views": batch.views}
    output = model(
        batch.inputs.to(device), **{name: value.to(device) for name, value in beside.items() if value is not None}
    )
    logits = output[0] if isinstance(output, tuple) else output  # (B, T, V) of whole songs, (B, V) of windows
    return logits.flatten(0, -2)


def batch_loss(model: TokenModel, batch: Batch, reduction: str = "mean") -> Tensor:
    """The loss over a batch's targets, padding left out: their mean, or their sum. Lesson 06."""
    logits = batch_logits(model, batch)
    targets = batch.targets.flatten().to(logits.device)
    return nn.functional.cross_entropy(logits, targets, ignore_index=PADDING, reduction=reduction)


@torch.no_grad()
def mean_loss(model: TokenModel, songs: Sequence[Song], batch_size: int = 64) -> float:
    """Negative log-likelihood of whole songs, nats per step (or character), each song's end counted. Lesson 06.

    Raises ValueError for no songs.
    """
    if not songs:
        raise ValueError("there are no songs to measure the loss on")
    was_training = model.training
    model.eval()
    total = count = 0.0
    for batch in feed(model, songs).batches(batch_size):
        total += batch_loss(model, batch, "sum").item()
        count += batch.count
    model.train(was_training)
    return total / count


def fit(
    model: TokenModel,
    train: Sequence[Song],
    valid: Sequence[Song],
    *,
    epochs: int = 20,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    clip: float = 1.0,
    patience: int = 4,
    batches_per_epoch: int | None = None,
    window: int | None = None,
    decay: float = 1.0,
    averaging: float = 0.0,
    precision: str = "float32",
    generator: torch.Generator | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    on_epoch: Callable[[History], None] | None = None,
) -> History:
    """Train a model on token songs, or texts; it ends with the weights of the best validation loss. Lessons 06, 10.

    Adam (Kingma & Ba 2015); the gradient's norm is clipped at `clip`; training stops when the
    validation loss has not fallen for `patience` epochs, or has exploded (then a warning says so,
    and the best weights so far are kept). The generator decides the order of songs and the dropout
    (by default one seeded with 0). It runs where the model is: CPU, CUDA or MPS.

    batch_size: songs in a batch, or windows for a model that reads windows. batches_per_epoch: an
    epoch ends after so many batches; None: after all songs. window: of a `CharLSTM`, characters in windows that
    are drawn at random (see `TextWindows`); None: whole texts. decay: what the learning rate is multiplied by
    after each epoch, above 0, up to 1.
    averaging: 0 for none; else the model ends with a running average of its weights, in which each step's weights
    count for a share of 1 − averaging, such as 0.002 for 0.998 (Polyak & Juditsky 1992). Lesson 11.
    precision: "float32", or "bfloat16" for a forward pass with 8 bits of precision in place of 24, while weights, loss
    and Adam keep theirs; faster where the processor has instructions for it, slower elsewhere. Lesson 11.
    on_epoch: is called after each epoch, once its checkpoint is written, with the history so far.
    checkpoint: a file that is written after each epoch. If it is there already, training goes on
    from it, and ends as if it had never stopped (on the same machine, with the same threads).
    Where the disk is full, a warning says so, the last checkpoint stays, and training goes on.
    Raises ValueError for an empty split, a setting out of range, a model without a vocabulary, and a
    checkpoint of another model, data or settings; FileNotFoundError where its folder is missing.
    """
    if not train or not valid:
        raise ValueError("there are no songs to train on" if not train else "there are no songs to validate on")
    _check_settings(epochs, batch_size, learning_rate, clip, patience, batches_per_epoch, decay, averaging, precision)
    generator = generator or torch.Generator().manual_seed(0)
    data = feed(model, train, window)
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    settings = {"batch_size": batch_size, "learning_rate": learning_rate, "clip": clip, "batches": batches_per_epoch}
    settings |= {} if window is None else {"window": window}
    settings |= {} if decay == 1 else {"decay": decay}
    settings |= {"averaging": averaging} if averaging else {}
    settings |= {} if precision == "float32" else {"precision": precision}
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(averaging)) if averaging else None
    run = _Run(model, optimiser, generator, _identity(model, train, valid, settings), average)
    if checkpoint and not Path(checkpoint).parent.is_dir():
        raise FileNotFoundError(f"there is no folder {Path(checkpoint).parent} for the checkpoint: make it first")
    if checkpoint and Path(checkpoint).exists():
        run.resume(checkpoint, patience)
    per_epoch = min(math.ceil(len(data) / batch_size), batches_per_epoch or math.inf)
    bar = progress(None, "training", total=epochs * per_epoch)
    bar.update(run.history.epochs * per_epoch)
    while run.history.epochs < epochs and not run.history.stopped:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate * decay**run.history.epochs
        batches = islice(data.batches(batch_size, generator), per_epoch)
        train_loss = _train_epoch(run, batches, clip, precision, bar.update)
        counted = run.finish_epoch(train_loss, mean_loss(run.measured, valid), patience)
        if checkpoint:
            run.save(checkpoint)
        if on_epoch and counted:
            on_epoch(run.history)
        bar.set_postfix_str(str(run.history))
    bar.close()
    model.load_state_dict(run.best)
    model.eval()
    return run.history


def _check_settings(
    epochs: int,
    batch_size: int,
    learning_rate: float,
    clip: float,
    patience: int,
    batches_per_epoch: int | None,
    decay: float,
    averaging: float,
    precision: str,
) -> None:
    """Raise ValueError for a setting out of range, with the range."""
    counts = {"batch_size": batch_size, "patience": patience, "batches_per_epoch": batches_per_epoch}
    for name, value in counts.items():
        if value is not None and value < 1:
            raise ValueError(f"{name} {value} should be 1 or more")
    if epochs < 0:
        raise ValueError(f"epochs {epochs} should be 0 or more")
    if not 0 < learning_rate <= 1e6:
        raise ValueError(f"learning_rate {learning_rate} should be above 0 and at most 1e6; 0.001 to 0.01 is usual")
    if not 0 < decay <= 1:
        raise ValueError(
            f"decay {decay} should be above 0 and at most 1: each epoch multiplies the learning rate by it"
        )
    if not 0 <= averaging < 1:
        raise ValueError(f"averaging {averaging} should be 0 for none, or less than 1: 0.998 is usual")
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision {precision!r} should be 'float32' or 'bfloat16'")
    if not clip >= 0:
        raise ValueError(f"clip {clip} should be 0 or more: the gradient's norm is cut down to it")


def _train_epoch(
    run: _Run, batches: Iterable[Batch], clip: float, precision: str, after_batch: Callable[[], Any]
) -> float:
    """Once through the batches; gives the mean loss per step."""
    model, optimiser = run.model, run.optimiser
    half = torch.autocast(device_of(model).type, torch.bfloat16, enabled=precision == "bfloat16")
    model.train()
    total = count = 0.0
    # Dropout draws from PyTorch's global generator: seed it from ours, and leave no trace.
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(2**62, (1,), generator=run.generator)))
        for batch in batches:
            with half:
                loss = batch_loss(model, batch)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimiser.step()
            if run.average is not None:
                run.average.update_parameters(model)
            total += loss.item() * batch.count
            count += batch.count
            after_batch()
    return total / count


@dataclass
class _Run:
    """All that changes while training: what a checkpoint has to hold."""

    model: TokenModel
    optimiser: torch.optim.Optimizer
    generator: torch.Generator
    identity: str
    average: AveragedModel | None = None
    history: History = field(default_factory=History)
    best: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.best = copy.deepcopy(self.model.state_dict())
        self.history.unit = self.model.unit

    @property
    def measured(self) -> TokenModel:
        """The network whose weights count: the running average, if there is one."""
        return self.model if self.average is None else self.average.module

    def finish_epoch(self, train_loss: float, valid_loss: float, patience: int) -> bool:
        """Take an epoch's losses in, keep the weights if they are the best, see whether to stop.

        False where the loss has exploded: then the epoch is not counted.
        """
        history = self.history
        guessing = math.log(len(self.model.vocabulary))
        if not train_loss + valid_loss < math.inf or valid_loss > EXPLODED * guessing:
            history.stopped = (
                f"the loss exploded to {valid_loss:.3g} nats per {history.unit}, where guessing costs {guessing:.3g}: "
                "try a smaller learning_rate; the best weights are kept"
            )
            warnings.warn(f"training stopped in epoch {history.epochs + 1}: {history.stopped}", stacklevel=3)
            return False
        if valid_loss < history.best_loss:
            self.best = copy.deepcopy(self.measured.state_dict())
        history.train_loss.append(train_loss)
        history.valid_loss.append(valid_loss)
        self.stop_if_no_lower(patience)
        return True

    def stop_if_no_lower(self, patience: int) -> None:
        """Stop when the validation loss has not fallen for `patience` epochs."""
        if self.history.epochs - self.history.best_epoch >= patience:
            self.history.stopped = f"no lower for {patience} epochs"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole state; the file is there whole or not at all. A full disk stops no training."""
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
        if self.average is not None:
            tensors |= {**prefixed("average", self.average.module.state_dict()), "averaged": self.average.n_averaged}
        info = {**describe(self.model), "identity": self.identity, "history": asdict(self.history)}
        try:
            save_tensors(path, tensors, info)
        except OSError as error:
            message = f"the checkpoint {path} can't be written ({error.strerror or error}): training goes on without it"
            warnings.warn(message, stacklevel=3)

    def resume(self, path: str | os.PathLike[str], patience: int) -> None:
        """Take the whole state back; its patience may be another. Raises ValueError if it is of another training."""
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
        if self.average is not None:
            self.average.module.load_state_dict(without_prefix("average", tensors))
            self.average.n_averaged.copy_(tensors["averaged"])
        self.history = History(**info["history"])
        if not self.history.stopped or self.history.stopped.startswith("no lower"):
            self.history.stopped = ""
            self.stop_if_no_lower(patience)


def _identity(model: TokenModel, train: Sequence[Song], valid: Sequence[Song], settings: dict[str, Any]) -> str:
    """A hash of model, songs and settings, by which a checkpoint knows its training."""
    songs = [_told(song) for part in (train, valid) for song in part]
    text = json.dumps([describe(model), len(train), songs, settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _told(song: Song) -> str:
    """A song in a line, by which two songs are told apart."""
    return " ".join([*map(str, song), *([song.frame] if isinstance(song, BarredSong) else [])])
