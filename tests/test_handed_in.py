"""Handed-in notebooks: what is read from them, and what becomes of answers that are right, wrong or hostile.

Nothing of a hand-in runs in this process. The tests that start others take some seconds each and are marked slow.
"""

from __future__ import annotations

import csv
import importlib
import inspect
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import structure
from tunesmith.course.exercises import exercises_of
from tunesmith.publish import handed_in
from tunesmith.publish.answers import Attempt, asked_names, bound, needed, read_hand_in, used, without_magics
from tunesmith.publish.supervise import Limits, judged

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
NAMES = asked_names(NOTEBOOKS)

# ---------------------------------------------------------------- which cells an answer needs


def test_a_slice_holds_what_an_answer_uses_and_no_more():
    cells = [
        "import itertools",
        "songs = load_everything()",
        "def helper(x):\n    return list(itertools.chain(x))",
        "unused = helper(1)",
        "def answer(x):\n    songs = helper(x)\n    return songs",
    ]
    assert needed(cells, 5, "answer") == (cells[0], cells[2], cells[4])


def test_the_nearest_definition_above_counts():
    cells = ["x = slow()", "x = 1", "x += 1", "def f():\n    return x", "x = 3"]
    assert needed(cells, 4, "f") == tuple(cells[1:4])
    assert needed(["x = 1", "x = x + 1", "f = lambda: x"], 3, "f") == ("x = 1", "x = x + 1", "f = lambda: x")


def test_a_helper_below_is_found_too():
    cells = ["def f():\n    return g()", "def g():\n    return 1"]
    assert needed(cells, 1, "f") == tuple(cells)


def test_an_import_in_the_answers_own_cell_is_enough():
    cells = [
        "from collections import Counter\nsongs = load_everything()",
        "from collections import Counter\ndef f(): return Counter()",
    ]
    assert needed([*cells, "Counter = f()"], 2, "f") == (cells[1],)


def test_what_the_set_up_gives_needs_no_cell():
    cells = ["import torch\nimport tunesmith as ts", "def f(x):\n    return torch.tensor(x) + np.pi"]
    assert needed(cells, 2, "f") == (cells[1],)


def test_a_cell_that_is_no_python_is_kept_so_that_it_is_told():
    assert needed(["def f(:\n    ..."], 1, "f") == ("def f(:\n    ...",)


def test_names_of_functions_are_not_the_notebooks():
    code = "def f(a):\n    b = a\n    return [c for c in b] + d\nclass K:\n    e = 1"
    assert bound(code) == {"f", "K"}
    assert used(code) & {"a", "b", "c", "d", "e"} == {"d"}


def test_lines_for_ipython_are_left_out():
    assert without_magics("%time\n!pip install x\nx = 3\nx?") == "\n\nx = 3\n"
    assert without_magics("x = 7 % 3\n") == "x = 7 % 3\n"


# ---------------------------------------------------------------- reading a hand-in


def write(path: Path, *cells: str | nbformat.NotebookNode) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nodes = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    nbformat.write(new_notebook(cells=nodes), path)
    return path


CHECK = 'ts.check("3.1", lowest_key)'
RIGHT = "def lowest_key():\n    return 21"


def test_the_exercises_tell_the_lesson_not_the_name(tmp_path: Path):
    found = read_hand_in(write(tmp_path / "homework final (2).ipynb", RIGHT, CHECK), NAMES)
    assert (found.lesson, found.problem) == (3, "")
    assert found.attempts == {"3.1": [Attempt("lowest_key", (RIGHT,))]}


def test_a_check_that_was_deleted_is_made_up_for(tmp_path: Path):
    minor = "def the_minor_one():\n    return 2"
    found = read_hand_in(write(tmp_path / "a.ipynb", RIGHT, CHECK, minor), NAMES)
    assert found.attempts["3.3"] == [Attempt("the_minor_one", (minor,))]
    assert "3.2" not in found.attempts


def test_each_check_of_an_exercise_is_an_attempt(tmp_path: Path):
    path = write(tmp_path / "a.ipynb", "def mine():\n    return 3", 'ts.check("3.1", mine)', RIGHT, CHECK)
    assert [attempt.answer for attempt in read_hand_in(path).attempts["3.1"]] == ["mine", "lowest_key"]


