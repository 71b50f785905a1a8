"""A search for good hyper-parameters with Optuna: a study in one file, which goes on where it was stopped. Lesson 11.

Optuna (Akiba et al., "Optuna: a next-generation hyperparameter optimization framework", KDD 2019) chooses each trial's
values by TPE, a tree-structured Parzen estimator (Bergstra et al. 2011): values are drawn where good trials lie close
and bad ones do not. A trial whose validation loss is above the median of those before it is pruned: given up early.
"""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tunesmith.learn.history import History
from tunesmith.learn.study import alone, finished, load_optuna, opened, results, take_up
from tunesmith.learn.train import Song, fit, mean_loss
from tunesmith.models.token_model import TokenModel, count_parameters

if TYPE_CHECKING:
    from optuna import Study, Trial

Json = dict[str, Any]

# Hyper-parameter → what it may be: one of a list, or a number from low to high; log: small steps where it is small.
SPACE: Json = {
    "embedding_size": {"low": 16, "high": 128, "step": 16},
    "hidden_size": {"low": 64, "high": 320, "step": 64},
    "num_layers": {"low": 1, "high": 2},
    "dropout": {"low": 0.0, "high": 0.6, "step": 0.05},
    "input_dropout": {"low": 0.0, "high": 0.6, "step": 0.05},
    "tied": [False, True],
    "views": [False, True],
    "learning_rate": {"low": 3e-4, "high": 3e-2, "log": True},
    "batch_size": [8, 16, 32],
}
# The first trial: the network that the search has to beat.
START: Json = {
    "embedding_size": 64,
    "hidden_size": 256,
    "num_layers": 1,
    "dropout": 0.35,
    "input_dropout": 0.2,
    "tied": True,
    "views": True,
    "learning_rate": 3e-3,
    "batch_size": 16,
}
REPORTS = 10  # in a trial: so often its validation loss is measured, its learning rate lowered, and it may be pruned
SLOWEST = 0.05  # the learning rate at the end, as a share of that at the beginning
UNPRUNED = 0.3  # share of a trial's batches in which none is pruned
FULL_TRIALS = 4  # trials that have to be trained to their end before any is pruned


