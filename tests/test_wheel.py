"""The built wheel, alone in an empty environment, writes a tune: it holds the code, the songs and the weights."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NO_NETWORK = re.compile(
    r"NewConnectionError|Temporary failure in name resolution|Name or service not known|getaddrinfo failed"
    r"|Network is unreachable|Connection refused|ConnectTimeout|Read timed out|Cannot connect to proxy"
)


def call(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        text=True,
        encoding="utf-8",
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode and NO_NETWORK.search(done.stdout):
        pytest.skip("no network: the wheel's dependencies cannot be installed")
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    call(*pip, cwd=folder)
    return next(folder.glob("tunesmith-*.whl"))


def test_the_wheel_holds_code_and_data(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    here = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "tunesmith").rglob("*.py")}
    data = {
        "tunesmith/" + path.relative_to(ROOT).as_posix()
        for path in (ROOT / "data").rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert here | data | {"tunesmith/py.typed"} <= names
    assert any(name.endswith(".safetensors") for name in data), "no weights in data/"
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert all(name.split("/")[0].startswith("tunesmith") for name in names)


@pytest.mark.slow
def test_a_tune_from_an_empty_environment(wheel: Path, tmp_path: Path):
    home, empty, place = tmp_path / "home", tmp_path / "empty", tmp_path / "venv"
    home.mkdir()
    empty.mkdir()
    venv.create(place, with_pip=True, symlinks=os.name != "nt")
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    try:
        tune = install_and_generate(python, wheel, home, empty)
        check_tune(tune)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def install_and_generate(python: Path, wheel: Path, home: Path, empty: Path) -> Path:
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
    pins = ROOT / "requirements.txt"
    if index := os.environ.get("TORCH_INDEX_URL", "").strip():
        torch = next(line for line in pins.read_text(encoding="utf-8").splitlines() if line.startswith("torch=="))
        call(*install, "--index-url", index, torch, cwd=empty)
    call(*install, "-c", pins, wheel, cwd=empty)

    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TUNESMITH"))}
    env |= {"HOME": str(home), "USERPROFILE": str(home), "TUNESMITH_HOME": str(home / "tunesmith"), "PYTHONUTF8": "1"}
    where = call(python, "-c", "import tunesmith; print(tunesmith.__file__)", cwd=empty, env=env)
    assert str(ROOT / "src") not in where, "the checkout was imported, not the wheel"
    call(
        python,
        "-m",
        "tunesmith",
        "generate",
        "--random-seed",
        "1",
        "--steps",
        "64",
        "--out",
        "tune.mid",
        cwd=empty,
        env=env,
    )
    assert sorted(path.name for path in empty.iterdir()) == ["tune.mid"]
    return empty / "tune.mid"


def check_tune(path: Path) -> None:
    import mido

    midi = mido.MidiFile(path)
    notes = [message for track in midi.tracks for message in track if message.type == "note_on" and message.velocity]
    assert len(notes) >= 4
    assert midi.length > 2
    assert all(36 <= message.note <= 96 for message in notes)
