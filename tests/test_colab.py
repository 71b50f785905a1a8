"""Colab: the set-up cell, self-contained lessons, badges, and the canary that runs them all."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import structure
from tunesmith.course import notebooks as tool
from tunesmith.publish import badges, canary, colab

ROOT = Path(__file__).resolve().parent.parent
LESSONS = tool.lessons(ROOT / "notebooks", [])
PUBLIC = badges.Repository("someone", "course", "main")


# ---------------------------------------------------------------- the set-up cell


def set_up(source: str, monkeypatch: pytest.MonkeyPatch, there: bool) -> list[list[str]]:
    """Run the set-up cell with the package there or not; give the commands that it starts."""
    started: list[list[str]] = []
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: find(name) if there or name != "tunesmith" else None)
    monkeypatch.setattr(subprocess, "run", lambda command, **how: started.append(command))
    names: dict = {}
    exec(compile(tool.setup_cell(source), "set-up", "exec"), names)
    assert names["ts"].Melody and names["np"] is np, "either way the lesson has its names"
    return started


@pytest.mark.parametrize("source", ["", "tunesmith.whl"])
def test_the_set_up_is_silent_where_the_package_is(source: str, monkeypatch, capsys: pytest.CaptureFixture):
    assert set_up(source, monkeypatch, there=True) == []
    assert capsys.readouterr() == ("", "")


def test_the_set_up_installs_and_keeps_numpy_and_torch(monkeypatch, capsys: pytest.CaptureFixture):
    (command,) = set_up(PUBLIC.archive, monkeypatch, there=False)
    assert command[:4] == [sys.executable, "-m", "pip", "install"] and command[-1] == PUBLIC.archive
    assert {f"numpy=={version('numpy')}", f"torch=={version('torch')}"} <= set(command)
    assert not {"-U", "--upgrade", "--force-reinstall"} & set(command)
    assert "half a minute" in capsys.readouterr().out, "one knows why one waits"


def test_the_set_up_without_a_source_says_what_to_do(monkeypatch):
    with pytest.raises(AssertionError, match=r"choose \.venv as kernel.*tasks\.py colab"):
        set_up("", monkeypatch, there=False)


def test_the_set_up_is_short_and_formatted():
    for source in ("", PUBLIC.archive, "tunesmith-0.1.0-py3-none-any.whl"):
        cell = tool.setup_cell(source)
        assert len(cell.splitlines()) <= structure.LINES and f"SOURCE = {json.dumps(source)}" in cell


# ---------------------------------------------------------------- which networks a lesson needs

KNOWN = {"erk", "folk", "irish", "han"}


@pytest.mark.parametrize(
    ("code", "judge", "needed"),
    [
        ("ts.load('erk')  # a collection", "", set()),
        ("model = ts.load_model('erk').double()", "", {"erk"}),
        ("%time ts.load_model('han')\n!ls\nload_model(path='irish')", "", {"irish"}),
        ("card = ts.load_card()", "", {"folk"}),
        ("ts.load_model('my_network.safetensors')", "", set()),
        ("ts.data_path('models', 'han.safetensors')", "", {"han"}),
        ("for name in ('irish', 'han'):\n    ts.load_model(name)", "", {"irish", "han"}),
        ("models = {n: ts.load_model(n) for n in 'irish han'.split()}", "", {"irish", "han"}),
        ("print(1)", "def judge():\n    return load_model('irish')", {"irish"}),
        ("this is no Python", "", set()),
    ],
)
def test_networks_of_a_lesson(code: str, judge: str, needed: set[str]):
    lesson = {"cells": [{"cell_type": "code", "source": code}]}
    assert colab.networks_of(lesson, judge, KNOWN) == needed


def test_a_solution_s_network_comes_along():
    answer = "<details><summary>Solution</summary>\n\n```python\nts.load_model('han')\n```\n</details>"
    assert colab.networks_of({"cells": [{"cell_type": "markdown", "source": answer}]}, "", KNOWN) == {"han"}


def test_networks_of_the_lessons():
    known = {path.stem for path in (ROOT / "data" / "models").glob("*.safetensors")}
    for path in LESSONS[:10]:
        judge = (ROOT / "src" / "tunesmith" / "course" / f"lesson{path.name[:2]}.py").read_text(encoding="utf-8")
        needed = colab.networks_of(tool.read_json(path), judge, known)
        assert needed == ({"erk"} if path.name[:2] in ("06", "07") else set()), path.name


# ---------------------------------------------------------------- the wheel inside


def small_wheel() -> bytes:
    """A wheel with two networks, as far as this module looks at it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as wheel:
        names = [f"tunesmith/data/models/{name}" for name in ("erk.md", "erk.safetensors", "han.safetensors")]
        for name in ["tunesmith/__init__.py", *names]:
            wheel.writestr(zipfile.ZipInfo(name), name)
        wheel.writestr("tunesmith-1.dist-info/RECORD", "".join(f"{name},sha256=x,1\n" for name in names))
    return made.getvalue()


