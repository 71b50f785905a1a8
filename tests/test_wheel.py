"""The built wheel, alone in an environment, writes a tune: it holds the code, the songs and the weights."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tunesmith.publish.canary import layered

ROOT = Path(__file__).resolve().parent.parent


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


def asked_for(wheel: Path) -> set[str]:
    """The distributions that the wheel asks for, and those that they ask for: here, each in a version that will do."""
    archive = zipfile.ZipFile(wheel)
    metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    waiting = wanted(message_from_bytes(archive.read(metadata)).get_all("Requires-Dist"))
    found: set[tuple[str, str]] = set()
    while waiting:
        need = waiting.pop()
        dist = distribution(need.name)
        assert need.specifier.contains(dist.version, prereleases=True), f"{need} is wanted, {dist.version} is here"
        for extra in ("", *need.extras):
            if (need.name, extra) not in found:
                found.add((need.name, extra))
                waiting += wanted(dist.requires or [], extra)
    return {canonicalize_name(name) for name, _ in found}


def wanted(requirements: list[str], extra: str = "") -> list[Requirement]:
    """Those that count on this system, and with this extra."""
    needs = [Requirement(text) for text in requirements]
    return [need for need in needs if not need.marker or need.marker.evaluate({"extra": extra})]


# Put into an environment that sees another one's packages: those that the wheel does not ask for are not there.
HIDE = """
import sys

class Hide:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hide)
"""


@pytest.mark.slow
def test_a_tune_from_an_environment_with_what_the_wheel_asks_for(wheel: Path, tmp_path: Path):
    empty, home = tmp_path / "empty", tmp_path / "home"
    empty.mkdir()
    home.mkdir()
    python = layered(Path(sys.executable), tmp_path / "venv")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-compile")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", *quiet)
    call(*pip, "--no-index", "--no-deps", "--ignore-installed", wheel, cwd=empty)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TUNESMITH"))}
    env |= {"HOME": str(home), "USERPROFILE": str(home), "TUNESMITH_HOME": str(home / "tunesmith"), "PYTHONUTF8": "1"}
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(call(python, "-c", asked, cwd=empty, env=env).strip())
    kept = {"tunesmith", *asked_for(wheel)}
    hidden = {top for top, names in packages_distributions().items() if kept.isdisjoint(map(canonicalize_name, names))}
    assert {"pytest", "nbformat"} <= hidden and not {"torch", "music21"} & hidden
    (site / "hide.py").write_text(HIDE.format(hidden=sorted(hidden)), encoding="utf-8")
    (site / "hide.pth").write_text("import hide\n", encoding="utf-8")

    code = "import tunesmith\ntry: import pytest\nexcept ModuleNotFoundError: print(tunesmith.__file__)"
    where = call(python, "-c", code, cwd=empty, env=env)
    assert Path(where.strip()).is_relative_to(site), "the checkout was imported, not the wheel"
    call(
        *(python, "-m", "tunesmith", "generate", "--random-seed", "1", "--steps", "64", "--out", "tune.mid"),
        cwd=empty,
        env=env,
    )
    assert sorted(path.name for path in empty.iterdir()) == ["tune.mid"]
    check_tune(empty / "tune.mid")


def check_tune(path: Path) -> None:
    import mido

    midi = mido.MidiFile(path)
    notes = [message for track in midi.tracks for message in track if message.type == "note_on" and message.velocity]
    assert len(notes) >= 4
    assert midi.length > 2
    assert all(36 <= message.note <= 96 for message in notes)
