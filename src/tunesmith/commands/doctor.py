"""``doctor``: what of the course works on this computer, and what to do about the rest."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
import tomllib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.parsing import Commands, new_command

INSTALL = "run `python tasks.py lab` in the course's folder, or `pip install -r requirements.txt`"


class Trouble(Exception):
    """Something does not work: what, and in `cure` what to do."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.cure = cure


def add(commands: Commands) -> None:
    """Describe the command."""
    new_command(commands, "doctor", _doctor, "see what works on this computer: versions, songs, picture, sound, device")


def _doctor(options: argparse.Namespace) -> int:
    """One line for each part; 1 if any of them is in trouble."""
    troubles = 0
    for name, look in CHECKS.items():
        began = time.perf_counter()
        try:
            sign, text = "✓", look()
        except Trouble as trouble:
            sign, text = "✗", f"{trouble}. Do this: {trouble.cure}"
        except Exception as error:  # whatever a library in a bad state raises; the other parts are looked at too
            sign, text = "✗", f"{type(error).__name__}: {error}. Do this: {INSTALL}"
        troubles += sign == "✗"
        print(f"{sign} {name:<10} {text} ({time.perf_counter() - began:.1f} s)", flush=True)
    print("Everything works." if not troubles else f"In trouble: {troubles} of {len(CHECKS)}.")
    return int(troubles > 0)


def _system() -> str:
    return f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _packages() -> str:
    """Each package that tunesmith needs, its version inside the range that pyproject.toml names."""
    from packaging.requirements import Requirement

    found, wrong = [], []
    for text in _needed():
        needed = Requirement(text)
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            have = version(needed.name)
        except PackageNotFoundError:
            wrong.append(f"{needed.name} is missing")
            continue
        found.append(f"{needed.name} {have}")
        if not needed.specifier.contains(have, prereleases=True):
            wrong.append(f"{needed.name} {have} should be {needed.specifier}")
    if wrong:
        raise Trouble("; ".join(wrong), INSTALL)
    return f"tunesmith {ts.__version__}, " + (", ".join(found) or "whose ranges are not known here")


def _needed() -> list[str]:
    """What tunesmith needs: from its installation, else from its pyproject.toml; nothing where it travels alone."""
    try:
        return requires("tunesmith") or []
    except PackageNotFoundError:
        project = Path(ts.__file__).parents[2] / "pyproject.toml"
        return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"] if project.exists() else []


def _songs() -> str:
    from tunesmith.music.sources import COLLECTIONS, find_sources

    name, songs = find_sources("kinder")
    own = len(list(ts.data_path("songs").glob("*.krn")))
    return f"{own} of the course's own, {len(COLLECTIONS)} collections in music21 ({len(songs)} songs in {name})"


def _picture() -> str:
    from tunesmith.display.engrave import svg

    heads = svg(_two_bars()).count('class="notehead"')
    if heads != 4:
        raise Trouble(f"a score of 4 notes has {heads}", "`pip install --force-reinstall verovio`")
    return f"a score was drawn with verovio {version('verovio')}"


def _sound() -> str:
    import io

    import numpy as np
    import soundfile

    from tunesmith.display.sound import sound

    played = sound(_two_bars())
    samples, rate = soundfile.read(io.BytesIO(played.mp3))
    if not np.abs(samples).max() > 0.1:
        raise Trouble("the sound is silent", "`pip install --force-reinstall midirenderer soundfile`")
    return f"{len(samples) / rate:.1f} s of MP3, {' '.join(played.remarks) or 'a piano played by midirenderer'}"


def _cache() -> str:
    from tunesmith.music.cache import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        cure = "set TUNESMITH_HOME to a folder that you may write to; without one, songs are read anew each time"
        raise Trouble(f"{folder} can't be written ({error.strerror})", cure) from error
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{folder}, {size / 1e6:.1f} MB"


def _models() -> str:
    import torch

    names = sorted(path.stem for path in ts.data_path("models").glob("*.safetensors"))
    melody = ts.generate(ts.load_model("erk"), steps=64, generator=torch.Generator().manual_seed(1))
    return f"{', '.join(names)}; erk wrote {len(melody.pitches)} notes"


def _device() -> str:
    import torch

    found = [f"CPU with {torch.get_num_threads()} threads"]
    if torch.cuda.is_available():
        found.insert(0, f"CUDA: {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        found.insert(0, "Apple GPU (mps)")
    return f"torch {torch.__version__}; {', '.join(found)}"


def _notebooks() -> str:
    found = []
    for name in ("jupyterlab", "notebook", "ipykernel", "ipywidgets"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    if not any(name.startswith(("jupyterlab", "notebook")) for name in found):
        raise Trouble("no JupyterLab is here (a notebook service or an editor may bring its own)", INSTALL)
    return ", ".join(found)


def _two_bars() -> ts.Melody:
    return ts.Melody.of([(60, 1), (64, 1), (67, 2), (72, 4)], time_signature="4/4", key="C major")


CHECKS: dict[str, Callable[[], str]] = {
    "system": _system,
    "packages": _packages,
    "songs": _songs,
    "picture": _picture,
    "sound": _sound,
    "cache": _cache,
    "models": _models,
    "device": _device,
    "notebooks": _notebooks,
}
