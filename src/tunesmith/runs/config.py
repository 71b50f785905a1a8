"""The settings of a run: every key of a config file, with its default, its type and its range. Lesson 10.

A key is named as the argument that it sets: ``train.epochs`` is `fit`'s ``epochs``. `read_config` reads a file.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tunesmith.runs.rules import Checked, SettingError, choice, flag, number, setting, text, whole

MERGES = ("concatenated", "mixed", "labelled")
TRACKERS = ("tensorboard", "comet", "none")


def _sources(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (str, list, tuple)):
        raise TypeError
    names = (value,) if isinstance(value, str) else tuple(value)
    if len(names) not in (1, 2) or len({*names}) < len(names) or not all(isinstance(n, str) and n for n in names):
        raise ValueError
    return names


def _styles(value: Any) -> tuple[str | dict[str, float], ...]:
    styles = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return tuple(style if isinstance(style, str) else _weights(style) for style in styles)


def _weights(style: dict[str, Any]) -> dict[str, float]:
    if not all(isinstance(name, str) and not isinstance(weight, bool) for name, weight in style.items()):
        raise TypeError
    weights = {name: float(weight) for name, weight in style.items()}
    if not all(0 <= weight <= 1 for weight in weights.values()) or abs(math.fsum(weights.values()) - 1) > 1e-6:
        raise ValueError
    return weights


@dataclass(frozen=True)
class Data(Checked):
    """What the network learns from.

    sources: one or two, each a collection, a folder or a file of ABC tunes. merge: how two become one (see
    `learn.styles`); ratio: for ``mixed``, the first one's share. limit: only so many tunes of each source, those that
    come first; None: all.
    """

    section = "data."

    enabled: bool = flag(True)
    sources: tuple[str, ...] = setting(
        ("irish",), "a collection, a folder or a file of ABC tunes, or a list of two of them", _sources
    )
    merge: str = choice("concatenated", MERGES)
    ratio: float = number(0.5, 0, 1)
    limit: int | None = whole(None, 10, optional=True)


@dataclass(frozen=True)
class Model(Checked):
    """The network, a `CharLSTM`: its arguments."""

    section = "model."

    embedding_size: int = whole(64, 1, 4096)
    hidden_size: int = whole(224, 1, 4096)
    num_layers: int = whole(2, 1, 8)
    dropout: float = number(0.0, 0, 0.95)


@dataclass(frozen=True)
class Train(Checked):
    """The training: `fit`'s arguments."""

    section = "train."

    enabled: bool = flag(True)
    epochs: int = whole(20, 1)
    batch_size: int = whole(32, 1)
    batches_per_epoch: int | None = whole(None, 1, optional=True)
    window: int = whole(128, 1)
    learning_rate: float = number(0.003, 0, 10, above=True)
    decay: float = number(1.0, 0, 1, above=True)
    clip: float = number(1.0, 0, 1e6)
    patience: int = whole(4, 1)


@dataclass(frozen=True)
class Evaluate(Checked):
    """The measuring on tunes that were held out."""

    section = "evaluate."

    enabled: bool = flag(True)


@dataclass(frozen=True)
class Generate(Checked):
    """The new tunes: `generate_text`'s arguments, and how many tunes.

    style: for a network that learned with ``merge: labelled``: a source's name, or weights such as
    ``{irish: 0.5, han: 0.5}``, or a list of these; then each gets as many tunes.
    """

    section = "generate."

    enabled: bool = flag(True)
    tunes: int = whole(3, 1, 1000)
    start: str = text("")
    characters: int = whole(2000, 1, 100_000)
    temperature: float = number(1.0, 0, 100)
    top_k: int | None = whole(None, 1, optional=True)
    top_p: float | None = number(None, 0, 1, above=True, optional=True)
    grammar: bool = flag(True)
    style: tuple[str | dict[str, float], ...] | None = setting(
        None,
        "a style's name, weights that add up to 1 such as {irish: 0.5, han: 0.5}, a list of these",
        _styles,
        optional=True,
    )


@dataclass(frozen=True)
class Tracking(Checked):
    """What keeps the curves: TensorBoard, Comet, or nothing; `none` is as good as not enabled."""

    section = "tracking."

    enabled: bool = flag(True)
    kind: str = choice("tensorboard", TRACKERS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind == "none":
            object.__setattr__(self, "enabled", False)


@dataclass(frozen=True)
class Config(Checked):
    """All settings of a run. Lesson 10.

    name: the run folder is called so, inside of `folder`. seed: decides every draw of the run.
    Raises SettingError (a ValueError) for what is out of range, or does not fit together.
    """

    name: str = text("run", "a name for a folder, of letters, digits and . _ -", r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
    seed: int = whole(0, 0, 2**31 - 1)
    folder: str = text("runs", "a folder", r"(?s).+")
    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    train: Train = field(default_factory=Train)
    evaluate: Evaluate = field(default_factory=Evaluate)
    generate: Generate = field(default_factory=Generate)
    tracking: Tracking = field(default_factory=Tracking)

    def __post_init__(self) -> None:
        super().__post_init__()
        for stage, settings in (("train", self.train), ("evaluate", self.evaluate)):
            if settings.enabled and not self.data.enabled:
                problem = f"is false, and {stage} needs the tunes: set {stage}.enabled to false as well"
                raise SettingError("data.enabled", problem)
        if self.data.merge == "labelled" and len(self.data.sources) < 2:
            raise SettingError("data.merge", "is labelled, which tells two sources apart: name two in data.sources")
        if self.generate.style is not None and self.data.merge != "labelled":
            raise SettingError("generate.style", "needs a network that was told the styles: set data.merge to labelled")
        known = [style_name(source) for source in self.data.sources]
        if len({*known}) < len(known):
            raise SettingError(
                "data.sources", f"are both called {known[0]}: rename one, so that they can be told apart"
            )
        for style in self.generate.style or ():
            for name in [style] if isinstance(style, str) else style:
                if name not in known:
                    raise SettingError("generate.style", f"names {name}, and the styles are {' and '.join(known)}")

    def as_json(self) -> dict[str, Any]:
        """All settings as plain values, section by section."""
        return _plain(asdict(self))

    def differences(self, other: Config) -> dict[str, tuple[Any, Any]]:
        """Which settings differ, of those that a run's results depend on: key → (here, there).

        Left out are `folder`, the stages' flags and the tracking: they may change while a run goes on.
        """
        here, there = flat(self.as_json()), flat(other.as_json())
        return {
            key: (here[key], there[key])
            for key in here
            if here[key] != there[key] and not re.fullmatch(r"folder|tracking\..*|.*\.enabled", key)
        }


def style_name(source: str) -> str:
    """What the tunes of a source are called: a collection by its name, a folder or file by its last part."""
    return Path(source).resolve().name


SECTIONS: dict[str, type[Checked]] = {
    "data": Data,
    "model": Model,
    "train": Train,
    "evaluate": Evaluate,
    "generate": Generate,
    "tracking": Tracking,
}
KEYS = [
    key
    for place in fields(Config)
    for key in (
        [f"{place.name}.{inner.name}" for inner in fields(SECTIONS[place.name])]
        if place.name in SECTIONS
        else [place.name]
    )
]


def flat(settings: dict[str, Any]) -> dict[str, Any]:
    """``{"train": {"epochs": 3}}`` → ``{"train.epochs": 3}``."""
    pairs = {}
    for name, value in settings.items():
        pairs |= {f"{name}.{key}": inner for key, inner in value.items()} if name in SECTIONS else {name: value}
    return pairs


def _plain(value: Any) -> Any:
    """Tuples as lists, for YAML and JSON."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value
