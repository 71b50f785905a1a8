"""tasks.py: what can be tested without installing anything."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def tasks(tmp_path: Path) -> ModuleType:
    """A copy of tasks.py in a folder of its own, with the files that set-up reads."""
    for name in ("tasks.py", "pyproject.toml", "requirements.txt", "requirements-test.txt"):
        shutil.copy(ROOT / name, tmp_path)
    spec = importlib.util.spec_from_file_location("tasks_copy", tmp_path / "tasks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What set-up would do, instead of doing it."""
    done: list[str] = []

    def make_venv() -> None:
        done.append("venv")
        tasks.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        tasks.PYTHON.touch()

    monkeypatch.setattr(tasks, "make_venv", make_venv)
    monkeypatch.setattr(tasks, "pip", lambda *arguments: done.append(" ".join(arguments)))
    monkeypatch.delenv("TORCH_INDEX_URL", raising=False)
    return done


def python(*arguments: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, encoding="utf-8", **more)


# ---------------------------------------------------------------- set-up

LESSONS = ["torch==2.13.0", "-r requirements.txt", "--no-deps -e ."]


def test_set_up_once(tasks: ModuleType, calls: list[str]):
    tasks.set_up()
    assert calls == ["venv", *LESSONS]
    calls.clear()
    tasks.set_up()
    assert calls == [], "the second time there is nothing to do"
    tasks.set_up(for_tests=True)
    assert calls == ["-r requirements-test.txt"]
    calls.clear()
    tasks.set_up(for_tests=True)
    tasks.set_up()
    assert calls == []


def test_torch_alone_comes_from_its_own_index(tasks: ModuleType, calls: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TORCH_INDEX_URL", "file:///somewhere")
    tasks.set_up()
    assert calls == ["venv", "--index-url file:///somewhere torch==2.13.0", *LESSONS[1:]]


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_a_changed_file_is_installed(tasks: ModuleType, calls: list[str], name: str):
    tasks.set_up()
    calls.clear()
    with (tasks.ROOT / name).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    tasks.set_up()
    assert calls == LESSONS, "into the .venv that is there"


def test_line_endings_are_no_change(tasks: ModuleType, calls: list[str]):
    tasks.set_up()
    calls.clear()
    path = tasks.ROOT / "requirements.txt"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    tasks.set_up()
    assert calls == []


def break_python(tasks: ModuleType) -> None:
    tasks.PYTHON.unlink()


def break_stamp(tasks: ModuleType) -> None:
    tasks.STAMP.write_text("{", encoding="utf-8")


def other_base(tasks: ModuleType) -> None:
    tasks.STAMP.write_text(json.dumps({**tasks.stamp(), "base": ["elsewhere", "cpython 3.9"]}), encoding="utf-8")


@pytest.mark.parametrize("harm", [break_python, break_stamp, other_base])
def test_a_broken_venv_is_made_anew(tasks: ModuleType, calls: list[str], harm):
    tasks.set_up()
    calls.clear()
    harm(tasks)
    tasks.set_up()
    assert calls == ["venv", *LESSONS]


def set_up_without_network(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: str) -> None:
        raise tasks.Stop("no network")

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "pip", fail)
        with pytest.raises(tasks.Stop):
            tasks.set_up()


def test_a_half_made_venv_is_made_anew(tasks: ModuleType, calls: list[str], monkeypatch: pytest.MonkeyPatch):
    set_up_without_network(tasks, monkeypatch)
    calls.clear()
    tasks.set_up()
    assert calls == ["venv", *LESSONS]


def test_a_failed_update_keeps_what_works(tasks: ModuleType, calls: list[str], monkeypatch: pytest.MonkeyPatch):
    tasks.set_up()
    (tasks.ROOT / "requirements.txt").write_text("torch==2.13.0\nnumpy==0\n", encoding="utf-8")
    set_up_without_network(tasks, monkeypatch)
    calls.clear()
    tasks.set_up()
    assert calls == LESSONS, "the update is tried again, in the same .venv"


def test_what_stands_in_the_way_goes(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch):
    tasks.VENV.mkdir()
    (tasks.VENV / "rubbish").touch()
    made = []
    monkeypatch.setattr(
        tasks.subprocess, "run", lambda command, **_: made.append(command) or SimpleNamespace(returncode=0)
    )
    tasks.make_venv()
    assert made[0][1:] == ["-m", "venv", str(tasks.VENV)] and not tasks.VENV.exists()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            "WARNING: Retrying … NewConnectionError(…)\nERROR: No matching distribution found for torch==2.13.0",
            "no connection",
        ),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: No matching distribution found for torch==2.13.0", "There is no torch==2.13.0 for Python"),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))", "PIP_CERT"),
        (
            "Collecting a\n  error: subprocess-exited-with-error\nmore",
            "pip failed: error: subprocess-exited-with-error",
        ),
        ("", "pip failed: no word of why."),
    ],
)
@pytest.mark.parametrize("own_index", [False, True])
def test_pip_s_failures_in_one_line(tasks: ModuleType, output: str, words: str, own_index: bool):
    line = tasks.why_pip_failed(output, own_index)
    assert words in line and "\n" not in line and line.endswith(".")
    assert ("TORCH_INDEX_URL" in line) == (own_index and ("connection" in words or "There is no" in words))