@dataclass(frozen=True)
class Search:
    """What is searched, and how each trial is trained. Lesson 11.

    build: makes a network from a trial's values, all but `learning_rate` and `batch_size`, which `fit` is given.
    train, valid: the songs; a trial's score is the lowest validation loss, in nats per step.
    batches: a trial's budget; it is never more, and may be a little less. All trials have the same number of batches,
    so larger networks and larger batches take more seconds.
    space, start: as `SPACE` and `START`. seed: decides the values that are tried; all trials are trained with it, too.
    precision: as of `fit`. source: the collection's name, for the record.
    Raises ValueError for a space that can't be searched, a start outside of it, and a budget or seed out of range.
    """

    build: Callable[[Json], TokenModel]
    train: Sequence[Song]
    valid: Sequence[Song]
    batches: int = 300
    seed: int = 1
    space: Mapping[str, Any] = field(default_factory=lambda: SPACE)
    start: Mapping[str, Any] = field(default_factory=lambda: START)
    precision: str = "float32"
    source: str = ""

    def __post_init__(self) -> None:
        if self.batches < 1 or self.seed < 0:
            name = "batches" if self.batches < 1 else "seed"
            raise ValueError(f"{name} {getattr(self, name)} should be {int(name == 'batches')} or more")
        if not self.train or not self.valid:
            raise ValueError(f"there are no songs to {'validate' if self.train else 'train'} on")
        _check_space(self.space, self.start)

    @property
    def report_every(self) -> int:
        """Batches between two looks at the validation songs; the same for every trial, so that these compare."""
        largest = max(_ends(self.space["batch_size"]))
        return max(1, min(self.batches // REPORTS, -(-len(self.train) // largest)))

    @property
    def settings(self) -> Json:
        """What has to be the same for a study to go on, as plain values."""
        songs = json.dumps([[list(map(str, song)) for song in part] for part in (self.train, self.valid)])
        told = {name: getattr(self, name) for name in ("source", "batches", "report_every", "seed", "precision")}
        told |= {"space": dict(self.space), "start": dict(self.start)}
        return {**told, "songs": hashlib.sha256(songs.encode()).hexdigest()[:16]}

    def train_one(
        self, values: Mapping[str, Any], seed: int, on_epoch: Callable[[History], None] | None = None
    ) -> tuple[TokenModel, History]:
        """Train one network with a trial's values: the network, and its history, an epoch for each report."""
        how = {name: values[name] for name in ("learning_rate", "batch_size")}
        epochs = self.batches // self.report_every
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a loss that explodes is a trial that failed, no more
            torch.manual_seed(seed)
            model = self.build({name: value for name, value in values.items() if name not in how})
            history = fit(
                model,
                self.train,
                self.valid,
                epochs=epochs,
                patience=epochs,
                batches_per_epoch=self.report_every,
                decay=SLOWEST ** (1 / epochs),
                precision=self.precision,
                generator=torch.Generator().manual_seed(seed),
                on_epoch=on_epoch,
                **how,
            )
        return model, history


def tune(path: str | Path, search: Search, trials: int = 20, on_trial: Callable[[Json], None] | None = None) -> Json:
    """Search until a study has so many trials, pruned ones among them; gives `read_study`'s results. Lesson 11.

    path: the study, a SQLite file. If it is there, the search goes on: what is finished stays as it is, and a trial
    in which it was killed is done again, with the same values. So a search that was stopped ends as one that was not
    (on the same machine, with the same threads). on_trial: is called after each trial with its row of the results.
    Raises ValueError without Optuna, for a file that is no such study or of a search with other settings, and where
    another process works on it; FileNotFoundError where its folder is missing.
    """
    if trials < 1:
        raise ValueError(f"trials {trials} should be 1 or more")
    with alone(path), opened(path) as study:
        take_up(study, search.settings, path)
        while (done := len(finished(study))) < trials:
            _run_trial(study, search, done)
            if on_trial:
                on_trial(results(study)["trials"][-1])
        return results(study)


def measure_best(path: str | Path, search: Search, test: Sequence[Song]) -> Json:
    """Train the best trial's network again with a fresh seed, and measure it on the test songs. Lesson 11.

    The best of many validation losses is partly luck; a fresh seed takes some of that luck away. The numbers are kept
    in the study, so a trial is never tested twice. Gives `read_study`'s results, with `again` in their `best`.
    Raises ValueError as `tune`, and for a study in which no trial was trained to its end.
    """
    with alone(path), opened(path, new=False) as study:
        take_up(study, search.settings, path)
        best = results(study)["best"]
        if best is None:
            raise ValueError(f"{path} has no trial that was trained to its end: search first")
        if "again" not in best:
            seed = search.seed + 1
            model, history = search.train_one(best["values"], seed)
            told = {"seed": seed, "valid": round(history.best_loss, 4), "test": round(mean_loss(model, test), 4)}
            study.set_user_attr("tests", {**study.user_attrs.get("tests", {}), str(best["trial"]): told})
        return results(study)


def _run_trial(study: Study, search: Search, done: int) -> None:
    """One trial more. Its draws depend on the seed and on the trials that are finished, and on nothing else."""
    optuna = load_optuna()

    def objective(trial: Trial) -> float:
        values = {name: _suggest(trial, name, span) for name, span in search.space.items()}

        def report(history: History) -> None:
            trial.report(history.valid_loss[-1], step=history.epochs * search.report_every)
            if trial.should_prune():
                raise optuna.TrialPruned

        model, history = search.train_one(values, search.seed, report)
        trial.set_user_attr("weights", count_parameters(model))
        if not history.epochs:
            raise optuna.TrialPruned
        return history.best_loss

    # Optuna's sampler would begin its draws anew in each process: so each trial has a sampler of its own.
    draws = np.random.SeedSequence([search.seed, done]).generate_state(1)
    study.sampler = optuna.samplers.TPESampler(seed=int(draws[0]))
    study.pruner = optuna.pruners.MedianPruner(FULL_TRIALS, n_warmup_steps=math.ceil(search.batches * UNPRUNED))
    if not done and not study.get_trials(states=[optuna.trial.TrialState.WAITING]):
        study.enqueue_trial(dict(search.start))
    study.optimize(objective, n_trials=1)


def _suggest(trial: Trial, name: str, span: Any) -> Any:
    """A value for a hyper-parameter."""
    if not isinstance(span, Mapping):
        return trial.suggest_categorical(name, span)
    whole = all(isinstance(span[end], int) for end in ("low", "high"))
    return (trial.suggest_int if whole else trial.suggest_float)(name, **span)


def _ends(span: Any) -> Sequence[Any]:
    """A list of choices, or the lowest and highest number."""
    return [span["low"], span["high"]] if isinstance(span, Mapping) else span


def _check_space(space: Mapping[str, Any], start: Mapping[str, Any]) -> None:
    """Raise ValueError for a space that can't be searched, and for a start that is not in it."""
    for name in ("learning_rate", "batch_size"):
        if name not in space:
            raise ValueError(f"the space lacks {name}: give a list of values, or low and high")
    for name, span in space.items():
        ranged = isinstance(span, Mapping) and {"low", "high"} <= span.keys() <= {"low", "high", "step", "log"}
        ranged = ranged and all(isinstance(end, int | float) for end in _ends(span))
        if not ((ranged and span["low"] <= span["high"]) or (isinstance(span, list | tuple) and span)):
            raise ValueError(f"{name} in the space is {span!r}: give a list of values, or low and high, low not above")
        if name not in start:
            raise ValueError(f"the start lacks {name}: give the first trial a value for each of {', '.join(space)}")
        value = start[name]
        if not (span["low"] <= value <= span["high"] if ranged else value in span):
            raise ValueError(f"the start's {name} {value!r} is not in the space: {span}")
