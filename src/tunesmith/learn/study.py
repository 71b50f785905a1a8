"""The study of a search for hyper-parameters: one SQLite file, written by Optuna, and what stands in it. Lesson 11.

`python -m tunesmith tune` writes it, see `tunesmith.learn.tune`.
"""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

Json = dict[str, Any]

TOP = 0.25  # the share of trials that counts as good where importances are estimated
FEWEST = 8  # trials that this takes
_NAME = "tunesmith"  # the study's, inside its file


def read_study(path: str | Path) -> Json:
    """The results of a search, from its study, or from the JSON file that `python -m tunesmith tune` wrote. Lesson 11.

    settings, versions, seconds. trials: a row for each that is finished, in order: its number, state ("complete" or
    "pruned"), values, valid (the lowest validation loss, nats per step; None if it exploded at once), curve (that
    loss every `settings["report_every"]` batches), batches, weights, seconds. best: the row of the lowest loss that
    was trained to its end, None before there is one; with `again`, once `measure_best` has tested it: seed, valid,
    test. tested: how many trials' networks were measured on the test songs. importances: of each hyper-parameter, see
    `importances`.
    Raises FileNotFoundError where there is no file, ValueError for one that holds no such results, or without Optuna.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    if path.suffix.lower() == ".json":
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            found = None
        if not isinstance(found, dict) or not {"settings", "trials", "best", "importances"} <= found.keys():
            raise ValueError(f"{path} holds no results of a search: python -m tunesmith tune writes them")
        return found
    with opened(path, new=False) as study:
        return results(study)


def finished(study: Study) -> list[FrozenTrial]:
    """The trials that were trained to their end or pruned, in order; what a killed process left is not among them."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def results(study: Study) -> Json:
    """What stands in a study, as plain values: see `read_study`."""
    told, every = study.user_attrs, study.user_attrs["settings"]["report_every"]
    rows = [_row(number, trial, every) for number, trial in enumerate(finished(study), 1)]
    complete = [row for row in rows if row["state"] == "complete"]
    best = min(complete, key=lambda row: row["valid"], default=None)
    tests = told.get("tests", {})
    if best and str(best["trial"]) in tests:
        best = {**best, "again": tests[str(best["trial"])]}
    return {
        "what": "a search for hyper-parameters; losses in nats per step",
        "settings": told["settings"],
        "versions": told["versions"],
        "seconds": round(sum(row["seconds"] for row in rows)),
        "best": best,
        "tested": len(tests),
        "importances": importances(study),
        "trials": rows,
    }


def _row(number: int, trial: FrozenTrial, every: int) -> Json:
    """A finished trial. Its number counts the finished ones: Optuna's own counts those that were killed, too."""
    curve = [round(loss, 4) for _, loss in sorted(trial.intermediate_values.items())]
    seconds = trial.duration.total_seconds() if trial.duration else 0.0
    return {
        "trial": number,
        "state": trial.state.name.lower(),
        "valid": min(curve, default=None),
        "batches": every * len(curve),
        "weights": trial.user_attrs.get("weights"),
        "seconds": round(seconds, 1),
        "values": trial.params,
        "curve": curve,
    }


def importances(study: Study) -> dict[str, float]:
    """How much each hyper-parameter has to do with being among the best quarter; the largest first. Lesson 11.

    The shares add up to 1; there are none before `FEWEST` trials. PED-ANOVA (Watanabe et al. 2023) compares where a
    hyper-parameter's values lie in the best quarter with where they lie in all trials. A pruned trial counts with its
    loss so far: it is among the others. Of twenty trials the best quarter are five, so these are hints, no more.
    """
    optuna = load_optuna()
    trials = [trial for trial in finished(study) if trial.intermediate_values]
    if len(trials) < FEWEST:
        return {}
    all_complete = optuna.create_study()
    for trial in trials:
        loss = min(trial.intermediate_values.values())
        all_complete.add_trial(
            optuna.trial.create_trial(params=trial.params, distributions=trial.distributions, value=loss)
        )
    judge = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=TOP)
    found = optuna.importance.get_param_importances(all_complete, evaluator=judge)
    return {name: round(share, 3) for name, share in sorted(found.items(), key=lambda item: (-item[1], item[0]))}


