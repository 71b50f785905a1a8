"""The rooms of the package and the way that imports run between them; `import tunesmith` is quick."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "tunesmith"
ROOMS = {"music", "tokens", "scratch", "models", "learn", "display", "runs", "course", "publish", "commands"}
HEAVY = {
    "torch",
    "music21",
    "matplotlib",
    "verovio",
    "scipy",
    "pretty_midi",
    "midirenderer",
    "soundfile",
    "nbformat",
    "IPython",
}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def imports(tree: ast.AST) -> list[tuple[int, str, int]]:
    """The absolute imports of a file: line, module with name, and the relative import's dots."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, 0) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, ".".join(filter(None, [node.module, a.name])), node.level) for a in node.names]
    return found


def test_the_contract():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* kept, 0 broken", done.stdout), done.stdout


def test_the_rooms():
    rooms = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()}
    assert ROOMS - {"scratch"} <= rooms <= ROOMS


def test_the_contract_names_every_room():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert all(f"tunesmith.{room}" in str(contracts) for room in ROOMS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_room_imports_from_above(path: Path):
    """`__init__` and `__main__` stand above the rooms: `commands` and `publish` alone use them; none steps up."""
    if path.parent in (PACKAGE, PACKAGE / "commands", PACKAGE / "publish"):
        return
    depth = len(path.relative_to(PACKAGE).parts) - 1
    for line, name, dots in imports(ast.parse(path.read_text(encoding="utf-8"))):
        inside = name.split(".")
        if not dots and inside[0] == "tunesmith":
            assert len(inside) > 1 and inside[1] in ROOMS, f"line {line}: import {name} comes from above"
        assert dots <= depth or inside[0] in ROOMS, f"line {line}: {'.' * dots}{name} comes from above"


@pytest.mark.parametrize("module", ["tunesmith", "tunesmith.music", "tunesmith.course"])
def test_import_is_quick(module: str):
    code = f"import sys, {module}; print(*sorted({{n.split('.')[0] for n in sys.modules}} & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [], f"import {module} loads {done.stdout.strip()}"


def declared() -> tuple[set[str], set[str]]:
    """The distributions that pyproject.toml names: needed, and for the notebook tool."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = [name for group in project["optional-dependencies"].values() for name in group]
    return (
        {Requirement(text).name.lower().replace("_", "-") for text in project["dependencies"]},
        {Requirement(text).name.lower().replace("_", "-") for text in extra},
    )


def test_imports_match_the_declared_dependencies():
    needed, extra = declared()
    known = packages_distributions()
    used: dict[str, str] = {}
    for path in SOURCES:
        for line, name, dots in imports(ast.parse(path.read_text(encoding="utf-8"))):
            top = name.split(".")[0]
            if dots or top in sys.stdlib_module_names or top == "tunesmith":
                continue
            distributions = {d.lower().replace("_", "-") for d in known.get(top, [top])}
            used |= dict.fromkeys(distributions, f"{path.name}, line {line}")
            # The notebook tools alone may use what a learner's installation has beside the package's needs.
            tool = path.name == "notebooks.py" or path.parent.name == "publish"
            allowed = needed | (extra | {"traitlets"} if tool else set())
            allowed |= {"comet-ml"} if path.name == "tracking.py" else set()  # by choice; a clear line asks for it
            allowed |= {"optuna"} if path.parent.name == "learn" and path.name in ("study.py", "tune.py") else set()
            assert distributions & allowed, (
                f"{path.name}, line {line}: {top} is not among pyproject.toml's dependencies"
            )
    assert not needed - set(used), f"pyproject.toml names what nothing imports: {sorted(needed - set(used))}"


def test_pins_lie_in_the_ranges():
    """requirements.txt pins each dependency once, to a version that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = [*project["dependencies"], *project["optional-dependencies"]["lab"]]
    pins = {}
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line.split("#")[0].strip():
            pin = Requirement(line.split("#")[0])
            assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), line
            assert pin.name not in pins, f"{pin.name} is pinned twice"
            pins[pin.name] = pin
    for text in ranges:
        asked = Requirement(text)
        if asked.name == "jupyter_client":  # comes with JupyterLab
            continue
        version = str(pins[asked.name].specifier)[2:]
        assert asked.specifier.contains(version), f"{asked.name}=={version} is outside {asked.specifier}"
        assert str(asked.marker) == str(pins[asked.name].marker), f"{asked.name} has two markers"
