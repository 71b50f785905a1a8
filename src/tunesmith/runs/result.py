"""What came out of a run, read from its folder: `read_run`. Lesson 10."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.learn.checkpoint import load_model
from tunesmith.learn.history import History
from tunesmith.models.char_lstm import CharLSTM
from tunesmith.music.abc_check import check_abc
from tunesmith.music.melody import Melody
from tunesmith.runs.config import Config
from tunesmith.runs.folder import Folder


@dataclass(frozen=True)
class Tune:
    """A tune that a run wrote. text: a clean tune. valid: by `check_abc`; why: if it is not, what is wrong."""

    name: str
    text: str
    valid: bool
    why: str
    style: str | dict[str, float] | None
    files: tuple[Path, ...]

    @property
    def melody(self) -> Melody:
        """The tune as notes, to show and to hear. Raises ValueError for one that is not valid."""
        if not self.valid:
            raise ValueError(f"{self.name} is no valid tune: {self.why}")
        return check_abc(self.text).melody()

    @property
    def abc(self) -> str:
        """The whole tune, as its ``.abc`` file has it."""
        return next(path for path in self.files if path.suffix == ".abc").read_text(encoding="utf-8")

    def __str__(self) -> str:
        return f"{self.name}: {'valid' if self.valid else self.why}"


@dataclass(frozen=True)
class Run:
    """A run's folder, read. Printed, it is a summary. Lesson 10.

    history: as the last line of a cell it shows the curves. evaluation: part → nats per character, None before
    the evaluation. tunes: what was written. stages: those that are finished. versions: of Python, packages, machine.
    """

    folder: Path
    settings: Config
    history: History
    evaluation: dict[str, float] | None
    tunes: tuple[Tune, ...]
    stages: tuple[str, ...]
    versions: dict[str, Any]

    def model(self) -> CharLSTM:
        """The trained network. Raises FileNotFoundError before the training is finished."""
        return load_model(Folder(self.folder).model)

    def __str__(self) -> str:
        lines = [f"{self.folder}: {', '.join(self.stages) or 'no stage'} finished"]
        if self.history.epochs:
            lines.append(f"  training: {self.history}")
        if self.evaluation:
            scores = ", ".join(f"{part} {loss:.3f}" for part, loss in self.evaluation.items())
            lines.append(f"  evaluation: {scores} nats per character")
        return "\n".join(lines + [f"  {tune}" for tune in self.tunes])

    __repr__ = __str__


def read_run(folder: str | os.PathLike[str]) -> Run:
    """What a run's folder holds, finished or not: settings, curves, scores, tunes. Lesson 10.

    Raises FileNotFoundError where there is no run, ValueError for a file of it that is damaged.
    """
    place = Folder(Path(folder))
    if not place.settings.is_file():
        raise FileNotFoundError(f"there is no run in {place.path}: python -m tunesmith run makes one")
    about = place.read("run") or {"versions": {}}
    stages = place.finished
    evaluation = place.read("evaluation") if "evaluate" in stages else None
    tunes = place.read("tunes") if "generate" in stages else None
    return Run(
        place.path,
        place.read_settings(),
        History(**(place.read("history") or {"unit": "character"})),
        evaluation and evaluation["nats_per_character"],
        tuple(_tune(place, tune) for tune in tunes or ()),
        tuple(stages),
        about["versions"],
    )


def _tune(place: Folder, tune: dict[str, Any]) -> Tune:
    files = tuple(sorted(place.tunes.glob(f"{tune['name']}.*")))
    return Tune(tune["name"], tune["text"], tune["valid"], tune["why"], tune["style"], files)