def test_other_networks_stay_out():
    wheel = small_wheel()
    assert colab.networks_in(wheel) == {"erk", "han"}
    part = colab.with_networks(wheel, {"han"})
    assert part == colab.with_networks(wheel, {"han"}), "the same bytes each time"
    with zipfile.ZipFile(io.BytesIO(part)) as opened:
        names, record = opened.namelist(), opened.read("tunesmith-1.dist-info/RECORD").decode()
    assert "tunesmith/data/models/han.safetensors" in names and "tunesmith/data/models/erk.safetensors" not in names
    assert "tunesmith/data/models/erk.md" in names, "cards are small"
    assert record.splitlines() == [f"tunesmith/data/models/{name},sha256=x,1" for name in ("erk.md", "han.safetensors")]
    assert colab.networks_in(colab.with_networks(wheel, set())) == set()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lesson 07 as a self-contained notebook."""
    folder = tmp_path_factory.mktemp("colab")
    ((path, networks),) = colab.write_all(ROOT, ["07"], folder)
    assert path.parent == folder and networks == {"erk"}
    return path


def test_a_self_contained_lesson(written: Path):
    nb = nbformat.read(written, 4)
    nbformat.validate(nb)
    setup, *others = [cell for cell in nb.cells if cell.cell_type == "code"]
    assert setup.source.startswith("# @title Set-up") and setup.metadata.cellView == "form"
    assert setup.source.endswith(tool.setup_cell(re.search(r'Path\("(tunesmith.*?)"\)', setup.source)[1]))
    assert any("<audio" in str(cell.outputs) for cell in others if "hook" in tool.tags(cell))
    assert not any(cell.outputs for cell in others if "hook" not in tool.tags(cell))
    assert written.stat().st_size < 5_000_000
    committed = tool.read_json(ROOT / "notebooks" / written.name)
    assert [cell.source for cell in nb.cells if cell is not setup] == [
        cell["source"] for cell in committed["cells"] if "setup" not in tool.tags(cell)
    ]


def first_part(path: Path) -> str:
    """What stands above the set-up in the first code cell of a self-contained lesson."""
    cell = next(cell for cell in tool.read_json(path)["cells"] if cell["cell_type"] == "code")
    return cell["source"].partition("# Set-up: the same")[0]


def alone(code: str, folder: Path) -> str:
    """Run code in a folder, with neither the repository nor the environment's variables to help it."""
    command = [sys.executable, "-I", "-"]  # a lesson's first cell is too long for a command line
    done = subprocess.run(command, cwd=folder, input=code, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_first_cell_unpacks_to_the_package(written: Path, tmp_path: Path):
    alone("import importlib.util; importlib.util.find_spec = lambda name: None\n" + first_part(written), tmp_path)
    (wheel,) = tmp_path.iterdir()
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import sys; sys.path.insert(0, 'site')\nimport tunesmith as ts\nprint(ts.__file__)\n"
        "model = ts.load_model('erk')\nprint(len(ts.data_path('songs').name), len(model.vocabulary))\n"
        "import importlib.metadata as m; print(len(m.requires('tunesmith')) > 9)"
    )
    place, _, metadata = alone(code, tmp_path).splitlines()
    assert "site" in Path(place).parts and metadata == "True"


