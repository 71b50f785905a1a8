"""The notebook tool: runs the committed lessons, writes them in one fixed form, makes copies for people.

`python tasks.py notebooks`, `timings`, `handout` and `lab` call it:

    python -m tunesmith.course.notebooks run     [NN …]   run in place and normalise
    python -m tunesmith.course.notebooks timings [NN …]   measure, and write it into "At a glance"
    python -m tunesmith.course.notebooks copy    [NN …]   copies to work in: my/, outputs cleared but the hook's
    python -m tunesmith.course.notebooks handout [NN …]   copies without solutions: handout/

A lesson that was run twice on the same machine has the same bytes both times: that is what nbval and git compare.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.course.slide_types import slide_types
from tunesmith.display.frontend import WIDGET_VIEW

if TYPE_CHECKING:
    from nbformat import NotebookNode  # which takes seconds to import: only what runs a lesson pays for it

SETUP = """\
# Set-up: the same in every lesson. Run this cell first.
import math
import random
import subprocess
import sys
from fractions import Fraction
from importlib.metadata import version
from importlib.util import find_spec

SOURCE = ""  # where the course's package is, for a computer that lacks it
if not find_spec("tunesmith"):  # in Colab: add what is missing, keep these two
    assert SOURCE, "no tunesmith here: choose .venv as kernel, or see tasks.py colab"
    keep = [f"{p}=={version(p)}" for p in ("numpy", "torch") if find_spec(p)]
    pip = [sys.executable, "-m", "pip", "install", "-qq", *keep, SOURCE]
    print("Installing what this lesson needs: half a minute or so.")
    subprocess.run(pip, check=True)

import matplotlib.pyplot as plt
import numpy as np
import torch

import tunesmith as ts"""
"""The set-up cell of every lesson, tagged `setup`. Where the package is installed it does nothing but import."""

LONG = 10
"""Seconds. A cell that takes longer on a CPU says so before it starts."""

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}
SECONDS = re.compile(r"(<!-- seconds -->)(.*?)(<!-- /seconds -->)", re.DOTALL)
SOLUTION = re.compile(r"\n*<details>\s*<summary>\s*Solution\b.*?</details>", re.DOTALL | re.IGNORECASE)


class LessonError(Exception):
    """A lesson that cannot be run or stored as it is; the message says where and why."""


# ---------------------------------------------------------------- reading and writing


def read(path: str | Path) -> NotebookNode:
    """The notebook at `path`, in today's format."""
    import nbformat

    try:
        return nbformat.reads(Path(path).read_text(encoding="utf-8"), as_version=4)
    except (nbformat.reader.NotJSONError, UnicodeDecodeError) as error:
        raise LessonError(f"{path} is not a notebook: {error}") from None


def read_json(path: str | Path) -> dict[str, Any]:
    """The notebook at `path` as plain dictionaries, each cell's source as one string."""
    try:
        nb = json.loads(Path(path).read_text(encoding="utf-8"))
        for cell in nb["cells"]:
            cell["source"] = "".join(cell["source"])
        nb["metadata"].get("tunesmith")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LessonError(f"{path} is not a notebook: {error}") from None
    return nb