def test_the_set_up_of_a_hand_in_is_never_run(tmp_path: Path):
    tagged = new_code_cell("lowest_key = destroy()", metadata={"tags": ["setup"]})
    plain = "# Set-up: the same in every lesson.\nlowest_key = destroy()"
    found = read_hand_in(write(tmp_path / "a.ipynb", tagged, plain, CHECK))
    assert found.attempts["3.1"] == [Attempt("lowest_key", ())]


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"", "not a notebook"),
        (b"PK\x03\x04 an archive", "not a notebook"),
        (b"\xff\xfe{", "not a notebook"),
        (b'{"cells": 3}', "not a notebook"),
        (b'{"cells": [1], "metadata": {}}', "not a notebook"),
        (b'{"cells": [{"cell_type": "code"}], "metadata": {}}', "not a notebook"),
        (b'{"cells": [], "metadata": {}}', "holds no exercise"),
        (b"[" * 100_000, ""),
    ],
)
def test_what_is_no_lesson_has_a_problem(tmp_path: Path, content: bytes, problem: str):
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    found = read_hand_in(path)
    assert found.lesson is None and not found.attempts
    assert found.problem and problem.removeprefix("not ") in f"{found.problem} notebook" and "\n" not in found.problem


def test_an_exercise_that_there_is_not_is_no_lesson(tmp_path: Path):
    assert read_hand_in(write(tmp_path / "a.ipynb", "f = 1", 'ts.check("77.1", f)')).problem
    assert read_hand_in(write(tmp_path / "b.ipynb", "f = 1", 'ts.check("3.99", f)')).attempts == {}


def test_folders_of_a_learning_platform(tmp_path: Path):
    kept = [
        write(tmp_path / name, CHECK)
        for name in (
            "Ångström, Zoë_4711_assignsubmission_file/03_reading_scores.ipynb",
            "李雷/03_reading_scores (1).ipynb",
            "李雷/03_reading_scores.ipynb",
            "b/c/d.IPYNB",
        )
    ]
    for name in (".ipynb_checkpoints/a.ipynb", "__MACOSX/._a.ipynb", "x/._b.ipynb", ".trash/c.ipynb", "y/notes.txt"):
        write(tmp_path / name, CHECK)
    assert sorted(handed_in.hand_ins(tmp_path)) == sorted(kept)
    assert handed_in.hand_ins(kept[0]) == [kept[0]]


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_no_hand_ins_is_one_line(tmp_path: Path, name: str, capsys: pytest.CaptureFixture):
    assert handed_in.main([str(tmp_path / name), "--csv", "-"]) == 1
    assert capsys.readouterr().err.startswith("report: There is no ")


# ---------------------------------------------------------------- tables

ROWS = [
    handed_in.Row(
        "ada/03.ipynb", 3, {"3.1": "✓ 3.1 Yes.", "3.2": "✗ 3.2 You count 4.", "3.3": "○ 3.3 not attempted yet"}
    ),
    handed_in.Row("=cmd|' /C calc'!A0.ipynb", 4, {"4.1": "✓ 4.1 Yes."}),
    handed_in.Row("broken.ipynb", None, {}, "not a notebook"),
]


def test_the_table_on_the_screen():
    text = handed_in.as_tables(ROWS)
    line = next(line for line in text.splitlines() if line.startswith("ada/"))
    assert line.split() == ["ada/03.ipynb", "✓", "✗", "○", "–", "–", "1", "of", "5"]
    assert "Lesson 03" in text and "Lesson 04" in text and "broken.ipynb: not a notebook" in text
    assert "You count 4" not in text and "✗ 3.2 You count 4." in handed_in.as_tables(ROWS, hints=True)


def test_the_table_for_a_spreadsheet():
    head, ada, other, broken = csv.reader(io.StringIO(handed_in.as_csv(ROWS)))
    assert head == ["hand-in", "lesson", "solved", "of", *exercises_of(3), *exercises_of(4), "hints", "problem"]
    assert ada[:9] == ["ada/03.ipynb", "03", "1", "5", "✓", "✗", "○", "–", "–"] and ada[9] == ""
    assert ada[-2:] == ["✗ 3.2 You count 4.", ""]
    assert other[0].startswith("'="), "a name must not become a formula"
    assert broken == ["broken.ipynb", *[""] * (len(head) - 2), "not a notebook"]