def tuning_table(found: Json, rows: int = 5) -> str:
    """The best trials of a search, as text for a terminal or a cell, and what the best came to. Lesson 11.

    found: what `read_study` gives.
    """
    trials, best = found["trials"], found["best"]
    ranked = sorted((row for row in trials if row["state"] == "complete"), key=lambda row: row["valid"])
    header = ["trial", "valid", "seconds", *map(spoken, found["settings"]["space"])]
    cells = [
        [str(row["trial"]), f"{row['valid']:.4f}", f"{row['seconds']:.0f}"]
        + [_shown(row["values"][name]) for name in found["settings"]["space"]]
        for row in ranked[:rows]
    ]
    widths = [max(map(len, column)) for column in zip(header, *cells)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in (header, *cells)]
    pruned, batches = len(trials) - len(ranked), sum(row["batches"] for row in trials)
    lines.append(f"{len(trials)} trials, {pruned} of them pruned; {batches} batches, {found['seconds']} s")
    if best:
        lines.append(f"best: trial {best['trial']}, {best['valid']:.4f} nats per step on the validation songs")
        if again := best.get("again"):
            lines.append(
                f"trained again with seed {again['seed']}: {again['valid']:.4f} on the validation songs, "
                f"{again['test']:.4f} on the test songs (networks tested in all: {found['tested']})"
            )
    return "\n".join(lines)


def spoken(name: str) -> str:
    """A hyper-parameter's name for a table or an axis: ``num_layers`` is "layers", ``hidden_size`` "hidden"."""
    return name.removesuffix("_size").removeprefix("num_").replace("_", " ") if name != "batch_size" else "batch size"


def _shown(value: Any) -> str:
    """A hyper-parameter's value for a table."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def take_up(study: Study, settings: Json, path: str | Path) -> None:
    """Make a study ready to go on. Raises ValueError where its settings are others."""
    from optuna.trial import TrialState

    settings = json.loads(json.dumps(settings))  # as the file gives them back
    known = study.user_attrs.get("settings")
    if known is None:
        study.set_user_attr("versions", _versions())
        study.set_user_attr("settings", settings)
    elif known != settings:
        others = [name for name in settings if known.get(name) != settings[name]]
        raise ValueError(
            f"{path} is of a search with other settings ({', '.join(_other(name, known, settings) for name in others)})"
            ": choose another name, or remove it"
        )
    for trial in study.get_trials(states=[TrialState.RUNNING]):  # what a killed process left behind
        study.tell(trial.number, state=TrialState.FAIL)


def _other(name: str, known: Json, settings: Json) -> str:
    """How a setting differs, in a few words."""
    if name in ("space", "start", "songs"):
        return f"another {name}" if name != "songs" else "other songs"
    return f"{name} {known.get(name)!r} there, {settings[name]!r} here"


@contextmanager
def opened(path: str | Path, new: bool = True) -> Iterator[Study]:
    """The study in a file. new: make one where there is none.

    Raises ValueError for a file that holds something else, which is left as it is; FileNotFoundError.
    """
    optuna = load_optuna()
    empty = nothing_there(Path(path))
    if empty and not new:
        raise ValueError(f"{path} holds no study yet: python -m tunesmith tune writes one")
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    try:
        study = optuna.create_study(storage=storage, study_name=_NAME, load_if_exists=True)
        if not new and "settings" not in study.user_attrs:
            raise ValueError(f"{path} holds no study of python -m tunesmith tune")
        yield study
    finally:
        storage.engine.dispose()  # on Windows an open file can't be removed


def nothing_there(path: Path) -> bool:
    """Whether a file is still to be written, or holds nothing yet.

    Raises ValueError for one that holds something else than a study, FileNotFoundError where its folder is missing.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}: make it first")
    if "?" in str(path):
        raise ValueError(f"{path}: a study's name can't have a question mark")
    if not path.exists():
        return True
    data_base = None
    try:
        data_base = sqlite3.connect(path)
        tables = {name for (name,) in data_base.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.Error:  # a folder, or a file of another kind
        tables = {"something else"}
    finally:
        if data_base:
            data_base.close()
    if tables and "studies" not in tables:
        raise ValueError(f"{path} is no study of python -m tunesmith tune: choose another name")
    return not tables


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """Keep other processes from a study for as long as this one lives, by a lock of SQLite's on a file beside it.

    Raises ValueError where another process has it; FileNotFoundError where the folder is missing.
    """
    beside = Path(f"{path}.lock")
    if not beside.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {beside.parent}: make it first")
    lock = sqlite3.connect(beside, timeout=0, isolation_level=None)
    try:
        lock.execute("begin exclusive")  # ends with the process, even if that is killed
    except sqlite3.OperationalError as error:
        lock.close()
        raise ValueError(f"{path} is being worked on by another process: wait until it is done, or stop it") from error
    try:
        yield
    finally:
        lock.close()
        beside.unlink(missing_ok=True)


def _versions() -> Json:
    return {
        "optuna": load_optuna().__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def load_optuna() -> ModuleType:
    """Optuna, without its log. Raises ValueError where it is not installed."""
    try:
        import optuna
    except ModuleNotFoundError as error:
        if error.name != "optuna":
            raise
        raise ValueError("a search needs a package that is not installed: pip install optuna") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
