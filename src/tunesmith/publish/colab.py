"""Self-contained lessons: one notebook that brings the package, its songs and its networks along.

`python tasks.py colab` calls it:

    python -m tunesmith.publish.colab [NN …]   write dist/colab/NN_topic.ipynb

A teacher gives out the single file. Its first cell holds a wheel of the package as text, in the form that Colab folds
away; the set-up cell below it, in the same cell, lets pip install that wheel and what it lacks. Where the package is
there already, nothing is installed.
"""

from __future__ import annotations

import argparse
import ast
import base64
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tunesmith.course import notebooks as tool
from tunesmith.publish.badges import BADGE

WEIGHTS = re.compile(r"tunesmith/data/models/(\w+)\.safetensors")
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
DEFAULT = "folk"  # what load_model() takes when it is given no name
LINE = 1024  # signs of the packed wheel in a line

UNPACK = '''\
# @title Set-up: run this cell first. It holds the course's package, packed as text.
import base64
import zipfile
from importlib.util import find_spec
from pathlib import Path

PACKED = """
{packed}
"""
Path("{name}").write_bytes(base64.b64decode(PACKED))
found = find_spec("tunesmith")
place = Path(found.origin).parents[1] if found else Path()
if (place / "tunesmith/data").is_dir():  # from another lesson's file, without this one's networks
    with zipfile.ZipFile("{name}") as wheel:
        for part in wheel.namelist():
            if part.startswith("tunesmith/data/models/") and not (place / part).exists():
                wheel.extract(part, place)

'''
"""What stands above the set-up cell in a self-contained lesson."""


# ---------------------------------------------------------------- what a lesson needs


def networks_of(lesson: dict[str, Any], judge: str, known: set[str]) -> set[str]:
    """The trained networks that a lesson needs, of those that are `known`.

    lesson: the notebook; its cells and its solutions are looked at. judge: the source of its module in `course`.
    They are the names given to `load_model` and `load_card`, and files named ….safetensors. Where a name is computed,
    every known name that the lesson has as a word of a string counts.
    """
    texts = [cell["source"] for cell in lesson["cells"] if cell["cell_type"] == "code"]
    texts += [
        code
        for cell in lesson["cells"]
        if cell["cell_type"] == "markdown"
        for code in PYTHON_BLOCK.findall(cell["source"])
    ]
    needed, words, computed = set(), set(), False
    for tree in map(_parsed, [*texts, judge]):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words |= set(node.value.split())
            elif isinstance(node, ast.Call) and _name(node.func) in ("load_model", "load_card"):
                given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "path")]
                if not given:
                    needed.add(DEFAULT)
                elif isinstance(given[0], ast.Constant):
                    needed.add(given[0].value)
                else:
                    computed = True
    needed |= {Path(word).stem for word in words if word.endswith(".safetensors")}
    return (needed | (words if computed else set())) & known


def _parsed(source: str) -> ast.AST:
    """The source's tree; lines for IPython left out, and empty for what is not Python."""
    lines = [line if not line.lstrip().startswith(("%", "!")) else "" for line in source.splitlines()]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


# ---------------------------------------------------------------- the wheel


def build_wheel(root: Path) -> tuple[str, bytes]:
    """The name and the content of the package's wheel, built from the repository at `root`, without a network."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8", errors="replace")
        wheels = sorted(Path(folder).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise tool.LessonError(
                f"the package's wheel could not be built: {''.join(reason)} (`python tasks.py colab` has what it needs)"
            )
        return wheels[0].name, wheels[0].read_bytes()


def networks_in(wheel: bytes) -> set[str]:
    """The trained networks in a wheel of the package."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as whole:
        return {found[1] for name in whole.namelist() if (found := WEIGHTS.fullmatch(name))}


def with_networks(wheel: bytes, keep: set[str]) -> bytes:
    """The wheel with these trained networks alone; everything else stays. The same bytes each time."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(wheel)) as whole,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as part,
    ):
        for entry in whole.infolist():
            found = WEIGHTS.fullmatch(entry.filename)
            if found and found[1] not in keep:
                continue
            content = whole.read(entry)
            if entry.filename.endswith(".dist-info/RECORD"):
                rows = content.decode().splitlines(keepends=True)
                content = "".join(row for row in rows if not _left_out(row, keep)).encode()
            part.writestr(entry, content)
    return made.getvalue()


def _left_out(row: str, keep: set[str]) -> bool:
    found = WEIGHTS.match(row)
    return bool(found) and found[1] not in keep


# ---------------------------------------------------------------- the notebook


def self_contained(lesson: dict[str, Any], name: str, wheel: bytes) -> dict[str, Any]:
    """A copy of the lesson that brings the wheel `name` along: outputs cleared but the hook's, no badge."""
    lesson = tool.cleared(lesson)
    packed = base64.b64encode(wheel).decode()
    lines = "\n".join(packed[k : k + LINE] for k in range(0, len(packed), LINE))
    for cell in lesson["cells"]:
        cell["source"] = BADGE.sub("", cell["source"]).rstrip() if cell["cell_type"] == "markdown" else cell["source"]
        if "setup" in tool.tags(cell):
            cell["source"] = UNPACK.format(packed=lines, name=name) + tool.setup_cell(name)
            # Folded away: the first key is Colab's, the second JupyterLab's.
            cell["metadata"] |= {"cellView": "form", "jupyter": {"source_hidden": True}}
    return lesson


def write_all(root: Path, numbers: list[str], folder: Path) -> Iterator[tuple[Path, set[str]]]:
    """Write the self-contained lessons of the repository at `root` to `folder`; give each one's path and networks.

    One that somebody has edited since stays as it is, with a line that says so. Raises LessonError and OSError.
    """
    paths = tool.lessons(root / "notebooks", numbers)
    name, wheel = build_wheel(root)
    known = networks_in(wheel)
    for path in paths:
        lesson = tool.read_json(path)
        judge = root / "src" / "tunesmith" / "course" / f"lesson{path.name[:2]}.py"
        networks = networks_of(lesson, judge.read_text(encoding="utf-8") if judge.exists() else "", known)
        if tool.give(self_contained(lesson, name, with_networks(wheel, networks)), folder / path.name):
            yield folder / path.name, networks


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tunesmith.publish.colab", description="Self-contained lessons.")
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons by number; all when left out")
    parser.add_argument("--root", type=Path, default=Path("."), help="the course's repository; here by default")
    parser.add_argument("--to", type=Path, default=Path("dist/colab"), help="where they go: dist/colab by default")
    options = parser.parse_args(arguments)
    try:
        for path, networks in write_all(options.root, options.numbers, options.to):
            inside = f"the weights of {', '.join(sorted(networks))} inside" if networks else "no weights needed"
            print(f"{path.as_posix()} written: {path.stat().st_size / 1e6:.1f} MB, {inside}", flush=True)
    except (tool.LessonError, OSError) as error:
        print(f"colab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
