"""A run from its settings to its tunes: data, training, evaluation, generation. Lesson 10."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from tunesmith.learn import styles
from tunesmith.learn.checkpoint import load_model, load_tensors, save_model
from tunesmith.learn.history import History
from tunesmith.learn.text import Text
from tunesmith.learn.train import fit, mean_loss
from tunesmith.models.char_lstm import CharLSTM
from tunesmith.models.token_model import count_parameters
from tunesmith.music.abc_grammar import AbcReader
from tunesmith.music.abc_tunes import abc_tunes
from tunesmith.runs.config import Config, flat, style_name
from tunesmith.runs.folder import STAGES, Folder, claim, seeds
from tunesmith.runs.result import Run, read_run
from tunesmith.runs.rules import SettingError
from tunesmith.runs.tracking import Tracker, open_tracker
from tunesmith.runs.writing import write_tunes
from tunesmith.tokens.characters import Characters

_PARTS = ("train", "valid", "test")


def run(config: Config) -> Run:
    """Do what the settings say, stage by stage, in the run's folder. Lesson 10.

    Stages that are finished there are not done again, and a training goes on from its last epoch. So a run that was
    stopped or killed at any moment ends as if it had not been, on the same machine with the same threads.
    Prints what it does. Raises ValueError for a folder with other settings, for too few tunes, for a start that the
    network could not read, and for a stage that needs one which never ran.
    """
    started = time.monotonic()
    folder, remarks = claim(config)
    for remark in remarks:
        warnings.warn(f"{folder.path}: {remark}", stacklevel=2)
    wanted = [stage for stage in STAGES if getattr(config, stage).enabled]
    left = [stage for stage in wanted if stage not in folder.finished]
    if not left:
        print(f"{folder.path} is finished: nothing is left to do (another name makes a new run: --set name=…)")
        print(read_run(folder.path))
        return read_run(folder.path)
    done = [stage for stage in wanted if stage not in left]
    print(f"{folder.path}: {'goes on after ' + ', '.join(done) if done else 'a new run'}")
    tracker = open_tracker(config.tracking.kind if config.tracking.enabled else "none", folder.tracking, config.name)
    try:
        for stage in left:
            began = time.monotonic()
            _STAGES[stage](config, folder, tracker)
            folder.finish(stage, time.monotonic() - began)
    except KeyboardInterrupt:
        print("stopped: the same command goes on from here")
        raise
    finally:
        tracker.close()
    if tracker.where:
        print(f"curves: {tracker.where}")
    print(f"finished after {time.monotonic() - started:.0f} seconds: {folder.path}")
    return read_run(folder.path)


# ---------------------------------------------------------------- data


def _data(config: Config, folder: Folder, tracker: Tracker) -> None:
    """Read the tunes, divide them, make one collection of two; keep all that in data.json."""
    collections = {style_name(source): abc_tunes(source) for source in config.data.sources}
    for tunes in collections.values():
        print(f"data: {tunes.report}")
    limited = {name: tunes[: config.data.limit] for name, tunes in collections.items()}
    parts = styles.split_together(limited, seed=seeds(config)["split"])
    generator = torch.Generator().manual_seed(seeds(config)["merge"])
    merged = {name: _merged(config, part, generator) for name, part in zip(_PARTS, parts, strict=True)}
    if not (merged["train"] and merged["valid"]):
        count = sum(map(len, limited.values()))
        raise SettingError("data.sources", f"give {count} tunes, too few to divide 80/10/10: have twenty or more")
    if config.generate.enabled:
        _check_start(config, merged)
    counts = {name: len(part) for name, part in merged.items()}
    folder.write(
        "data", {"counts": counts, "sources": {n: _counted(t.report) for n, t in collections.items()}} | merged
    )
    print(f"data: {counts['train']:,} tunes to train on, {counts['valid']:,} to validate, {counts['test']:,} to test")


def _merged(config: Config, part: styles.Part, generator: torch.Generator) -> list[Text]:
    """The tunes of one part, of all sources."""
    if config.data.merge == "labelled":
        return styles.labelled(part)
    texts = list(part.values())
    if len(texts) == 1:
        return texts[0]
    if config.data.merge == "mixed":
        return styles.mixed(*texts, config.data.ratio, generator)
    return styles.concatenated(*texts)


def _counted(report: Any) -> dict[str, Any]:
    return {"read": len(report.read), "left_out": {outcome.name: outcome.detail for outcome in report.left_out}}


def _check_start(config: Config, parts: dict[str, list[Text]]) -> None:
    """Raise SettingError, before any training, for a start that the network will not know how to go on from."""
    start = config.generate.start
    try:
        _characters(parts).ids(start)
    except ValueError as error:
        raise SettingError("generate.start", f"can't be read by a network of these tunes: {error}") from None
    reader = AbcReader()
    for fault in filter(None, map(reader.push, start if config.generate.grammar else "")):
        raise SettingError("generate.start", f"breaks the grammar of ABC: {fault}")


def _characters(parts: dict[str, list[Text]]) -> Characters:
    texts = [text for name in _PARTS for text in parts[name]]
    return Characters.of(text if isinstance(text, str) else text[0] for text in texts)


def _read_data(folder: Folder) -> dict[str, list[Text]]:
    """What `_data` kept."""
    kept = folder.read("data")
    if kept is None:
        raise ValueError(f"{folder.path} has no tunes yet: set data.enabled to true")
    return {part: [text if isinstance(text, str) else (text[0], text[1]) for text in kept[part]] for part in _PARTS}


# ---------------------------------------------------------------- training


def _train(config: Config, folder: Folder, tracker: Tracker) -> None:
    """Train the network; its best weights end up in model.safetensors."""
    parts, settings = _read_data(folder), config.train
    with torch.random.fork_rng():
        torch.manual_seed(seeds(config)["weights"])
        names = tuple(map(style_name, config.data.sources)) if config.data.merge == "labelled" else ()
        model = CharLSTM(_characters(parts), **asdict(config.model), styles=names)
    print(f"train: {count_parameters(model):,} weights, {len(model.vocabulary)} characters")

    def keep(history: History) -> None:
        folder.write("history", asdict(history))
        tracker.epochs(history)

    if folder.checkpoint.exists():
        history = History(**load_tensors(folder.checkpoint)[1]["history"])
        print(f"train: goes on after epoch {history.epochs}")
        keep(history)
    arguments = {name: value for name, value in asdict(settings).items() if name != "enabled"}
    generator = torch.Generator().manual_seed(seeds(config)["training"])
    history = fit(
        model,
        parts["train"],
        parts["valid"],
        generator=generator,
        checkpoint=folder.checkpoint,
        on_epoch=keep,
        **arguments,
    )
    keep(history)
    save_model(model, folder.model, run=config.name, settings=config.as_json(), history=asdict(history))
    print(f"train: {history}")


def _trained(folder: Folder, stage: str) -> CharLSTM:
    """The network of this run. Raises ValueError where none was trained."""
    if "train" not in folder.finished:
        raise ValueError(f"{folder.path} has no trained network yet, and {stage} needs one: set train.enabled to true")
    return load_model(folder.model)


# ---------------------------------------------------------------- evaluation


def _evaluate(config: Config, folder: Folder, tracker: Tracker) -> None:
    """Measure the network on the tunes that were held out."""
    model, parts = _trained(folder, "evaluate"), _read_data(folder)
    losses = {part: mean_loss(model, parts[part]) for part in ("valid", "test") if parts[part]}
    guessing = math.log(len(model.vocabulary))
    folder.write("evaluation", {"nats_per_character": losses, "guessing": guessing})
    words = ", ".join(f"{part} {loss:.3f}" for part, loss in losses.items())
    print(f"evaluate: {words} nats per character, where guessing costs {guessing:.3f}")


# ---------------------------------------------------------------- generation and tracking


def _generate(config: Config, folder: Folder, tracker: Tracker) -> None:
    """Let the network write."""
    write_tunes(config, folder, _trained(folder, "generate"))


def _track(config: Config, folder: Folder, tracker: Tracker) -> None:
    """Give the tracker everything that the folder holds; it leaves out what it has."""
    result = read_run(folder.path)
    tracker.epochs(result.history)
    for tune in result.tunes:
        tracker.tune(f"tunes/{tune.name}", tune.abc)
    if result.history.epochs:
        scores = {"best/validation": result.history.best_loss}
        scores |= {f"best/{part}": loss for part, loss in (result.evaluation or {}).items() if part == "test"}
        tracker.settings(flat(config.as_json()), scores)


_STAGES: dict[str, Callable[[Config, Folder, Tracker], None]] = {
    "data": _data,
    "train": _train,
    "evaluate": _evaluate,
    "generate": _generate,
    "tracking": _track,
}
