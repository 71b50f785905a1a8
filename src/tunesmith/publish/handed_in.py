"""Which exercises pass in handed-in notebooks. It runs other people's code: see docs/teaching.md before you use it.

`python tasks.py report FOLDER` calls it:

    python -m tunesmith.publish.handed_in FOLDER [--hints] [--csv FILE]

Every notebook below FOLDER is looked at, whatever its name: its exercises tell which lesson it is. The answers run in
a process of their own (`supervise`), are judged by the course's own judges, and the stored outputs count for nothing.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.course.exercises import exercises_of
from tunesmith.music.files import write_whole
from tunesmith.publish.answers import HandIn, asked_names, read_hand_in
from tunesmith.publish.supervise import CONTAINER, USUAL, Broken, Limits, judged

MISSING = "–"
MARKS = {"✓": "right", "✗": "not right yet", "○": "not attempted", MISSING: "not in the notebook"}
WIDEST = 48  # signs of a hand-in's path in the table; its end is what tells
LEFT_OUT = (".ipynb_checkpoints", "__MACOSX")


@dataclass
class Row:
    """One hand-in. lines: for each exercise that is in it the line of feedback; problem: why there are none."""

    name: str
    lesson: int | None = None
    lines: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    def mark(self, number: str) -> str:
        """✓, ✗, ○, or – for an exercise that is not in the notebook."""
        return self.lines.get(number, MISSING)[:1]

    @property
    def solved(self) -> int:
        return sum(line.startswith("✓") for line in self.lines.values())


def hand_ins(folder: str | Path) -> list[Path]:
    """The notebooks in `folder` and below, or the one notebook that `folder` is, in order of their names."""
    top = Path(folder)
    if top.is_file():
        return [top]
    if not top.is_dir():
        raise ValueError(f"There is no folder {top}. Give the one that the handed-in notebooks lie in.")
    found = []
    for place, below, names in os.walk(top):
        below[:] = [name for name in below if name not in LEFT_OUT and not name.startswith(".")]
        found += [Path(place, name) for name in names if name.lower().endswith(".ipynb") and not name.startswith("._")]
    if not found:
        raise ValueError(f"There is no notebook (.ipynb) in {top} or below. Are the hand-ins still in an archive?")
    return sorted(found, key=lambda path: path.relative_to(top).as_posix())


def looked_at(folder: str | Path, lessons: str | Path = "notebooks", limits: Limits = USUAL) -> Iterator[Row]:
    """A row for each hand-in, as soon as it is known. lessons: the course's own notebooks."""
    names, top = asked_names(lessons), Path(folder)
    for path in hand_ins(top):
        row = Row(readable((path.relative_to(top) if path != top else Path(path.name)).as_posix()))
        found: HandIn = read_hand_in(path, names)
        row.lesson, row.problem = found.lesson, readable(found.problem)
        if found.lesson is not None:
            try:
                row.lines = {number: readable(line) for number, line in judged(found.attempts, limits).items()}
            except Broken as error:
                row.problem = f"could not be run: {error}"
        yield row