def text_of(nb: dict[str, Any]) -> str:
    """The notebook as its file's text: long strings as lists of lines, keys in order."""
    nb = copy.deepcopy(dict(nb))
    for cell in nb["cells"]:
        cell["source"] = lines(cell["source"])
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = lines(output["text"])
            for kind, content in output.get("data", {}).items():
                if not kind.endswith("json"):
                    output["data"][kind] = lines(content)
    return json.dumps(nb, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def lines(text: str | list[str]) -> list[str]:
    return "".join(text).splitlines(keepends=True)


def write(nb: dict[str, Any], path: str | Path) -> None:
    """Write `nb` whole or not at all: UTF-8, a plain line feed at each line's end."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text_of(nb))
            file.flush()
            os.fsync(file.fileno())
        # mkstemp's files are for their owner alone; a lesson keeps its mode, a new one gets the usual.
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def setup_cell(source: str = "") -> str:
    """The set-up cell where the package comes from `source`, something that pip installs: an address, a wheel."""
    return SETUP.replace('SOURCE = ""', f"SOURCE = {json.dumps(source)}", 1)


def tags(cell: dict[str, Any]) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))


# ---------------------------------------------------------------- one fixed form


def normalised(nb: NotebookNode) -> NotebookNode:
    """A copy in the one form that is committed.

    Execution counts 1…n, a fixed kernelspec, no Python version, timings or widget state; streams joined, a progress
    line that was rewritten kept as it last stood; ids that stay; the type of each cell in a slide show, by rule. An
    error or anything on stderr is a LessonError.
    """
    from nbformat import NotebookNode

    nb = copy.deepcopy(nb)
    nb.metadata = NotebookNode(kernelspec=NotebookNode(KERNELSPEC), language_info=NotebookNode(LANGUAGE))
    nb.nbformat, nb.nbformat_minor = 4, 5
    count, seen = 0, set()
    for number, cell in enumerate(nb.cells, start=1):
        cell.metadata = NotebookNode(tags=tags(cell)) if tags(cell) else NotebookNode()
        cell.source = cell.source.replace("\r\n", "\n").strip("\n")
        cell.id = stable_id(cell, seen)
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        if cell.source.strip():
            count += 1
            cell.execution_count = count
        cell.outputs = outputs_of(cell, number)
    for cell, kind in zip(nb.cells, slide_types(nb.cells)):
        cell.metadata.slideshow = NotebookNode(slide_type=kind)
    return nb


def stable_id(cell: NotebookNode, seen: set[str]) -> str:
    """The cell's own id where it has a fit one; otherwise one from its text, the same each time."""
    name = str(cell.get("id", ""))
    trial = 0
    while not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) or name in seen:
        name = hashlib.sha256(f"{cell.cell_type}\0{cell.source}\0{trial}".encode()).hexdigest()[:8]
        trial += 1
    seen.add(name)
    return name


def outputs_of(cell: NotebookNode, number: int) -> list[NotebookNode]:
    """The cell's outputs in their fixed form."""
    kept: list[NotebookNode] = []
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            raise LessonError(
                f"{where(cell, number)}: {plain(output.get('ename', ''))}: {plain(output.get('evalue', ''))}"
            )
        if output.output_type == "stream":
            if output.name == "stderr":
                first = plain(output.text).strip().splitlines()[:1]
                raise LessonError(f"{where(cell, number)} writes to stderr: {''.join(first)}")
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(copy.deepcopy(output))
            continue
        output = copy.deepcopy(output)
        output.pop("transient", None)
        output.data.pop(WIDGET_VIEW, None)  # without its state a widget cannot be drawn; its text stays
        if output.output_type == "execute_result":
            output.execution_count = cell.execution_count
        if output.data:
            kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            output.text = settled(output.text)
    return [output for output in kept if output.output_type != "stream" or output.text]


def settled(text: str) -> str:
    """What a terminal shows in the end: `\\r` starts the line again."""
    return re.sub(r"^.*\r(?=[^\n])", "", text.replace("\r\n", "\n"), flags=re.MULTILINE).replace("\r", "")