def test_signs_that_steer_a_terminal_are_gone():
    assert handed_in.readable("a\x1b[31mb\n\tc\u202e") == "a?[31mb c?"


def test_a_table_that_is_there_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture):
    write(tmp_path / "a.ipynb", CHECK)
    table = tmp_path / "report.csv"
    table.write_text("mine", encoding="utf-8")
    assert handed_in.main([str(tmp_path), "--csv", str(table)]) == 1
    told = capsys.readouterr()
    assert "is there already" in told.err and "runs" not in told.out.lower(), "it says so before anything runs"
    assert table.read_text(encoding="utf-8") == "mine"


# ---------------------------------------------------------------- answers that really run


def handed(folder: Path, answer) -> dict[str, list[Attempt]]:
    """All lessons with `answer(number, name, solution)` in place of their stubs: written, and read as hand-ins."""
    attempts: dict[str, list[Attempt]] = {}
    for path in LESSONS:
        lesson = structure.Lesson(nbformat.read(path, 4), int(path.name[:2]))
        for heading in lesson.exercises:
            number = "{}.{}".format(*structure.EXERCISE.fullmatch(heading.text).groups()[:2])
            stub, _, answers = lesson.cells[heading.cell + 1 : heading.cell + 4]
            folded = next(text for name, text in structure.DETAILS.findall(answers.source) if "Solution" in name)
            if (source := answer(number, NAMES[number], structure.solution_code(folded))) is not None:
                stub.source = source
        nbformat.write(lesson.nb, folder / path.name)
        attempts |= read_hand_in(folder / path.name, NAMES).attempts
    assert list(attempts) == list(NAMES)
    return attempts


@pytest.mark.slow
def test_solved_lessons_pass(tmp_path: Path):
    lines = judged(handed(tmp_path, lambda number, name, solution: solution))
    assert {number: line[0] for number, line in lines.items()} == dict.fromkeys(NAMES, "✓")


@pytest.mark.slow
def test_untouched_lessons_are_not_attempted(tmp_path: Path):
    lines = judged(handed(tmp_path, lambda number, name, solution: None))
    assert lines == {number: f"○ {number} not attempted yet" for number in NAMES}


@pytest.mark.slow
def test_wrong_answers_get_their_hints(tmp_path: Path):
    def wrong(number: str, name: str, solution: str) -> str:
        module = importlib.import_module(f"wrong_answers.lesson{number.split('.')[0].zfill(2)}")
        return f"{inspect.getsource(module)}\n{name} = {module.WRONG[number][0].__name__}"

    lines = judged(handed(tmp_path, wrong))
    assert list(lines) == list(NAMES)
    for number, line in lines.items():
        assert line.startswith(f"✗ {number} ") and "nothing to check" not in line and len(line) > 25, line


def one(cell: str, answer: str = "f") -> list[Attempt]:
    return [Attempt(answer, (cell,))]


GOOD = "def f(quarters, notes):\n    return int(4 * quarters - notes)"


@pytest.mark.slow
def test_what_ends_a_process_costs_one_exercise():
    began = time.monotonic()
    lines = judged(
        {
            "3.1": one("while True:\n    pass"),
            "3.2": one("import os\nos._exit(0)"),
            "3.3": one("import ctypes\nctypes.string_at(0)"),
            "3.4": one("x = []\nwhile True:\n    x.append(bytearray(100_000_000))"),
            "4.2": one(GOOD),
        },
        Limits(seconds=6, memory=500_000_000),
    )
    assert "took longer than 6 seconds" in lines["3.1"]
    assert "ended Python (exit status 0)" in lines["3.2"]
    assert "crashed" in lines["3.3"] or "ended Python" in lines["3.3"]
    assert "MemoryError" in lines["3.4"] or "memory" in lines["3.4"]
    assert lines["4.2"].startswith("✓ 4.2")
    assert all(lines[number].startswith(f"✗ {number} ") for number in ("3.1", "3.2", "3.3", "3.4"))
    assert time.monotonic() - began < 600