def test_a_failing_pip_stops_with_its_line(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch):
    tasks.VENV.mkdir()
    monkeypatch.setattr(tasks, "PYTHON", Path(sys.executable))
    monkeypatch.delenv("TORCH_INDEX_URL", raising=False)
    with pytest.raises(tasks.Stop, match="There is no no-such-thing==1 for Python"):
        tasks.pip("--no-index", "no-such-thing==1")
    assert "$ pip install --no-index" in tasks.LOG.read_text(encoding="utf-8")


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 7, 0)])
def test_an_old_python_is_told(version: tuple):
    code = (
        f"import sys; sys.version_info = {version}; sys.argv = ['tasks.py', 'lab']\n"
        "exec(compile(open('tasks.py', encoding='utf-8').read(), 'tasks.py', 'exec'))"
    )
    done = python("-c", code, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.startswith("This course needs Python 3.11 or newer") and done.stderr.count("\n") == 1


# ---------------------------------------------------------------- tasks


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_names_every_task(tasks: ModuleType, arguments: list[str]):
    done = python(str(ROOT / "tasks.py"), *arguments)
    assert done.returncode == 0
    names = [task.__name__.replace("_", "-") for task in tasks.TASKS]
    assert [name for name in names if f"python tasks.py {name}" not in done.stdout] == []
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [name for name in names if f" {name}" not in makefile] == []


@pytest.mark.parametrize(
    "arguments", [["sing"], ["notebooks", "x"], ["notebooks", "--fast"], ["--fast"], ["bench", "--only", "x"]]
)
def test_nonsense_is_refused(arguments: list[str]):
    done = python(str(ROOT / "tasks.py"), *arguments)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_lesson_numbers(tasks: ModuleType):
    assert [tasks.lesson_number(text) for text in ("3", "03", "notebooks/03_x.ipynb", "12_")] == [
        "03",
        "03",
        "03",
        "12",
    ]


@pytest.fixture
def runs(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that a task starts in .venv, instead of starting them."""
    started: list[list[str]] = []
    monkeypatch.setattr(tasks, "set_up", lambda for_tests=False: None)
    monkeypatch.setattr(tasks, "run", lambda *arguments, **_: started.append(list(arguments)) or 0)
    return started


def test_lab(tasks: ModuleType, runs: list[list[str]]):
    assert tasks.main(["lab", "--no-browser", "3"]) == 0
    assert runs[0] == ["-m", "tunesmith.course.notebooks", "copy", "03"]
    assert runs[1][:2] == ["-m", "jupyterlab"] and "--no-browser" in runs[1]
    runs.clear()
    assert tasks.main(["lab", "--copies-only"]) == 0 and len(runs) == 1
    runs.clear()
    assert tasks.main(["lab", "--port=9000"]) == 0 and "--port=9000" in runs[1]


def pytest_runs(runs: list[list[str]]) -> list[list[str]]:
    return [[part for part in run[3:] if "junitxml" not in part] for run in runs if run[1] == "pytest"]


NBVAL = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg"]


def test_test(tasks: ModuleType, runs: list[list[str]], capsys: pytest.CaptureFixture):
    (tasks.ROOT / "notebooks").mkdir()
    spread = list(tasks.SPREAD)
    assert tasks.main(["test"]) == 0
    assert runs[0][:3] == ["-m", "ruff", "check"] and runs[1] == ["-c", tasks.READ_SONGS]
    assert pytest_runs(runs) == [spread], "no lesson, nothing to compare"
    assert capsys.readouterr().out.endswith("\n2 passed, 0 failed\n")
    for name in ("03_x.ipynb", "04_y.ipynb"):
        (tasks.ROOT / "notebooks" / name).touch()
    for arguments, expected in (
        ([], [spread, [*NBVAL, *spread, "notebooks/04_y.ipynb", "notebooks/03_x.ipynb"]]),
        (["-k", "kern"], [["-k", "kern"]]),
        (["-x", "tests/test_tasks.py::test_lab"], [["-x", "tests/test_tasks.py::test_lab"]]),
        (["notebooks/03_x.ipynb"], [[*NBVAL, "notebooks/03_x.ipynb"]]),
    ):
        runs.clear()
        assert tasks.main(["test", *arguments]) == 0
        assert pytest_runs(runs) == expected and (["-c", tasks.READ_SONGS] in runs) == (not arguments)


def test_bench(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch):
    started = []

    def run(*arguments: str, env: dict[str, str], cwd: Path) -> int:
        started.append((arguments, cwd, Path(env["TUNESMITH_HOME"])))
        assert started[-1][2].is_dir() and not list(started[-1][2].iterdir()), "nothing is cached for either side"
        return 1

    monkeypatch.setattr(tasks, "set_up", lambda for_tests=False: started.append(for_tests))
    monkeypatch.setattr(tasks, "run", run)
    assert tasks.main(["bench", "--only", "show", "--only", "kern"]) == 1, "a missed goal is the exit status"
    assert started[0] is True, "it needs what the tests need"
    assert started[1][:2] == (("-m", "bench", "--only", "show", "--only", "kern"), tasks.ROOT / "tests")
    assert not started[1][2].exists()
    assert tasks.main(["bench"]) == 1 and started[-1][0] == ("-m", "bench")


def test_figures(tasks: ModuleType, runs: list[list[str]]):
    assert tasks.main(["figures"]) == 0
    assert runs == [["-m", "tunesmith.course.pictures", "img"]]
    assert tasks.main(["figures"]) == 0
    with pytest.raises(SystemExit):
        tasks.main(["figures", "03"])


def test_the_benchmarks_are_those_of_the_package(tasks: ModuleType):
    files = {path.stem for path in (ROOT / "tests" / "bench").glob("*.py")} - {"__init__", "__main__", "measure"}
    assert files == set(tasks.BENCHMARKS)


def test_the_summary_adds_up(tasks: ModuleType, capsys: pytest.CaptureFixture):
    good = {"passed": 3, "failed": 0, "skipped": 1, "code": 0, "seconds": 1.0}
    bad = {"passed": 2, "failed": 2, "skipped": 0, "code": 1, "seconds": 1.0}
    assert tasks.summary({"unit tests": good, "notebooks": bad}) == 1
    out = capsys.readouterr().out
    assert out.endswith("\n5 passed, 2 failed\n") and "1 skipped" in out


def test_pytest_s_report_is_counted(tasks: ModuleType, tmp_path: Path):
    (tmp_path / "test_some.py").write_text(
        "import pytest\ndef test_a(): pass\ndef test_b(): assert 0\n@pytest.mark.skip\ndef test_c(): pass\n"
        "@pytest.fixture\ndef f(): raise ValueError\ndef test_d(f): pass\n",
        encoding="utf-8",
    )
    report = tmp_path / "report.xml"
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    python("-m", "pytest", "-q", "-c", os.devnull, f"--junitxml={report}", "test_some.py", cwd=tmp_path, env=env)
    assert tasks.counted(report) == {"passed": 1, "failed": 2, "skipped": 1}
    assert tasks.counted(tmp_path / "none.xml") == {"passed": 0, "failed": 0, "skipped": 0}


def test_a_crash_counts_as_a_failure(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tasks, "run", lambda *_, **__: 3)
    assert tasks.tested("unit tests")["failed"] == 1


def test_the_kernels_environment(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    with tasks.notebook_environment() as env:
        assert env["TUNESMITH_PLAIN"] == "1" and env["PYTHONUTF8"] == "1" and Path(env["IPYTHONDIR"]).is_dir()
        assert "MPLBACKEND" not in env and "PYTHONPATH" not in env
    assert not Path(env["IPYTHONDIR"]).exists()


def test_clean_leaves_the_learner_s_files(tasks: ModuleType):
    for folder in ("my", ".venv", "build", "src/tunesmith/__pycache__", "notebooks/.ipynb_checkpoints"):
        (tasks.ROOT / folder).mkdir(parents=True)
    assert tasks.main(["clean"]) == 0
    left = {path.relative_to(tasks.ROOT).as_posix() for path in tasks.ROOT.rglob("*") if path.is_dir()}
    assert left == {"my", ".venv", "src", "src/tunesmith", "notebooks"}


def test_only_the_standard_library():
    code = "import sys; sys.argv = ['tasks.py']; import tasks; print(*{n.split('.')[0] for n in sys.modules})"
    done = python("-S", "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}")
    loaded = set(done.stdout.split()) - set(sys.stdlib_module_names) - {"tasks", "__main__", "_distutils_hack"}
    assert done.returncode == 0 and not {name for name in loaded if not name.startswith("_")}, done.stderr


# ---------------------------------------------------------------- nbval's sanitise file


def sanitised(text: str) -> str:
    import re

    from nbval.plugin import get_sanitize_patterns

    for pattern, replacement in get_sanitize_patterns(
        (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    ):
        text = re.sub(pattern, replacement, text)
    return text


def test_what_nbval_does_not_compare():
    player = (
        '<div id="ts-{a}" data-times="[[0,1,&quot;{a}&quot;]]"><img alt="C D" src="data:image/svg+xml;base64,{a}/+=">'
        "<audio aria-label='C D' data-times='[\"{a}\"]' src='data:audio/mpeg;base64,{a}'></audio>"
        '<svg width="{a}"><g><svg/></g></svg><b>3 notes</b></div>'
    )
    one, two = sanitised(player.format(a="12ab34cd")), sanitised(player.format(a="99ff99ff"))
    assert one == two and "12ab34cd" not in one
    assert 'alt="C D"' in one and "3 notes" in one, "the text beside them is compared"
    assert sanitised('<?xml version="1.0"?>\n<svg a="1">\n1</svg>').strip() == "SVG"
    assert sanitised("10 %\r20 %\rdone\n") == "done\n"
    assert sanitised("C4 D4 E4") == "C4 D4 E4"
