"""A config file and ``--set`` → `Config`; an error is one line: the file, the line, the key, what is wrong."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tunesmith.music.draft import SongError
from tunesmith.music.sources import COLLECTIONS
from tunesmith.music.text import decode
from tunesmith.runs.config import KEYS, SECTIONS, Config
from tunesmith.runs.rules import SettingError

_LIMIT = 1_000_000  # bytes; a config has a few hundred


def read_config(path: str | os.PathLike[str], changes: Sequence[str] = ()) -> Config:
    """The settings in a YAML file. Lesson 10.

    A key that the file leaves out has its default; without `name` the run is called after the file.
    changes: settings in place of the file's, such as ``"train.epochs=3"``, the value as YAML has it.
    Raises FileNotFoundError, and ValueError for what is no YAML, for an unknown key (with the nearest
    known one), a key that stands there twice, a value of a wrong type or out of range, settings that do
    not fit together, and a source that is neither a collection, nor a folder or file of ABC tunes.
    """
    path = Path(path)
    values, lines = _read_yaml(path)
    values = {"name": path.stem, **values}
    places = {key: f"{path.name}, line {line}" for key, line in lines.items()}
    for change in changes:
        key, value = _parse_change(change)
        places[key] = f"--set {change}"
        if key.partition(".")[0] in SECTIONS and "." in key:
            section, _, name = key.partition(".")
            inner = values.get(section) or {}
            values[section] = {**inner, name: value} if isinstance(inner, Mapping) else inner
        else:
            values[key] = value
    try:
        config = config_of(values)
        check_sources(config)
    except SettingError as error:
        raise ValueError(f"{places.get(error.key, path.name)}: {error}") from None
    return config


def config_of(values: Mapping[str, Any]) -> Config:
    """The settings in plain values, section by section, as YAML or JSON gives them. Raises SettingError."""
    known: dict[str, Any] = {}
    for key, value in values.items():
        if key in SECTIONS:
            known[key] = _section(key, value)
        elif key in KEYS:
            known[key] = value
        else:
            raise _unknown(str(key))
    return Config(**known)


def _section(name: str, values: Any) -> Any:
    """One section. One without any key, which YAML reads as null, has its defaults."""
    values = {} if values is None else values
    if not isinstance(values, Mapping):
        raise SettingError(name, f"should be a section of settings ({_names(name)}), and is {values!r}")
    for key in values:
        if f"{name}.{key}" not in KEYS:
            raise _unknown(f"{name}.{key}")
    return SECTIONS[name](**values)


def _unknown(key: str) -> SettingError:
    """Names the nearest known key: a spelling like it, or the same name in another section."""
    key = " ".join(key.split())[:60]
    last = key.rpartition(".")[2]
    near = difflib.get_close_matches(key, [*KEYS, *SECTIONS], 1, 0.75)
    near = near or [known for known in KEYS if known.rpartition(".")[2] == last]
    near = near or difflib.get_close_matches(last, [known.rpartition(".")[2] for known in KEYS], 1)
    if near:
        return SettingError(key, f"is no setting: did you mean {near[0]}?")
    section = key.partition(".")[0]
    known = _names(section) if section in SECTIONS else ", ".join(dict.fromkeys(k.partition(".")[0] for k in KEYS))
    return SettingError(key, f"is no setting: {section if section in SECTIONS else 'a config'} has {known}")


def _names(section: str) -> str:
    return ", ".join(key.partition(".")[2] for key in KEYS if key.startswith(f"{section}."))


def _parse_change(change: str) -> tuple[str, Any]:
    """``"train.epochs=3"`` → (``"train.epochs"``, 3). Raises ValueError."""
    key, sign, text = change.partition("=")
    key = key.strip()
    if not sign or not key:
        raise ValueError(f"--set {change}: should be KEY=VALUE, such as train.epochs=3")
    try:
        return key, yaml.safe_load(text) if text.strip() else ""
    except yaml.YAMLError as error:
        raise ValueError(f"--set {change}: the value can't be read: {_problem(error)}") from None


def check_sources(config: Config) -> None:
    """Raise SettingError for a source that is not there, or is a folder without ABC files."""
    for source in config.data.sources if config.data.enabled else ():
        path = Path(source)
        if source in COLLECTIONS or path.is_file():
            continue
        if path.is_dir():
            if any(file.suffix.lower() == ".abc" for file in path.rglob("*")):
                continue
            raise SettingError("data.sources", f"names {source!r}, a folder without .abc files: put your tunes there")
        if path.suffix or path.parent != Path("."):  # it looks like a place
            problem = f"names {source!r}, and there is no such folder or file ({path.absolute()}): make it first"
        elif near := difflib.get_close_matches(source, COLLECTIONS, 1):
            problem = f"names {source!r}, which is no collection and no folder: did you mean {near[0]}?"
        else:
            known = ", ".join(COLLECTIONS)
            problem = f"names {source!r}: make such a folder and put .abc files there, or name a collection: {known}"
        raise SettingError("data.sources", problem)


def _read_yaml(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The values in a file, and the line of each key: ``{"train": 9, "train.epochs": 10}``."""
    if not path.exists():
        raise FileNotFoundError(f"there is no config {path}")
    if not path.is_file():
        raise ValueError(f"{path} is a folder: name the YAML file of a run")
    if path.stat().st_size > _LIMIT:
        raise ValueError(f"{path} is too large for a config: name the YAML file of a run")
    try:
        loader = yaml.SafeLoader(decode(path.read_bytes(), path.name)[0])
        node = loader.get_single_node()
        values = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name}{_line(error)}: this is no YAML: {_problem(error)}") from None
    except SongError:  # nothing but white space
        values = None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name}: this is no YAML: {error}") from None
    if values is None:
        raise ValueError(f"{path.name}: the file is empty: config.yaml shows what may stand there")
    if not isinstance(values, dict):
        raise ValueError(f"{path.name}: should hold settings such as 'seed: 0', section by section")
    lines: dict[str, int] = {}
    for name, line, inner in _keys(path, node, ""):
        lines[name] = line
        if name in SECTIONS and isinstance(inner, yaml.MappingNode):
            lines |= {key: line for key, line, _ in _keys(path, inner, f"{name}.")}
    return values, lines


def _keys(path: Path, node: yaml.MappingNode, prefix: str) -> list[tuple[str, int, yaml.Node]]:
    """The keys of a mapping: name, line, value. Raises ValueError for one that stands there twice."""
    found: dict[str, tuple[str, int, yaml.Node]] = {}
    for key, value in node.value:
        name, line = f"{prefix}{key.value}", key.start_mark.line + 1
        if name in found:
            raise ValueError(f"{path.name}, line {line}: {name} stands in line {found[name][1]} already: keep one")
        found[name] = (name, line, value)
    return list(found.values())


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    text = getattr(error, "problem", None) or str(error)
    return " ".join(text.split())[:120]
