"""The canary: every self-contained lesson, run in an environment with Colab's versions and in an empty folder.

`python tasks.py test-colab` calls it:

    python -m tunesmith.publish.canary PYTHON [NN …]

PYTHON is that of the environment, which lacks the package and what else Colab lacks. Each lesson gets a kernel of its
own and an environment of its own on top of it, so each set-up cell has to install what is missing. That is the one use
of a network here: pip's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tunesmith.course import notebooks as tool
from tunesmith.publish.colab import write_all

KEPT = ("numpy", "torch")  # what the set-up must not touch: Colab would ask for a restart
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PIP_USER")  # what must not lead a kernel to other packages


@dataclass(frozen=True)
class Result:
    """How a lesson fared: the trouble is empty when all went well; times in seconds, a cell by its place and text."""

    name: str
    trouble: str
    seconds: float = 0.0
    setup: float = 0.0
    longest: tuple[str, float] = ("", 0.0)
    installed: tuple[str, ...] = ()


def layered(python: Path, folder: Path) -> Path:
    """A new environment in `folder` that sees the packages of `python`'s, and installs beside them; its Python."""
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    _answer(python, "-m", "venv", "--without-pip", str(folder))
    own = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    Path(_answer(own, "-c", asked), "below.pth").write_text(_answer(python, "-c", asked) + "\n", encoding="utf-8")
    return own


def _answer(python: Path, *arguments: str) -> str:
    done = subprocess.run([str(python), *arguments], capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise tool.LessonError(f"{python} {' '.join(arguments)}: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return done.stdout.strip()


def installed(folder: Path) -> tuple[str, ...]:
    """What pip has put into the environment in `folder`, each as "name version"."""
    found = {path.name.removesuffix(".dist-info").replace("-", " ") for path in folder.rglob("*.dist-info")}
    return tuple(sorted(found, key=str.lower))


def sounds(lesson: dict) -> list[int]:
    """How many sounds each cell shows."""
    return [str([out.get("data") for out in cell.get("outputs", [])]).count("<audio") for cell in lesson["cells"]]


def try_lesson(path: Path, committed: Path, python: Path, timeout: float) -> Result:
    """Run the self-contained lesson at `path` alone in an empty folder; compare its sounds with the committed ones."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as place:
        empty = Path(place, "empty")
        empty.mkdir()
        environment = Path(place, "environment")
        try:
            own = layered(python, environment)
            nb, seconds = tool.execute(tool.read(path), empty, timeout, own, plain=False)
        except tool.LessonError as error:
            lines = str(error).strip().splitlines()  # the cell, and then a traceback
            said = lines[0] if len(lines) == 1 else f"{lines[0]}: {lines[-1]}"
            return Result(path.name, said, installed=installed(environment))
        new = installed(environment)
    taken = tool.cell_seconds(nb)
    start = next(i for i, cell in enumerate(nb.cells) if "setup" in tool.tags(cell))
    slowest = max(taken, key=lambda i: taken[i] if i != start else 0)
    longest = (tool.where(nb.cells[slowest], slowest + 1), taken[slowest])
    return Result(path.name, trouble(nb, tool.read_json(committed), new), seconds, taken[start], longest, new)


def trouble(nb: dict, committed: dict, new: tuple[str, ...]) -> str:
    """What is wrong with a lesson that ran through; empty for nothing."""
    said = [f"{name} was replaced" for name in new if name.split()[0] in KEPT]
    for i, (here, there) in enumerate(zip(sounds(nb), sounds(committed))):
        if here < there:
            said.append(f"{tool.where(nb['cells'][i], i + 1)} gives {here} sounds, not {there}")
    for i, cell in enumerate(nb["cells"]):
        for output in cell.get("outputs", []):
            if output["output_type"] == "stream" and output["name"] == "stderr":
                last = tool.plain(output["text"]).strip().splitlines()[-1:]
                said.append(f"{tool.where(cell, i + 1)} writes to stderr: {''.join(last)}")
    return "; ".join(said)


def report(results: list[Result]) -> str:
    """The table: what each lesson took, and then what failed."""
    lines = [f"{'lesson':<36}{'set-up':>9}{'all':>9}   the longest cell"]
    for result in results:
        if result.trouble and not result.seconds:
            lines.append(f"{result.name.removesuffix('.ipynb'):<36}{'failed':>18}")
            continue
        cell, longest = result.longest
        times = f"{result.setup:>7.0f} s{result.seconds:>7.0f} s"
        failed = "  FAILED" if result.trouble else ""
        lines.append(f"{result.name.removesuffix('.ipynb'):<36}{times}   {longest:.0f} s, {cell[:48]}{failed}")
    new = sorted({name for result in results for name in result.installed}, key=str.lower)
    lines += ["", f"The set-up installed: {', '.join(new) or 'nothing'}."]
    failed = [result for result in results if result.trouble]
    lines += [f"FAILED {result.name}, {result.trouble}" for result in failed]
    lines.append(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return "\n".join(lines)


def try_all(root: Path, python: Path, numbers: list[str], timeout: float) -> list[Result]:
    """Every self-contained lesson of the repository at `root`, one after the other, with one cache for all."""
    before = dict(os.environ)
    results = []
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as folder:
        lessons = [path for path, _ in write_all(root, numbers, Path(folder, "lessons"))]
        for name in FOREIGN:
            os.environ.pop(name, None)
        os.environ.update(PYTHONNOUSERSITE="1", TUNESMITH_HOME=str(Path(folder, "home")))
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # old kernels warn of something that does not concern us
        try:
            for path in lessons:
                print(f"{path.name} …", end=" ", flush=True)
                results.append(try_lesson(path, root / "notebooks" / path.name, python, timeout))
                print(results[-1].trouble or f"{results[-1].seconds:.0f} s", flush=True)
        finally:
            os.environ.clear()
            os.environ.update(before)
    return results


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tunesmith.publish.canary", description="Colab's canary.")
    parser.add_argument("python", type=Path, metavar="PYTHON", help="the Python of the environment to try them in")
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons by number; all when left out")
    parser.add_argument("--root", type=Path, default=Path("."), help="the course's repository; here by default")
    parser.add_argument("--timeout", type=float, default=600, help="seconds that one cell may take")
    options = parser.parse_args(arguments)
    try:
        results = try_all(options.root, options.python.absolute(), options.numbers, options.timeout)
    except (tool.LessonError, OSError) as error:
        print(f"\ncanary: {error}", file=sys.stderr)
        return 1
    print("\n" + report(results))
    return int(any(result.trouble for result in results))


if __name__ == "__main__":
    sys.exit(main())