def plain(text: str) -> str:
    """Without a terminal's colours."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


def where(cell: NotebookNode, number: int) -> str:
    first = next((line for line in cell.source.splitlines() if line.strip()), "")
    return f"cell {number} ({first.strip()[:60]})"


# ---------------------------------------------------------------- running


@contextlib.contextmanager
def lesson_environment(plain: bool = True) -> Iterator[None]:
    """What kernels are started with: plain progress, UTF-8, no plotting backend or start-up file from outside.

    plain: as outputs are committed; otherwise as a person sees them, with widgets.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as folder:
        profile = Path(folder) / "profile_default"
        profile.mkdir()
        (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40  # errors alone\n")
        os.environ.update(TUNESMITH_PLAIN="1" if plain else "", PYTHONUTF8="1", IPYTHONDIR=folder)
        os.environ.pop("MPLBACKEND", None)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def execute(
    nb: NotebookNode,
    folder: str | Path,
    timeout: float = 600,
    python: str | Path = sys.executable,
    plain: bool = True,
) -> tuple[NotebookNode, float]:
    """Run a copy of `nb` from top to bottom in a fresh kernel of `python`; give it and the seconds it took.

    timeout: seconds that one cell may take. plain: as outputs are committed; otherwise as a person sees them.
    """
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets import default

    class ThisPython(KernelSpecManager):
        """Whatever is registered as python3 on this machine, the kernel is `python`'s."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            kernel = get_kernel_dict()
            return KernelSpec(**{**kernel, "argv": [str(python), *kernel["argv"][1:]]})

    class Manager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _this_python(self) -> KernelSpecManager:
            return ThisPython()

    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    running = "the kernel's start"

    def starts(cell: NotebookNode, cell_index: int) -> None:
        nonlocal running
        running = where(cell, cell_index + 1)

    client = NotebookClient(
        nb,
        kernel_name="python3",
        kernel_manager_class=Manager,
        resources={"metadata": {"path": str(folder)}},
        timeout=timeout,
        record_timing=True,  # `normalised` takes it out again
        store_widget_state=False,
        on_cell_start=starts,
    )
    began = time.perf_counter()
    try:
        with lesson_environment(plain):
            client.execute()
    except CellExecutionError:
        raise LessonError(f"{running}\n{traceback_of(nb)}") from None
    except CellTimeoutError:
        raise LessonError(f"{running} took longer than {timeout:.0f} s") from None
    except DeadKernelError:
        raise LessonError(f"{running}: the kernel died") from None
    return nb, time.perf_counter() - began


def cell_seconds(nb: NotebookNode) -> dict[int, float]:
    """The seconds that each code cell of a notebook from `execute` took, by its index."""
    taken = {}
    for index, cell in enumerate(nb.cells):
        times = cell.metadata.get("execution", {})
        if {"iopub.status.busy", "iopub.status.idle"} <= set(times):
            busy, idle = (datetime.fromisoformat(times[f"iopub.status.{name}"]) for name in ("busy", "idle"))
            taken[index] = (idle - busy).total_seconds()
    return taken


def traceback_of(nb: NotebookNode) -> str:
    """The first error that the notebook stores, as Python told it."""
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return plain("\n".join(output.traceback)) or f"{output.ename}: {output.evalue}"
    return "an error that was not stored"


def run(path: str | Path, timeout: float = 600) -> float:
    """Run the lesson at `path` in place and normalise it. When a cell fails the file stays as it is."""
    path = Path(path)
    try:
        nb, seconds = execute(read(path), path.parent, timeout)
        write(normalised(nb), path)
    except LessonError as error:
        raise LessonError(f"{path.name}, {error}") from None
    return seconds


# ---------------------------------------------------------------- the computing time in "At a glance"


def rounded(seconds: float) -> int:
    """Up to the next 5 s, beyond a minute to the next 10 s."""
    step = 5 if seconds <= 60 else 10
    return max(5, int(-(-seconds // step)) * step)


def stated(nb: NotebookNode) -> int | None:
    """The seconds that "At a glance" states, if any."""
    for cell in nb.cells:
        if cell.cell_type == "markdown" and (found := SECONDS.search(cell.source)):
            number = re.search(r"\d+", found[2])
            return int(number[0]) if number else None
    return None


def with_seconds(nb: NotebookNode, seconds: float) -> NotebookNode:
    """A copy that states `seconds`; what it stated stays while it is true and not more than twice the truth."""
    nb = copy.deepcopy(nb)
    old = stated(nb)
    value = old if old and seconds <= old <= max(5, 2 * seconds) else rounded(seconds)
    for cell in nb.cells:
        if cell.cell_type == "markdown" and SECONDS.search(cell.source):
            cell.source = SECONDS.sub(rf"\g<1>about {value} seconds\g<3>", cell.source, count=1)
            return nb
    raise LessonError('no <!-- seconds -->…<!-- /seconds --> in "At a glance"')


def measure(path: str | Path, timeout: float = 600) -> tuple[float, int]:
    """Run the lesson twice, since the first run may fill the cache; write the shorter time into it, name long cells."""
    path = Path(path)
    try:
        nb = read(path)
        done, seconds = min((execute(nb, path.parent, timeout) for _ in range(2)), key=lambda run: run[1])
        nb = with_seconds(nb, seconds)
        write(nb, path)
    except LessonError as error:
        raise LessonError(f"{path.name}, {error}") from None
    for index, taken in cell_seconds(done).items():
        if taken > LONG:
            print(f"\n  {where(done.cells[index], index + 1)}: {taken:.0f} s", end=" ", flush=True)
    return seconds, stated(nb) or 0


# ---------------------------------------------------------------- copies for people


def cleared(nb: dict[str, Any]) -> dict[str, Any]:
    """A copy without outputs and counts, but for cells tagged `hook`: something to hear before the first run."""
    nb = copy.deepcopy(nb)
    for cell in nb["cells"]:
        if cell["cell_type"] == "code" and "hook" not in tags(cell):
            cell["outputs"], cell["execution_count"] = [], None
    nb["metadata"].pop("widgets", None)
    return nb


def without_solutions(nb: dict[str, Any]) -> dict[str, Any]:
    """A copy in which every `<details><summary>Solution</summary>…</details>` is gone; hints stay."""
    nb = copy.deepcopy(nb)
    kept = []
    for cell in nb["cells"]:
        if cell["cell_type"] == "markdown" and SOLUTION.search(cell["source"]):
            cell["source"] = SOLUTION.sub("", cell["source"]).strip()
            if not cell["source"]:
                continue
        kept.append(cell)
    nb["cells"] = kept
    return nb


def handout(nb: dict[str, Any]) -> dict[str, Any]:
    """What a teacher gives out: no solutions, outputs cleared but the hook's."""
    return cleared(without_solutions(nb))


def digest(nb: dict[str, Any]) -> str:
    """A hash of what somebody wrote in a lesson, outputs left out."""
    written = json.dumps([[cell["cell_type"], cell["source"]] for cell in nb["cells"]])
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def copy_lesson(path: str | Path, folder: str | Path) -> str:
    """Copy a lesson to work in, unless one is there: "copied", "kept", or "older" when the lesson has changed."""
    path, target = Path(path), Path(folder) / Path(path).name
    lesson = read_json(path)
    if os.path.lexists(target):
        try:
            made_from = read_json(target)["metadata"].get("tunesmith", {}).get("lesson")
        except (LessonError, OSError, AttributeError):
            return "kept"
        if made_from is None:
            return "older" if path.stat().st_mtime > target.stat().st_mtime else "kept"
        return "kept" if made_from == digest(lesson) else "older"
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = cleared(lesson)
    fresh["metadata"]["tunesmith"] = {"lesson": digest(lesson)}
    write(fresh, target)
    return "copied"


# ---------------------------------------------------------------- the command line


def lessons(folder: Path, numbers: list[str]) -> list[Path]:
    """The lessons in `folder`, all or those with these numbers."""
    every = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not numbers:
        return every
    chosen = []
    for number in numbers:
        found = [path for path in every if path.name.startswith(f"{int(number):02d}_")]
        if not found:
            known = ", ".join(path.name[:2] for path in every) or "none yet"
            raise LessonError(f"there is no lesson {number} (there are: {known})")
        chosen += found
    return chosen


def copy_all(paths: list[Path], folder: Path) -> None:
    names = {"copied": [], "kept": [], "older": []}
    for path in paths:
        names[copy_lesson(path, folder)].append(path.name)
    folder.mkdir(parents=True, exist_ok=True)
    if names["copied"]:
        print(f"New in {folder.name}/: {', '.join(names['copied'])}")
    if names["kept"]:
        print(f"Yours already, left as they are: {', '.join(names['kept'])}")
    for name in names["older"]:
        print(
            f"{folder.name}/{name} is yours and stays, but the lesson has changed since. For a fresh copy rename "
            f"yours, then run: python tasks.py lab {name[:2]}"
        )


def give(fresh: dict[str, Any], target: Path) -> bool:
    """Write a notebook for others to work in, and say whether it was; one that somebody has edited since stays."""
    if os.path.lexists(target):
        try:
            old = read_json(target)
            edited = old["metadata"].get("tunesmith", {}).get("handout") != digest(old)
        except (LessonError, OSError, AttributeError):
            edited = True
        if edited:
            print(f"{target.as_posix()} was edited and stays; rename it for a fresh one")
            return False
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh["metadata"]["tunesmith"] = {"handout": digest(fresh)}
    write(fresh, target)
    return True


def hand_out(path: Path, folder: Path) -> None:
    """Write the lesson's handout; one that somebody has edited since stays as it is."""
    target = folder / path.name
    if give(handout(read_json(path)), target):
        print(f"{target.as_posix()} written")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tunesmith.course.notebooks", description="The notebook tool.")
    parser.add_argument("task", choices=["run", "timings", "copy", "handout"])
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons by number; all when left out")
    parser.add_argument("--folder", type=Path, default=Path("notebooks"), help="where the lessons are")
    parser.add_argument("--to", type=Path, help="where copies go: my/ or handout/ when left out")
    parser.add_argument("--timeout", type=float, default=600, help="seconds that one cell may take")
    options = parser.parse_args(arguments)
    try:
        paths = lessons(options.folder, options.numbers)
        if options.task == "copy":
            copy_all(paths, options.to or Path("my"))
        for path in paths if options.task != "copy" else []:
            if options.task == "run":
                print(f"{path.name} …", end=" ", flush=True)
                print(f"{run(path, options.timeout):.0f} s")
            elif options.task == "timings":
                print(f"{path.name} …", end=" ", flush=True)
                seconds, value = measure(path, options.timeout)
                print(f"{seconds:.1f} s, stated as {value}")
            else:
                hand_out(path, options.to or Path("handout"))
    except (LessonError, OSError) as error:
        print(f"\nnotebooks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
