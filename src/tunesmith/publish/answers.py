"""What a handed-in notebook answers: its exercises, each with the cells that the answer needs.

A lesson takes a minute to run, and one cell that fails stops all after it. So a hand-in is not run from top to
bottom. An answer needs the set-up cell, which is the course's own, and the cells that define the names it uses: they
are found by reading, as a *slice* of the notebook, and nothing else is run.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from tunesmith.course.exercises import exercises_of, lessons
from tunesmith.course.notebooks import LessonError, read_json, tags

MOST_BYTES = 50_000_000  # a lesson with all its sounds has three million
GIVEN = {"math", "random", "Fraction", "plt", "np", "torch", "ts"}  # by the set-up cell
MAGIC = re.compile(r"^\s*[%!?].*$|^.*\?$", re.MULTILINE)


@dataclass(frozen=True)
class Attempt:
    """One `ts.check` of a hand-in: the expression that is checked, and the cells to run before, in order."""

    answer: str
    cells: tuple[str, ...]


@dataclass
class HandIn:
    """A notebook that was handed in. lesson: its number, or None, and then `problem` says why there is nothing to run.

    attempts: for each exercise number the attempts at it. What is not there was deleted from the notebook.
    """

    path: Path
    lesson: int | None = None
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    problem: str = ""


def read_hand_in(path: str | Path, names: dict[str, str] | None = None) -> HandIn:
    """What the notebook at `path` answers. Nothing in it is run.

    names: the function that each exercise asks for (`asked_names`). It is looked for where a check cell was deleted.
    A file that is no notebook, or holds no exercise of the course, comes back with its `problem`.
    """
    found = HandIn(Path(path))
    try:
        if found.path.stat().st_size > MOST_BYTES:
            raise LessonError(f"larger than {MOST_BYTES // 1_000_000} MB")
        cells = [cell for cell in read_json(path)["cells"] if cell.get("cell_type") == "code"]
    except (LessonError, OSError, RecursionError, AttributeError) as error:
        found.problem = "cannot be read" if isinstance(error, OSError) else _why(error)
        return found
    sources = ["" if _is_setup(cell) else without_magics(cell["source"]) for cell in cells]
    checks = [(i, *check) for i, source in enumerate(sources) for check in checks_in(source)]
    per_lesson = Counter(number.partition(".")[0] for _, number, _ in checks)
    for lesson, _ in per_lesson.most_common():
        if lesson.isdecimal() and int(lesson) in lessons():
            found.lesson = int(lesson)
            break
    else:
        found.problem = "holds no exercise of the course"
        return found
    for number in exercises_of(found.lesson):
        places = [(i, answer) for i, checked, answer in checks if checked == number]
        if not places and (name := (names or {}).get(number)) and any(name in bound(source) for source in sources):
            places = [(len(sources), name)]
        if places:
            found.attempts[number] = [Attempt(answer, needed(sources, i, answer)) for i, answer in places]
    return found


def asked_names(folder: str | Path) -> dict[str, str]:
    """For each exercise of the lessons in `folder` the name that is checked, such as ``{"4.2": "count_holds"}``."""
    found: dict[str, str] = {}
    for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb")):
        for cell in read_json(path)["cells"]:
            if cell["cell_type"] == "code":
                found |= dict(checks_in(cell["source"]))
    return found


def checks_in(source: str) -> list[tuple[str, str]]:
    """The calls ``ts.check("4.2", answer)`` of a cell: number, and the answer's expression as text."""
    found = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Call) and len(node.args) == 2 and _called(node.func) == "check":
            number, answer = node.args
            if isinstance(number, ast.Constant) and re.fullmatch(r"\d{1,2}\.\d{1,2}", str(number.value)):
                found.append((str(number.value), ast.unparse(answer)))
    return found


def needed(sources: list[str], place: int, answer: str) -> tuple[str, ...]:
    """The cells that define what `answer` uses, when it is asked for at `place`: a slice, in the notebook's order.

    The nearest definition above counts, and what it uses in turn; names that no cell above defines are looked for
    below. A cell that is not Python is in every slice: it may be the one that defines the answer.
    """
    wanted, met, chosen = used(answer) - GIVEN, set(), set()
    for i in [*range(place - 1, -1, -1), *range(place, len(sources))]:
        if i < place and _broken(sources[i]):
            chosen.add(i)
        defines, reads = bound(sources[i]), used(sources[i]) - GIVEN
        if defines & (wanted if i < place else wanted - met):
            chosen.add(i)
            met |= defines & wanted
            fresh = _anew(sources[i])
            wanted = (wanted - fresh) | (reads - fresh)
    return tuple(sources[i] for i in sorted(chosen))


# ---------------------------------------------------------------- names


def bound(source: str) -> set[str]:
    """The names that a cell gives to the notebook: what it assigns, defines or imports outside of functions."""
    table = _table(source)
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()} if table else set()


def used(source: str) -> set[str]:
    """The names of the notebook that a cell reads, inside functions too."""
    table = _table(source)
    if table is None:
        return set()
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    below = list(table.get_children())
    while below:
        scope = below.pop()
        found |= {s.get_name() for s in scope.get_symbols() if s.is_global() and s.is_referenced()}
        below += scope.get_children()
    return found


def without_magics(source: str) -> str:
    """The cell without IPython's own lines (``%time``, ``!pip …``, ``x?``), which no answer needs."""
    return MAGIC.sub("", source) if _broken(source) else source


@lru_cache(maxsize=256)  # each attempt looks at every cell
def parsed(source: str) -> ast.Module:
    """The cell as a tree; an empty one if it is not Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


@lru_cache(maxsize=256)
def _table(source: str) -> symtable.SymbolTable | None:
    try:
        return symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _broken(source: str) -> bool:
    return bool(source.strip()) and not parsed(source).body and _table(source) is None


def _anew(source: str) -> set[str]:
    """The names that a cell surely sets anew, so that no earlier cell is needed for them."""
    found: set[str] = set()
    read_first: dict[str, bool] = {}  # what the cell does first with a name: a cell such as `x = x + 1` reads it
    for node in parsed(source).body:
        named: set[str] = set()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            named = {node.name}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            named = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {part.id for target in node.targets for part in ast.walk(target) if _stores(part)}
        found |= named
        names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
        for name in named:
            read_first.setdefault(name, False)
        for part in sorted(names, key=_stores):  # a statement reads before it sets
            read_first.setdefault(part.id, not _stores(part))
    return {name for name in found if not read_first[name]}


def _stores(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_setup(cell: dict[str, Any]) -> bool:
    """The set-up cell may install things. It is never run: the course's own stands for it."""
    return "setup" in tags(cell) or cell["source"].lstrip().startswith("# Set-up")


def _why(error: BaseException) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error).partition(" is ")[2] or str(error)