FAKE = """
import os, sys
import tunesmith as ts
import tunesmith.course.exercises as exercises
exercises.verdict = lambda number, answer: (True, f"✓ {number} faked")
exercises.check = ts.check = lambda *_: print("✓ 4.1 faked")
exercises.not_attempted = lambda answer: False
exercises.find = lambda number: exercises.Exercise(number, lambda answer: None, "faked", None)
print('["done", "4.1", "✓ 4.1 faked"]', flush=True)
for handle in range(1, 30):
    try:
        os.write(handle, b'["done", "4.1", "faked"]\\n')
    except OSError:
        pass
def f():
    return "nothing"
"""


@pytest.mark.slow
def test_a_flood_an_exit_and_fakes_in_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("A_SECRET", "for the teacher alone")
    mark = tmp_path / "mark"
    home = "import os, pathlib\nfound = [str(pathlib.Path.home()), os.getcwd(), os.environ.get('A_SECRET')]\n"
    lines = judged(
        {
            "4.1": one(FAKE),
            "4.2": one("import sys\nfor _ in range(100_000):\n    print('x' * 90)\n" + GOOD),
            "4.3": one("def f(tokens):\n    import sys\n    sys.exit(3)"),
            "4.4": one("raise KeyboardInterrupt"),
            "4.5": one("def f(tonic, mode):\n    raise KeyboardInterrupt"),
            "4.6": one("import threading, time\nthreading.Thread(target=time.sleep, args=[900]).start()\ndef f(): ..."),
            "3.1": one(home + "def f():\n    return ' '.join(map(str, found))"),
            "3.3": [*one("f = 1 +"), *one("f = lambda: 2")],
            "3.2": one("def f():\n    ...") + one("1 / 0"),
            "3.5": one(f"open({str(mark)!r}, 'w').write('x' * 300_000_000)\ndef f(): ..."),
        },
        Limits(seconds=60),
    )
    assert lines["4.1"].startswith("✗ 4.1 ") and "faked" not in lines["4.1"]
    assert lines["4.2"].startswith("✓ 4.2 ")
    assert "SystemExit: 3" in lines["4.3"]
    assert "nothing to check: NameError" in lines["4.4"] and "KeyboardInterrupt" in lines["4.4"]
    assert "stopped with KeyboardInterrupt" in lines["4.5"]
    assert lines["4.6"].startswith("○")
    assert str(Path.home()) not in lines["3.1"].split() and "teacher" not in lines["3.1"] and "None" in lines["3.1"]
    assert lines["3.3"].startswith("✓ 3.3 "), "the best attempt counts"
    assert lines["3.2"].startswith("✗ 3.2 ") and "ZeroDivisionError" in lines["3.2"]
    if os.name == "posix":
        assert mark.stat().st_size <= 200_000_000


@pytest.mark.slow
def test_the_whole_report(tmp_path: Path):
    folder = tmp_path / "hand-ins"
    write(folder / "Ada Ångström/03_reading_scores.ipynb", new_markdown_cell("# Reading scores"), RIGHT, CHECK)
    write(folder / "李雷/renamed.ipynb", "def lowest_key():\n    return 41", CHECK)
    (folder / "broken.ipynb").write_bytes(b"{")
    table = tmp_path / "marks.csv"
    done = subprocess.run(
        [sys.executable, "-m", "tunesmith.publish.handed_in", str(folder), "--hints", "--csv", str(table)],
        cwd=NOTEBOOKS.parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "This runs what is written in 3 notebooks" in done.stdout and "--network none" in done.stdout
    assert "✗ 3.1 You say 41: seven is the number of letters in an octave." in done.stdout
    assert "broken.ipynb: " in done.stdout
    assert table.read_bytes().startswith("\ufeff".encode()), "Excel takes it for UTF-8"
    rows = {row[0]: row for row in csv.reader(io.StringIO(table.read_text(encoding="utf-8-sig")))}
    assert rows["Ada Ångström/03_reading_scores.ipynb"][1:6] == ["03", "1", "5", "✓", "–"]
    assert rows["李雷/renamed.ipynb"][2:5] == ["0", "5", "✗"]
    assert json.dumps(rows["broken.ipynb"][-1]) != '""'