def test_a_second_lesson_s_networks_are_added(written: Path, tmp_path: Path):
    """In one environment, a lesson without networks may have come first."""
    models = tmp_path / "site" / "tunesmith" / "data" / "models"
    models.mkdir(parents=True)
    (models / "erk.md").write_text("mine", encoding="utf-8")
    (tmp_path / "site" / "tunesmith" / "__init__.py").touch()
    alone("import sys; sys.path.insert(0, 'site')\n" + first_part(written), tmp_path)
    assert (models / "erk.safetensors").read_bytes() == (ROOT / "data" / "models" / "erk.safetensors").read_bytes()
    assert (models / "erk.md").read_text(encoding="utf-8") == "mine", "what is there stays"


def test_an_edited_one_stays(tmp_path: Path, capsys: pytest.CaptureFixture):
    lesson = {"cells": [{"cell_type": "code", "source": "1", "metadata": {}, "outputs": []}], "metadata": {}}
    target = tmp_path / "x.ipynb"
    assert tool.give(lesson, target) and tool.give(lesson, target)
    target.write_text(target.read_text(encoding="utf-8").replace('"1"', '"mine"'), encoding="utf-8")
    assert not tool.give(lesson, target) and "mine" in target.read_text(encoding="utf-8")
    assert "was edited and stays" in capsys.readouterr().out


def test_what_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture):
    assert colab.main(["77", "--root", str(ROOT), "--to", str(tmp_path)]) == 1
    assert "there is no lesson 77" in capsys.readouterr().err
    with pytest.raises(tool.LessonError, match="could not be built"):
        colab.build_wheel(tmp_path)


# ---------------------------------------------------------------- badges

