"""Every lesson is built as CONTRIBUTING.md says; and each check notices a lesson that is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import structure
from structure import CHECKS, Lesson, complaints
from tunesmith.course import notebooks as tool

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
LESSONS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_lessons():
    assert LESSONS, "notebooks/ holds no lesson"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson(path: Path):
    assert path.name[:2].isdigit() and path.name[2] == "_", "a lesson's file is named NN_topic.ipynb"
    nb = nbformat.reads(path.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)
    nbformat.validate(nb)
    said = complaints(Lesson(nb, int(path.name[:2])))
    assert not said, "\n" + "\n".join(said)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_file(path: Path):
    raw = path.read_bytes()
    assert b"\r" not in raw.replace(b"\\r", b"") and raw.endswith(b"}\n")


# ---------------------------------------------------------------- a small lesson that has it all

PLAYER = '<p><img alt="Score: C D E" src="data:image/svg+xml;base64,AA"><audio aria-label="C D E" src="x"></audio></p>'


def html(source: str, content: str, text: str = "C D E", **more) -> nbformat.NotebookNode:
    output = new_output("display_data", data={"text/html": content, "text/plain": text})
    return new_code_cell(source, outputs=[output], **more)


def printed(source: str, text: str, **more) -> nbformat.NotebookNode:
    return new_code_cell(source, outputs=[new_output("stream", name="stdout", text=text)], **more)


def exercise_cells(number: str, kind: str, name: str, span: str = "3 min, ●○○") -> list[nbformat.NotebookNode]:
    return [
        new_markdown_cell(f"### Exercise {number} · Up by {name}  ({span})\n\nWhen it is right you hear 99 notes."),
        new_code_cell(f"def {name}(x):\n    ...", metadata={"tags": [kind]}),
        printed(f'ts.check("{number}", {name})', f"○ {number} not attempted yet\n"),
        new_markdown_cell(
            "<details><summary>Hint</summary>\n\nCount.\n</details>\n\n<details><summary>Solution</summary>\n\n"
            f"```python\ndef {name}(x):\n    return math.sqrt(x) + {len(name)}\n```\n\nThat makes 1234.5.\n</details>"
        ),
    ]


def good() -> Lesson:
    cells = [
        new_markdown_cell("# Steps\n\nAt the end you will hear a scale that climbs."),
        new_markdown_cell(
            "## At a glance\n\n- hear a step\n- write a step\n- count steps\n\n**Assumed:** Python\n\n"
            "**Time:** 30 minutes in class, <!-- seconds -->about 5 seconds<!-- /seconds --> of computing, "
            "no GPU needed."
        ),
        new_markdown_cell("## Set-up"),
        new_code_cell(structure.SETUP, metadata={"tags": ["setup"]}),
        new_markdown_cell("## Hear it first"),
        html("ts.show(scale)", PLAYER, metadata={"tags": ["hook"]}),
    ]
    for k, (name, kind) in enumerate([("one", "predict"), ("three", "mend"), ("eleven", "listen")], start=1):
        cells += [
            new_markdown_cell(f"## {k} · Part {name}  (10 min)\n\nA scale."),
            printed(f"print(1700 + 81, 0.6796, {k})", f"1781 0.6796 {k}\n"),
            new_markdown_cell("1,781 songs, 68 % of them old (0.68, `12345`, $x = 777$, lesson 11, 6/8 and 16ths)."),
            *exercise_cells(f"4.{k}", kind, name),
        ]
    cells += [
        new_markdown_cell("## 4 · More  (12 min, *deeper*)"),
        printed("print('more')", "more\n"),
        new_markdown_cell("## Listen and look\n\nBefore and after."),
        html("ts.show(scale, other)", PLAYER),
        new_markdown_cell("## 5 · A scale of your own  (20 min, *deeper*)"),
        *exercise_cells("4.4", "open", "fourteen", "20 min, ●●●"),
        new_markdown_cell("## Recap\n\nYou can now\n\n- hear a step"),
        printed("ts.progress(4)", "Lesson 04: 0 of 4 solved\n"),
        new_markdown_cell("**What is a step?**\n\n" + choice("Two semitones", "Yes") + "\n" + choice("A leap", "No")),
        new_markdown_cell("**What is a leap?**\n\n" + choice("A step", "No") + "\n" + choice("More", "Yes")),
        new_markdown_cell("**What is a scale?**\n\n" + choice("Steps", "Yes") + "\n" + choice("Leaps", "No")),
        new_markdown_cell("## Going further\n\n- Author, *Title*, 1999.\n\nSongs: in the public domain."),
    ]
    nb = new_notebook(cells=cells)
    return Lesson(tool.normalised(nb), 4)


def choice(text: str, verdict: str) -> str:
    return f"<details><summary>{text}</summary>\n\n**{verdict}.** That is how it is.\n</details>\n"


def test_a_good_lesson_has_no_complaints():
    assert complaints(good()) == []


# ---------------------------------------------------------------- one thing wrong at a time


def find(cells: list, text: str) -> int:
    return next(i for i, cell in enumerate(cells) if text in cell.source)


def replaced(old: str, new: str) -> Callable:
    def change(cells: list) -> None:
        cell = cells[find(cells, old)]
        cell.source = cell.source.replace(old, new)

    return change


def without(text: str) -> Callable:
    return lambda cells: cells.pop(find(cells, text))


def output(text: str, new: nbformat.NotebookNode | list | None) -> Callable:
    def change(cells: list) -> None:
        cells[find(cells, text)].outputs = new if isinstance(new, list) else [new]

    return change


def tagged(text: str, *tags: str) -> Callable:
    def change(cells: list) -> None:
        cells[find(cells, text)].metadata = nbformat.NotebookNode(tags=list(tags))

    return change


def moved(text: str, to: int) -> Callable:
    return lambda cells: cells.insert(to, cells.pop(find(cells, text)))


def all_longer(cells: list) -> None:
    for cell in cells:
        cell.source = cell.source.replace("(3 min, ●○○)", "(5 min, ●○○)")


def counts(cells: list) -> None:
    cells[find(cells, "print(1700")].execution_count = 40


def shown_by(data: dict, metadata: dict | None = None) -> Callable:
    return output(
        "ts.show(scale, other)", new_output("display_data", data={"text/html": PLAYER, **data}, metadata=metadata or {})
    )


STDERR = new_output("stream", name="stderr", text="careful\n")
ERROR = new_output("error", ename="ValueError", evalue="no", traceback=[])
SILENT_HTML = {"text/html": PLAYER.replace('alt="Score: C D E"', 'alt=" "')}
COPY = "def other_name(value):\n    'Says something else.'\n    return math.sqrt(value) + 3"
TWENTY_THREE = "\n".join(f"a = {k}" for k in range(23))

BROKEN = [
    ("title", replaced("# Steps", "## Steps"), "only `# Title`"),
    ("title", replaced("that climbs.", "that climbs. And falls."), "one sentence"),
    ("title", moved("ts.show(scale)", 0), "not the title"),
    ("order", moved("## Recap", 3), "the parts must be"),
    ("order", without("## Listen and look"), "the parts must be"),
    ("order", without("## Hear it first"), "the parts must be"),
    ("order", replaced("## 3 · Part eleven  (10 min)", "## Part eleven"), "2 sections"),
    ("order", replaced("## 2 · Part", "## 5 · Part"), "not numbered"),
    ("glance", replaced("- write a step\n- count steps\n", ""), "1 objectives"),
    ("glance", replaced("**Assumed:** Python", ""), "assumed"),
    ("glance", replaced("no GPU needed", "quick"), "GPU"),
    ("glance", replaced("30 minutes in class", "20 minutes in class"), "add up to 30"),
    ("glance", replaced("30 minutes in class", "half an hour"), "minutes in class"),
    ("glance", replaced("about 5 seconds", "5 s"), "seconds"),
    ("glance", replaced("about 5 seconds", "about 130 seconds"), "more than 120"),
    ("minutes", replaced("Part one  (10 min)", "Part one  (60 min)"), "more than 75"),
    ("hook", tagged("ts.show(scale)"), "tagged hook"),
    ("hook", output("ts.show(scale)", []), "hear and see"),
    ("hook", moved("ts.show(scale)", 2), "after the set-up"),
    ("hook", moved("ts.show(scale)", 9), "before the first section"),
    ("setup", tagged("# Set-up: the same"), "tagged setup"),
    ("setup", replaced("import random\n", ""), "SETUP"),
    ("setup", output("# Set-up: the same", new_output("stream", text="hello")), "silent"),
    ("setup", moved("# Set-up: the same", 8), "`## Set-up`"),
    ("setup", moved("ts.show(scale)", 2), "first code cell"),
    ("sections", output("print('more')", []), "shows nothing"),
    ("sections", output("ts.show(scale, other)", []), "nothing to hear"),
    ("recap", replaced("You can now\n\n- hear a step", "You can hear a step"), "does not list"),
    ("recap", without("**What is a leap?**"), "3 to 5 questions"),
    ("recap", without("ts.progress(4)"), "ts.progress(4)"),
    ("recap", replaced("ts.progress(4)", "ts.progress(5)"), "ts.progress(4)"),
    ("recap", replaced("**No.** That is how it is.", "No."), "say why"),
    ("recap", replaced("**No.** That", "**Maybe.** That"), "begin with Yes or No"),
    ("recap", replaced("**No.** That", "**Yes.** That"), "one right choice"),
    ("recap", replaced("**What is a step?**\n", "**What is a step?**\n\n- nothing\n"), "outside <details>"),
    ("recap", replaced(choice("A leap", "No").strip(), ""), "1 choices"),
    ("further", replaced("- Author", "Author"), "no reading"),
    ("further", replaced("in the public domain", "old"), "licences"),
    ("executed", counts, "top to bottom"),
    ("executed", replaced("print('more')", " "), "is empty"),
    ("errors", output("print('more')", ERROR), "stores an error"),
    ("errors", output("print('more')", STDERR), "stderr"),
    ("lengths", replaced("print('more')", TWENTY_THREE), "23 lines"),
    ("size", output("print('more')", new_output("stream", text="x" * 3_000_000)), "bytes"),
    ("form", output("print('more')", [new_output("stream", text=f"{k}\n") for k in range(2)]), "writes it"),
    ("ignored", tagged("print('more')", "nbval-ignore-output"), "without a line"),
    ("ignored", tagged("print('more')", "nbval-skip"), "evades"),
    ("ignored", tagged("print('more')", "raises-exception"), "evades"),
    ("ignored", replaced("print('more')", "# NBVAL_IGNORE_OUTPUT\nprint('more')"), "evades"),
    ("alternatives", shown_by(SILENT_HTML), "<img> has no"),
    ("alternatives", shown_by({"text/html": PLAYER.replace(' aria-label="C D E"', "")}), "<audio> has no"),
    ("alternatives", shown_by({"text/html": PLAYER.replace("Score: C D E", "Music score")}), "<img> has no"),
    ("alternatives", shown_by({"image/png": "AA"}), "without alternative text"),
    ("alternatives", shown_by({"image/svg+xml": "<svg><g/></svg>"}), "<svg>"),
    ("alternatives", replaced("A scale.", "![](a.png)"), "without alternative text"),
    ("alternatives", replaced("A scale.", "<img src='a.png'>"), "<img> has no"),
    ("numbers", replaced("1,781 songs", "1,782 songs"), "quotes 1,782"),
    ("numbers", replaced("68 %", "69 %"), "quotes 69"),
    ("numbers", replaced("0.68,", "0.69,"), "quotes 0.69"),
    ("numbers", replaced("Before and after.", "Before and 25 after."), "quotes 25"),
    ("words", replaced("A scale.", "Simply a scale."), "Simply"),
    ("exercises", replaced("### Exercise 4.1 · Up", "### Exercise 4.1: Up"), "is not `###"),
    ("exercises", replaced("●○○", "●●"), "is not `###"),
    ("exercises", replaced("### Exercise 4.2", "### Exercise 4.5"), "numbered"),
    ("exercises", replaced("### Exercise 4.1", "#### Exercise 4.1"), "is not `###"),
    ("exercises", replaced('ts.check("4.1", one)', 'ts.check("4.2", one)'), "the one line"),
    ("exercises", replaced('ts.check("4.1", one)', 'ts.check("4.1", two)'), "does not define two"),
    ("exercises", replaced('ts.check("4.1", one)', "print(1)"), "cells with ts.check"),
    ("exercises", output('ts.check("4.1", one)', new_output("stream", text="✓ 4.1 right\n")), "not attempted yet"),
    ("exercises", output("def one(x):\n    ...", new_output("stream", text="1")), "shows something"),
    ("exercises", replaced("def one(x):\n    ...", "def one(x):\n    return songs[x]"), "needs songs"),
    ("exercises", replaced("def one(x):\n    ...", "def one(x:\n    ..."), "not valid"),
    ("exercises", replaced("<summary>Hint</summary>", "<summary>Help</summary>"), "Hint"),
    ("exercises", replaced("<summary>Solution</summary>", "<summary>Answer</summary>"), "Solution"),
    ("exercises", replaced("```python\ndef one", "```python\ndef once"), "does not define one"),
    ("exercises", without("return math.sqrt(x) + 3"), "Hint"),
    ("exercises", without("def one(x):\n    ..."), "come the stub"),
    ("exercises", tagged("def three(x):\n    ..."), "tag the stub"),
    ("exercises", tagged("def three(x):\n    ...", "write"), "tagged mend"),
    ("exercises", tagged("def fourteen(x):\n    ...", "write"), "tagged open"),
    ("exercises", tagged("def one(x):\n    ...", "open"), "not one"),
    ("exercises", replaced("(20 min, ●●●)", "(20 min, ●●○)"), "the last exercise, and ●●●"),
    ("exercises", replaced("(20 min, *deeper*)", "(20 min)"), "marked *deeper*"),
    ("exercises", without("### Exercise 4.1"), "fewer than 4"),
    ("exercises", all_longer, "warm-up"),
    ("solutions", replaced("print('more')", COPY), "other names"),
]


@pytest.mark.parametrize(
    ("check", "change", "words"), BROKEN, ids=[f"{name}-{k}" for k, (name, _, _) in enumerate(BROKEN)]
)
def test_a_check_notices(check: str, change: Callable, words: str):
    lesson = good()
    change(lesson.cells)
    said = getattr(structure, check)(Lesson(lesson.nb, 4))
    assert any(words in text for text in said), said


def test_every_check_is_tried():
    assert {check.__name__ for check in CHECKS} == {name for name, _, _ in BROKEN}


def test_too_many_cells_are_not_compared():
    lesson = good()
    for _, cell in lesson.code[-3:]:
        cell.metadata["tags"] = ["nbval-ignore-output"]
        cell.source = "# Not compared: it depends on the hour\n" + cell.source
    assert "more than one in ten" in structure.ignored(lesson)[0]
    for i, _ in lesson.code[-3:-1]:
        lesson.cells[i].metadata["tags"] = []
    assert structure.ignored(lesson) == []


@pytest.mark.parametrize(
    ("prose", "numbers"),
    [
        ("1,781 tunes, 3 of them long", ["1,781"]),
        ("1\u202f781 tunes and 0.5 of another", ["1\u202f781", "0.5"]),
        ("It was 1903, in lesson 12, bar 14", ["14"]),
        ("a 16th, 12/8, x_12, **68 %**", ["68"]),
        ("from 60 to 72, or 60–72", ["60", "72", "60", "72"]),
        ("about −7.5 and +12 semitones.", ["7.5", "12"]),
        ("`99` $99$ <!-- 99 --> [99](99)\n\n# 99\n\n```\n99\n```\n", []),
    ],
)
def test_numbers_quoted(prose: str, numbers: list[str]):
    assert [text for text, _, _ in structure.quoted(prose)] == numbers


def test_the_good_lesson_is_fresh_each_time():
    one, two = good(), good()
    one.cells[0].source = "changed"
    assert two.cells[0].source != "changed" and copy.deepcopy(two.nb) == two.nb
