"""The notebook tool: runs lessons, writes them in one form, makes copies."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tunesmith.course import notebooks as tool

DETAILS = "<details><summary>{}</summary>\n\n{}\n</details>"


def lesson(folder: Path, *cells, name: str = "03_x.ipynb") -> Path:
    path = folder / name
    nbformat.write(
        new_notebook(cells=list(cells), metadata={"language_info": {"name": "python", "version": "3.0"}}), path
    )
    return path


def printing(text: str, name: str = "stdout") -> nbformat.NotebookNode:
    return new_output("stream", name=name, text=text)


# ---------------------------------------------------------------- running


def test_run_in_place(tmp_path: Path):
    path = lesson(
        tmp_path,
        new_markdown_cell("# One"),
        new_code_cell("import os, sys\nfor k in range(3):\n    print(k, end='\\r', flush=True)\nprint('done')"),
        new_code_cell("e = os.environ\nprint(e['TUNESMITH_PLAIN'], 'Agg' in e.get('MPLBACKEND', ''), sys.executable)"),
        new_code_cell("open('here.txt', 'w').close()\n6 * 7", execution_count=9, outputs=[printing("old")]),
    )
    seconds = tool.run(path)
    nb = tool.read(path)
    assert 0 < seconds < 60
    assert [cell.execution_count for cell in nb.cells[1:]] == [1, 2, 3]
    assert nb.cells[1].outputs == [printing("done\n")]
    assert nb.cells[2].outputs == [printing(f"1 False {sys.executable}\n")]
    assert nb.cells[3].outputs[0].data == {"text/plain": "42"} and len(nb.cells[3].outputs) == 1
    assert nb.metadata == {"kernelspec": tool.KERNELSPEC, "language_info": {"name": "python"}}
    assert (tmp_path / "here.txt").exists(), "a lesson runs in its own folder"
    before = path.read_bytes()
    tool.run(path)
    assert path.read_bytes() == before, "the second run gives the same bytes"
    assert os.environ.get("MPLBACKEND") == "Agg", "the tool leaves its own environment as it was"


def test_a_failing_cell_leaves_the_file(tmp_path: Path):
    path = lesson(tmp_path, new_code_cell("a = 1"), new_code_cell("print('so far')\n1 / 0"))
    before = path.read_bytes()
    with pytest.raises(tool.LessonError) as caught:
        tool.run(path)
    message = str(caught.value)
    assert message.startswith("03_x.ipynb, cell 2 (print('so far'))") and "ZeroDivisionError" in message
    assert "\x1b" not in message
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]


def test_stderr_is_an_error(tmp_path: Path):
    path = lesson(tmp_path, new_code_cell("import sys\nprint('careful', file=sys.stderr)"))
    before = path.read_bytes()
    with pytest.raises(tool.LessonError, match=r"cell 1 \(import sys\) writes to stderr: careful"):
        tool.run(path)
    assert path.read_bytes() == before


def test_a_slow_cell_is_stopped(tmp_path: Path):
    path = lesson(tmp_path, new_code_cell("import time"), new_code_cell("time.sleep(60)"))
    with pytest.raises(tool.LessonError, match=r"cell 2 \(time.sleep\(60\)\) took longer than 1 s"):
        tool.run(path, timeout=1)


# ---------------------------------------------------------------- one form


def test_streams_and_progress():
    cell = new_code_cell("f()", outputs=[printing("1\r2\r"), printing("3\n"), printing("a\r\nb"), printing("c\r")])
    assert tool.normalised(new_notebook(cells=[cell])).cells[0].outputs == [printing("3\na\nbc")]


def test_widgets_leave_their_text():
    view = {tool.WIDGET_VIEW: {"model_id": "12ab"}}
    cell = new_code_cell(
        "f()",
        outputs=[
            new_output("display_data", data=view),
            new_output("display_data", data={**view, "text/plain": "slider"}),
        ],
        metadata={"execution": {"iopub.execute_input": "2026"}, "collapsed": True, "tags": ["hook"]},
    )
    nb = new_notebook(cells=[cell], metadata={"widgets": {"state": 1}, "colab": {}})
    fixed = tool.normalised(nb)
    assert [output.data for output in fixed.cells[0].outputs] == [{"text/plain": "slider"}]
    assert fixed.cells[0].metadata == {"tags": ["hook"], "slideshow": {"slide_type": "-"}}
    assert set(fixed.metadata) == {"kernelspec", "language_info"}
    assert "widgets" in nb.metadata, "the notebook given stays as it was"


def test_counts_skip_empty_cells():
    cells = [new_code_cell("a", execution_count=7), new_markdown_cell("b"), new_code_cell(""), new_code_cell("c")]
    cells[3].outputs = [new_output("execute_result", data={"text/plain": "1"}, execution_count=99)]
    fixed = tool.normalised(new_notebook(cells=cells))
    assert [cell.get("execution_count") for cell in fixed.cells] == [1, None, None, 2]
    assert fixed.cells[3].outputs[0].execution_count == 2


def test_ids_are_kept_or_made_once():
    cells = [new_markdown_cell("a", id="mine"), new_markdown_cell("b", id="mine"), new_markdown_cell("b")]
    nb = nbformat.NotebookNode(cells=cells, metadata={}, nbformat=4, nbformat_minor=5)
    cells[2].id = "not fit"
    ids = [cell.id for cell in tool.normalised(nb).cells]
    assert ids[0] == "mine" and len(set(ids)) == 3
    assert ids == [cell.id for cell in tool.normalised(nb).cells]
    del nb.cells[1]["id"]
    assert tool.normalised(nb).cells[1].id == ids[1]


def test_errors_are_refused():
    error = new_output("error", ename="\x1b[31mKeyError\x1b[0m", evalue="'x'", traceback=[])
    with pytest.raises(tool.LessonError, match=r"cell 1 \(f\(\)\): KeyError: 'x'"):
        tool.normalised(new_notebook(cells=[new_code_cell("f()", outputs=[error])]))


def test_normalising_twice_changes_nothing():
    outputs = [printing("1\r"), new_output("display_data", data={"application/json": {"b": [1], "a": "x\ny"}})]
    cells = [new_markdown_cell("é\n♪\n"), new_code_cell("\nx \ny\n", outputs=outputs)]
    once = tool.normalised(new_notebook(cells=cells))
    assert tool.text_of(tool.normalised(once)) == tool.text_of(once)


def test_the_text_is_nbformats_own(tmp_path: Path):
    outputs = [
        printing("a\nb"),
        new_output("display_data", data={"application/json": {"a": "x\ny"}, "text/html": "<b>\n♪"}),
    ]
    nb = tool.normalised(new_notebook(cells=[new_markdown_cell("é\n♪"), new_code_cell("x\ny", outputs=outputs)]))
    assert tool.text_of(nb) == nbformat.writes(nb).rstrip("\n") + "\n"
    tool.write(nb, tmp_path / "a.ipynb")
    assert tool.read(tmp_path / "a.ipynb") == nb
    assert tool.text_of(tool.read_json(tmp_path / "a.ipynb")) == tool.text_of(nb)
    nbformat.validate(nb)


def test_writing_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.ipynb"
    nb = tool.normalised(new_notebook(cells=[new_markdown_cell("♪\r\nb")]))
    tool.write(nb, path)
    assert (
        "♪\\n".encode() in path.read_bytes() and b"\r" not in path.read_bytes() and path.read_bytes().endswith(b"}\n")
    )
    before = path.read_bytes()

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        tool.write(tool.normalised(new_notebook(cells=[])), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["a.ipynb"]


@pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX's")
def test_writing_keeps_the_mode(tmp_path: Path):
    path = lesson(tmp_path)
    path.chmod(0o640)
    tool.write(tool.read(path), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_not_a_notebook(tmp_path: Path):
    path = tmp_path / "03_x.ipynb"
    for content in (b"", b"\xff\xfe", b"{", b"[]", b'{"cells": 3}', b'{"cells": [], "metadata": 1}'):
        path.write_bytes(content)
        with pytest.raises(tool.LessonError, match=r"03_x.ipynb is not a notebook"):
            tool.read_json(path)


# ---------------------------------------------------------------- seconds


@pytest.mark.parametrize(("seconds", "value"), [(0.2, 5), (5, 5), (5.1, 10), (58, 60), (60.1, 70), (119, 120)])
def test_rounded(seconds: float, value: int):
    assert tool.rounded(seconds) == value


def test_seconds_are_written_and_stay():
    nb = new_notebook(cells=[new_markdown_cell("## At a glance\n\n<!-- seconds -->?<!-- /seconds --> of computing")])
    assert tool.stated(nb) is None
    first = tool.with_seconds(nb, 12.3)
    assert "<!-- seconds -->about 15 seconds<!-- /seconds --> of" in first.cells[0].source
    assert tool.stated(tool.with_seconds(first, 8.1)) == 15, "a true statement stays"
    assert tool.stated(tool.with_seconds(first, 15.1)) == 20
    assert tool.stated(tool.with_seconds(first, 4)) == 5
    with pytest.raises(tool.LessonError, match="seconds"):
        tool.with_seconds(new_notebook(cells=[]), 1)


def test_measure(tmp_path: Path):
    text = new_markdown_cell("<!-- seconds -->about 60 seconds<!-- /seconds -->")
    path = lesson(tmp_path, text, new_code_cell("1", outputs=[printing("kept")], execution_count=1))
    seconds, value = tool.measure(path)
    assert seconds <= value == tool.stated(tool.read(path)) and tool.read(path).cells[1].outputs == [printing("kept")]


def test_long_cells_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    text = new_markdown_cell("<!-- seconds -->about 60 seconds<!-- /seconds -->")
    path = lesson(tmp_path, text, new_code_cell("import time\ntime.sleep(0.3)"), new_code_cell("1"))
    done, _ = tool.execute(tool.read(path), tmp_path)
    taken = tool.cell_seconds(done)
    assert set(taken) == {1, 2} and 0.3 <= taken[1] < 5 and taken[2] < 0.3
    assert tool.cell_seconds(tool.normalised(done)) == {}, "a committed lesson has no timings"
    monkeypatch.setattr(tool, "LONG", 0.29)
    tool.measure(path)
    assert "cell 2 (import time)" in capsys.readouterr().out


# ---------------------------------------------------------------- copies


def hooked(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return lesson(
        folder,
        new_code_cell("h", outputs=[printing("heard")], execution_count=1, metadata={"tags": ["hook"]}),
        new_code_cell("s", outputs=[printing("seen")], execution_count=2),
        new_markdown_cell(DETAILS.format("Hint", "Think.") + "\n\n" + DETAILS.format("Solution", "```python\n42\n```")),
        new_markdown_cell(DETAILS.format("Solution", "all of it")),
    )


def test_cleared_but_for_the_hook(tmp_path: Path):
    nb = tool.read(hooked(tmp_path))
    copy = tool.cleared(nb)
    assert copy.cells[0].outputs == [printing("heard")] and copy.cells[0].execution_count == 1
    assert copy.cells[1].outputs == [] and copy.cells[1].execution_count is None
    assert nb.cells[1].outputs, "the lesson itself stays"
    nbformat.validate(copy)


def test_handout_has_hints_and_no_solutions(tmp_path: Path):
    copy = tool.handout(tool.read(hooked(tmp_path)))
    assert [cell.source for cell in copy.cells] == ["h", "s", DETAILS.format("Hint", "Think.")]


def test_copies_are_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture):
    path, my = hooked(tmp_path / "notebooks"), tmp_path / "my"
    arguments = ["copy", "--folder", str(path.parent), "--to", str(my)]
    assert tool.main(arguments) == 0 and "New in my/: 03_x.ipynb" in capsys.readouterr().out
    mine = tool.read(my / path.name)
    assert mine.cells[0].outputs and not mine.cells[1].outputs
    mine.cells[1].source = "my own"
    tool.write(mine, my / path.name)
    before = (my / path.name).read_bytes()

    assert tool.main(arguments) == 0 and "left as they are: 03_x.ipynb" in capsys.readouterr().out
    newer = tool.read(path)
    newer.cells[1].source = "better"
    tool.write(newer, path)
    assert tool.main(arguments) == 0
    said = capsys.readouterr().out
    assert "the lesson has changed since" in said and "python tasks.py lab 03" in said
    assert (my / path.name).read_bytes() == before

    (my / path.name).write_text("scribbles", encoding="utf-8")
    assert tool.copy_lesson(path, my) == "kept" and (my / path.name).read_text(encoding="utf-8") == "scribbles"


def test_a_copy_without_a_note_is_compared_by_date(tmp_path: Path):
    path, mine = hooked(tmp_path / "notebooks"), hooked(tmp_path / "my")
    os.utime(path, (1, 1))
    assert tool.copy_lesson(path, mine.parent) == "kept"
    os.utime(mine, (0, 0))
    assert tool.copy_lesson(path, mine.parent) == "older"


def test_an_edited_handout_stays(tmp_path: Path, capsys: pytest.CaptureFixture):
    path, target = hooked(tmp_path / "notebooks"), tmp_path / "handout" / "03_x.ipynb"
    arguments = ["handout", "3", "--folder", str(path.parent), "--to", str(target.parent)]
    assert tool.main(arguments) == 0 and tool.main(arguments) == 0
    assert "was edited" not in capsys.readouterr().out
    target.write_text(target.read_text(encoding="utf-8").replace('"h"', '"edited"'), encoding="utf-8")
    before = target.read_bytes()
    assert tool.main(arguments) == 0 and "was edited and stays" in capsys.readouterr().out
    assert target.read_bytes() == before


# ---------------------------------------------------------------- the command line


def test_unknown_lessons(tmp_path: Path, capsys: pytest.CaptureFixture):
    hooked(tmp_path)
    assert tool.main(["run", "12", "--folder", str(tmp_path)]) == 1
    assert "there is no lesson 12 (there are: 03)" in capsys.readouterr().err


def test_it_stops_at_a_failure(tmp_path: Path, python: str):
    lesson(tmp_path, new_code_cell("oh no"))
    command = [python, "-m", "tunesmith.course.notebooks", "run", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1 and "03_x.ipynb, cell 1 (oh no)" in done.stderr and "SyntaxError" in done.stderr
    assert "Traceback (most recent call last):\n  File" not in done.stderr


def test_copies_need_no_notebook_library(python: str):
    code = "import sys, tunesmith.course.notebooks; print('nbformat' in sys.modules)"
    assert subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_the_setup_cell_works():
    names: dict = {}
    exec(compile(tool.SETUP, "set-up", "exec"), names)
    assert {"math", "random", "Fraction", "plt", "np", "torch", "ts"} <= set(names)
    assert len(tool.SETUP.splitlines()) <= 22 and json.dumps(tool.SETUP).isascii()