ROWS = (
    "| | lesson | |\n|---|---|---|\n| 01 | [One](notebooks/01_x.ipynb) | **ready** |\n| 10–11 | Later | *planned* |\n"
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A small repository: a lesson, a README with a table, a pyproject.toml without a public address."""
    (tmp_path / "notebooks").mkdir()
    cells = [
        new_markdown_cell("# One\n\nYou will hear a scale."),
        new_code_cell(tool.setup_cell(), metadata={"tags": ["setup"]}),
        new_code_cell("1", outputs=[new_output("stream", text="1\n")], execution_count=2),
    ]
    tool.write(tool.normalised(new_notebook(cells=cells)), tmp_path / "notebooks" / "01_x.ipynb")
    (tmp_path / "README.md").write_text(f"# Course\n\n{ROWS}\nThe end.\n", encoding="utf-8", newline="\n")
    publish(tmp_path, "")
    return tmp_path


def publish(root: Path, address: str, branch: str = "main") -> None:
    text = f"[tool.tunesmith]\nrepository = {json.dumps(address)}\nbranch = {json.dumps(branch)}\n"
    (root / "pyproject.toml").write_text(text, encoding="utf-8")


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_badges_there_and_back(copy: Path):
    before = contents(copy)
    assert badges.update(copy) == [], "no public repository, no badge"
    publish(copy, "https://github.com/someone/course.git")
    assert badges.update(copy) == ["01_x.ipynb", "README.md"] and badges.update(copy) == []
    lesson = tool.read_json(copy / "notebooks" / "01_x.ipynb")
    badge = lesson["cells"][0]["source"].splitlines()[-1]
    assert badge.endswith("(https://colab.research.google.com/github/someone/course/blob/main/notebooks/01_x.ipynb)")
    assert f'SOURCE = "{PUBLIC.archive}"' in lesson["cells"][1]["source"]
    assert lesson["cells"][2]["outputs"], "outputs stay"
    readme = (copy / "README.md").read_text(encoding="utf-8")
    assert f"**ready** {badge} |\n" in readme and readme.count("Open in Colab") == 1
    publish(copy, "https://github.com/someone/other", "teaching/2026")
    assert badges.update(copy) == ["01_x.ipynb", "README.md"], "another address takes the first one's place"
    assert b"someone/course" not in b"".join(contents(copy).values())
    publish(copy, "")
    assert badges.update(copy) == ["01_x.ipynb", "README.md"] and contents(copy) == before


def test_an_older_set_up_cell_is_brought_up_to_date(copy: Path):
    path = copy / "notebooks" / "01_x.ipynb"
    before = path.read_bytes()
    path.write_bytes(before.replace(b"import random\\n", b""))
    assert badges.update(copy) == ["01_x.ipynb"] and path.read_bytes() == before


@pytest.mark.parametrize(
    ("address", "branch"),
    [
        ("someone/course", "main"),
        ("https://gitlab.com/someone/course", "main"),
        ("https://github.com/someone", "main"),
        ("https://github.com/some one/course", "main"),
        ('https://github.com/someone/course"', "main"),
        ("https://github.com/someone/course", "../main"),
        ("https://github.com/someone/course", ""),
    ],
)
def test_an_address_that_is_none(copy: Path, address: str, branch: str, capsys: pytest.CaptureFixture):
    publish(copy, address, branch)
    before = contents(copy)
    assert badges.main(["--root", str(copy)]) == 1 and contents(copy) == before
    said = capsys.readouterr().err
    assert "[tool.tunesmith]" in said and "OWNER/NAME" in said and said.count("\n") == 1


def test_nothing_changes_beside_a_broken_lesson(copy: Path, capsys: pytest.CaptureFixture):
    publish(copy, "https://github.com/someone/course")
    for content in ("{", '{"cells": [], "metadata": {}}'):
        (copy / "notebooks" / "02_y.ipynb").write_text(content, encoding="utf-8")
        before = contents(copy)
        assert badges.main(["--root", str(copy)]) == 1 and contents(copy) == before
        assert "02_y.ipynb" in capsys.readouterr().err


def test_nothing_changes_on_a_full_disk(copy: Path, monkeypatch: pytest.MonkeyPatch):
    publish(copy, "https://github.com/someone/course")
    before, done = contents(copy), []

    def write(path: Path, content: bytes) -> None:
        if done:
            raise OSError("No space left on device")
        done.append(path.write_bytes(content))

    monkeypatch.setattr(badges, "write_whole", write)
    with pytest.raises(OSError, match="space"):
        badges.update(copy)
    assert contents(copy) == before


def test_the_repository_s_badges_are_up_to_date():
    public = badges.repository(ROOT)
    for path in LESSONS:
        assert badges.updated_lesson(path, public) == path.read_text(encoding="utf-8"), "run python tasks.py badges"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert badges.updated_readme(readme, public) == readme
    rows = badges.updated_readme(readme, PUBLIC)
    assert rows.count("Open in Colab") == sum(f"notebooks/{path.name}" in readme for path in LESSONS)


def test_a_lesson_with_a_badge_is_in_order():
    lesson = nbformat.reads(badges.updated_lesson(LESSONS[0], PUBLIC), 4)
    assert structure.title(structure.Lesson(lesson, 0)) == []


# ---------------------------------------------------------------- the canary


def test_an_environment_on_top_of_another(tmp_path: Path):
    own = canary.layered(Path(sys.executable), tmp_path / "layer")
    code = "import sys, numpy, importlib.metadata as m; print(sys.prefix, m.version('numpy'), sep='\\n')"
    prefix, found = subprocess.run([own, "-I", "-c", code], capture_output=True, text=True).stdout.splitlines()
    assert Path(prefix).name == "layer" and found == np.__version__, "what is below can be seen"
    assert canary.installed(tmp_path / "layer") == ()
    with pytest.raises((tool.LessonError, OSError)):
        canary.layered(tmp_path / "no_python", tmp_path / "other")


def lesson_file(folder: Path, source: str) -> Path:
    cells = [new_code_cell("1", metadata={"tags": ["setup"]}), new_code_cell(source)]
    path = folder / "01_x.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_failing_lesson_is_named_with_its_cell(tmp_path: Path):
    path = lesson_file(tmp_path, "import os\nprint(os.listdir())\n{}['key']")
    result = canary.try_lesson(path, path, Path(sys.executable), 60)
    assert result.trouble == "cell 2 (import os): KeyError: 'key'"
    assert "FAILED 01_x.ipynb, cell 2 (import os): KeyError: 'key'\n0 passed, 1 failed" in canary.report([result])


def test_a_lesson_runs_in_an_empty_folder(tmp_path: Path):
    path = lesson_file(tmp_path, "import os\nassert os.listdir() == [] and not os.environ.get('TUNESMITH_PLAIN')")
    result = canary.try_lesson(path, path, Path(sys.executable), 60)
    assert result.trouble == "" and result.seconds > 0 and result.longest[0].startswith("cell 2")
    assert canary.report([result]).endswith("The set-up installed: nothing.\n1 passed, 0 failed")


def test_what_the_canary_notices():
    sound = new_output("display_data", data={"text/html": "<audio src='x'>"})
    warned = new_output("stream", name="stderr", text="old\nnew\n")
    committed = new_notebook(cells=[new_code_cell("a", outputs=[sound]), new_code_cell("b")])
    silent = new_notebook(cells=[new_code_cell("a"), new_code_cell("b", outputs=[warned])])
    said = canary.trouble(silent, committed, ("numpy 2.4", "verovio 6"))
    assert said == "numpy 2.4 was replaced; cell 1 (a) gives 0 sounds, not 1; cell 2 (b) writes to stderr: new"
    assert canary.trouble(committed, committed, ("verovio 6",)) == ""


# ---------------------------------------------------------------- tasks.py


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, list[tuple]]:
    """A copy of tasks.py that notes what pip would install for Colab's environment."""
    (tmp_path / "tests").mkdir()
    for name in ("tasks.py", "pyproject.toml", "requirements.txt", "tests/colab.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    spec = importlib.util.spec_from_file_location("tasks_for_colab", tmp_path / "tasks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    calls: list[tuple] = []

    def make(venv: Path) -> None:
        calls.append(("venv", venv.name))
        (venv / "bin").mkdir(parents=True, exist_ok=True)
        python = venv / module.PYTHON.relative_to(module.VENV)
        python.parent.mkdir(exist_ok=True)
        python.touch()

    monkeypatch.setattr(module, "make_venv", make)
    monkeypatch.setattr(module, "pip", lambda *arguments, python: calls.append((*arguments, python.parts[-3])))
    monkeypatch.delenv("TORCH_INDEX_URL", raising=False)
    return module, calls


def test_colab_s_environment_is_made_once(tasks: tuple[ModuleType, list[tuple]], monkeypatch):
    module, calls = tasks
    module.set_up_colab()
    assert calls[0] == ("venv", ".venv-colab") and calls[1] == (module.torch_pin(), ".venv-colab")
    assert {"music21==9.9.2", "ipython==7.34.0", "ipywidgets==7.7.1", "numpy==2.1.3"} <= set(calls[2])
    assert not {name.split("==")[0] for name in calls[2]} & {"torch", "verovio", "midirenderer", "pretty_midi", "mido"}
    calls.clear()
    module.set_up_colab()
    assert calls == []
    monkeypatch.setenv("TORCH_INDEX_URL", "file:///index")
    module.set_up_colab()
    assert calls[1] == ("--index-url", "file:///index", module.torch_pin("tests/colab.txt"), ".venv-colab")


def test_a_broken_environment_for_colab_is_made_anew(tasks: tuple[ModuleType, list[tuple]]):
    module, calls = tasks
    module.set_up_colab().unlink()
    calls.clear()
    module.set_up_colab()
    assert calls[0] == ("venv", ".venv-colab")


def test_colab_s_versions_lie_in_the_ranges():
    """What is installed there already must be good enough, or the set-up would replace it."""
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {Requirement(text).name: Requirement(text).specifier for text in project["dependencies"]}
    lines = (ROOT / "tests" / "colab.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#") and (pin := Requirement(line)).name in asked:
            assert asked[pin.name].contains(str(pin.specifier)[2:]), f"{line} is outside {asked[pin.name]}"