def readable(text: str) -> str:
    """Text that somebody else wrote, on one line and without signs that steer a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))


def as_tables(rows: list[Row], hints: bool = False) -> str:
    """The rows as text: a table for each lesson, then what is no lesson; with `hints` what each ✗ was told."""
    pieces = []
    for lesson in sorted({row.lesson for row in rows if row.lines and row.lesson is not None}):
        mine, numbers = [row for row in rows if row.lesson == lesson and row.lines], exercises_of(lesson)
        names = [row.name if len(row.name) <= WIDEST else f"…{row.name[1 - WIDEST :]}" for row in mine]
        width = max(len("hand-in"), *map(len, names))
        head = f"{'hand-in':<{width}}  {'  '.join(f'{n:>4}' for n in numbers)}  solved"
        pieces += [f"Lesson {lesson:02d}", head, "-" * len(head)]
        for name, row in zip(names, mine):
            marks = "  ".join(f"{row.mark(number):>4}" for number in numbers)
            pieces.append(f"{name:<{width}}  {marks}  {row.solved} of {len(numbers)}")
            if hints:
                pieces += [f"    {line}" for line in row.lines.values() if line.startswith("✗")]
        counts = [sum(row.mark(number) == "✓" for row in mine) for number in numbers]
        pieces += [f"{f'right, of {len(mine)}':<{width}}  {'  '.join(f'{count:>4}' for count in counts)}", ""]
    apart = [row for row in rows if not row.lines]
    if apart:
        pieces += ["Not looked at", *(f"{row.name}: {row.problem or 'no exercise is left in it'}" for row in apart), ""]
    return "\n".join([*pieces, "   ".join(f"{mark} {meaning}" for mark, meaning in MARKS.items())])


def as_csv(rows: list[Row]) -> str:
    """The rows as a table for a spreadsheet: a line for each hand-in, a column for each exercise of any of them."""
    lessons = sorted({row.lesson for row in rows if row.lines and row.lesson is not None})
    numbers = [number for lesson in lessons for number in exercises_of(lesson)]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["hand-in", "lesson", "solved", "of", *numbers, "hints", "problem"])
    for row in rows:
        mine = exercises_of(row.lesson) if row.lines and row.lesson is not None else []
        told = " | ".join(line for line in row.lines.values() if line.startswith("✗"))
        cells = [
            row.name,
            "" if row.lesson is None else f"{row.lesson:02d}",
            row.solved if mine else "",
            len(mine) or "",
        ]
        cells += [row.mark(number) if number in mine else "" for number in numbers]
        table.writerow([_harmless(str(cell)) for cell in [*cells, told, row.problem]])
    return text.getvalue()


def _harmless(cell: str) -> str:
    """A spreadsheet takes what begins like this for a formula, and a file's name is somebody else's to choose."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell


WARNING = """\
This runs what is written in {count} notebook{s}, on this computer and with your rights. Each is a process of its own
with {seconds:.0f} s for an exercise, {memory:.1f} GB of memory, an empty folder as its home: a fence against accidents,
not against malice. To be safe from that too, run it in a container (docs/teaching.md says how to build it):
    {container}
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python tasks.py report", description="Which exercises pass in hand-ins.")
    parser.add_argument("folder", help="where the notebooks lie, in folders of their own if you like; or one notebook")
    parser.add_argument("--hints", action="store_true", help="show what each answer that is not right is told")
    parser.add_argument(
        "--csv", default="report.csv", metavar="FILE", help="the table for a spreadsheet (report.csv); - for none"
    )
    parser.add_argument("--seconds", type=float, default=USUAL.seconds, help="for one exercise (60)")
    parser.add_argument("--memory", type=float, default=USUAL.memory / 1e9, metavar="GB", help="for one notebook (2)")
    parser.add_argument("--lessons", type=Path, default=Path("notebooks"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    target = None if options.csv == "-" else Path(options.csv)
    try:
        limits = Limits(options.seconds, int(options.memory * 1e9))
        if target and target.exists():
            raise ValueError(f"{target} is there already: move it away, or name another file by --csv.")
        count = len(hand_ins(options.folder))
        container = CONTAINER.replace("FOLDER", str(Path(options.folder).resolve()))
        print(
            WARNING.format(
                count=count,
                s="s" * (count != 1),
                seconds=limits.seconds,
                memory=limits.memory / 1e9,
                container=container,
            )
        )
        rows = []
        for row in looked_at(options.folder, options.lessons, limits):
            rows.append(row)
            what = "".join(row.mark(number) for number in exercises_of(row.lesson)) if row.lines else row.problem
            print(f"{len(rows)} of {count}  {row.name}  {what}", flush=True)
        print(f"\n{as_tables(rows, options.hints)}")
        if target:
            write_whole(target, as_csv(rows).encode("utf-8-sig"))  # the mark tells Excel that it is UTF-8
            print(f"\nThe same as a table: {target}")
    except (ValueError, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
