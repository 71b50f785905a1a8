"""The folder of a run: whose it is, what stands in it, what is finished. Lesson 10.

    settings.yaml      every setting as it was used; `run` takes this file too
    run.json           seeds, versions, the stages that are finished, with their seconds
    data.json          the tunes, divided
    checkpoint.safetensors, history.json, model.safetensors
    evaluation.json
    tunes/, tunes.json
    tracking/

Every file is written whole, and a stage is entered in run.json once all its files are there. So a run
that is killed at any moment goes on from what is finished.
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from tunesmith.music.files import write_whole
from tunesmith.runs.config import Config
from tunesmith.runs.reading import config_of
from tunesmith.runs.rules import SettingError

STAGES = ("data", "train", "evaluate", "generate", "tracking")
_PACKAGES = ("tunesmith", "torch", "numpy", "safetensors", "music21", "verovio", "tensorboard", "comet-ml")


@dataclass(frozen=True)
class Folder:
    """A run's folder, by its path. A file in it that is damaged raises ValueError when it is read."""

    path: Path

    @property
    def settings(self) -> Path:
        return self.path / "settings.yaml"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.safetensors"

    @property
    def model(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def tunes(self) -> Path:
        return self.path / "tunes"

    @property
    def tracking(self) -> Path:
        return self.path / "tracking"

    def read(self, name: str) -> Any:
        """What ``NAME.json`` holds; None where there is none."""
        path = self.path / f"{name}.json"
        try:
            return json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            raise ValueError(f"{path} is damaged: remove {self.path}, and run again") from None

    def write(self, name: str, values: Any) -> None:
        """Write ``NAME.json``, whole or not at all."""
        text = json.dumps(values, indent=1, ensure_ascii=False)
        write_whole(self.path / f"{name}.json", f"{text}\n".encode())

    def read_settings(self) -> Config:
        """The settings that the run was made with."""
        try:
            return config_of(yaml.safe_load(self.settings.read_text(encoding="utf-8")))
        except (yaml.YAMLError, SettingError, AttributeError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())[:100]
            raise ValueError(f"{self.settings} is damaged ({reason}): remove {self.path}, and run again") from None

    @property
    def finished(self) -> dict[str, dict[str, Any]]:
        """The stages that are finished, each with its seconds."""
        return (self.read("run") or {}).get("stages", {})

    def finish(self, stage: str, seconds: float) -> None:
        """Enter a stage as finished. What it made is not tracked yet."""
        run = self.read("run")
        run["stages"].pop("tracking", None)
        run["stages"][stage] = {"seconds": round(seconds, 1)}
        self.write("run", run)


def claim(config: Config) -> tuple[Folder, list[str]]:
    """The folder of this run, made, or taken up where it was left; and remarks on what has changed since.

    Raises ValueError for a folder with other settings, or one that is no run's.
    """
    folder = Folder(Path(config.folder) / config.name)
    if folder.settings.exists():
        _same_run(folder, config)
    elif folder.path.exists() and (not folder.path.is_dir() or any(_visible(folder.path))):
        raise ValueError(f"{folder.path} is there already and is no run's folder: choose another name (--set name=…)")
    folder.tunes.mkdir(parents=True, exist_ok=True)
    for left in [*folder.path.glob(".*-????????"), *folder.tunes.glob(".*-????????")]:
        left.unlink(missing_ok=True)  # of a file that was being written when the run was killed
    write_whole(folder.settings, settings_text(config).encode())
    here, before = versions(), folder.read("run")
    if before is None:
        folder.write("run", {"seeds": seeds(config), "versions": here, "stages": {}})
        return folder, []
    now, then = _lines(here), _lines(before["versions"])
    changed = [f"{name} {then.get(name)}, now {now.get(name)}" for name in now if now[name] != then.get(name)]
    return folder, [f"since the run began: {', '.join(changed)}: numbers may differ a little"] if changed else []


def _visible(path: Path) -> list[Path]:
    """What is in a folder; a file of which a kill left a part does not count."""
    return [file for file in path.iterdir() if not file.name.startswith(".") and file.name != "tunes"]


def _same_run(folder: Folder, config: Config) -> None:
    """Raise ValueError where the folder's run has other settings."""
    differences = config.differences(folder.read_settings())
    if differences:
        listed = ", ".join(f"{key} {_short(there)}, not {_short(here)}" for key, (here, there) in differences.items())
        listed = listed if len(listed) < 120 else f"{listed[:119]}…"
        raise ValueError(
            f"{folder.path} holds a run with other settings ({listed}): "
            f"give this one another name (--set name=…), or remove that folder"
        )


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def settings_text(config: Config) -> str:
    """All settings as a config file."""
    head = "# The settings that this run was made with; what its config file left out has its default.\n"
    return head + yaml.safe_dump(config.as_json(), sort_keys=False, allow_unicode=True)


def seeds(config: Config) -> dict[str, int]:
    """What each generator of random numbers is seeded with, all from the config's one seed.

    ``tunes`` is the first tune's; those after it have the numbers that follow.
    """
    return dict.fromkeys(("split", "merge", "weights", "training"), config.seed) | {"tunes": config.seed * 1000}


def versions() -> dict[str, Any]:
    """What the numbers of a run may depend on: Python, packages, machine, threads."""
    import torch

    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            pass
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "threads": torch.get_num_threads(),
        "packages": packages,
    }


def _lines(versions: dict[str, Any]) -> dict[str, str]:
    """Versions without the nesting."""
    return {name: value for name, value in versions.items() if name != "packages"} | versions["packages"]
