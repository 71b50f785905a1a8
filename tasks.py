#!/usr/bin/env python3
"""Everything that one does with the course, with Python's standard library alone.

    python tasks.py lab [NN …]        set up, copy the lessons to my/, open JupyterLab there
    python tasks.py test              set up, run all tests
    python tasks.py test-browser      open and run each lesson in JupyterLab in a real browser
    python tasks.py notebooks [NN …]  run the committed lessons again and store what they show
    python tasks.py timings [NN …]    measure each lesson's computing and write it into its "At a glance"
    python tasks.py handout [NN …]    write copies without the solutions to handout/
    python tasks.py colab [NN …]      write each lesson as a single file for Colab, with the package inside
    python tasks.py test-colab [NN …] run these files in an environment with Colab's versions
    python tasks.py badges            "Open in Colab" badges, once pyproject.toml names a public repository
    python tasks.py site              write the lessons and the other pages as a site to dist/site/
    python tasks.py slides NN         show a lesson as slides
    python tasks.py report FOLDER     list which exercises pass in handed-in notebooks; runs what is in them
    python tasks.py figures           draw the pictures in img/ again
    python tasks.py bench             measure what the course promises about speed and memory
    python tasks.py lint              look at code and imports, run nothing
    python tasks.py clean             remove what the tools left behind (.venv and my/ stay)

`python tasks.py TASK --help` says more. `make TASK` does the same.

The first run makes .venv and fills it with pip, which takes a few minutes. On Linux pip's own PyTorch brings several
GB for graphics cards: set TORCH_INDEX_URL to PyTorch's CPU index first if you have no such card (README says how).
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (an older Python reads this far, and should say why it stops)
    sys.exit(
        "This course needs Python 3.11 or newer, and this is Python {}.{}. Install a newer one, then run it as "
        "`python3.12 tasks.py` or the like.".format(*sys.version_info[:2])
    )

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "tunesmith-setup.json"  # written last: without it, .venv is half made
LOG = VENV / "tunesmith-setup.log"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LEARNERS, TESTERS = "requirements.txt", "requirements-test.txt"
COLAB, COLAB_VENV = "tests/colab.txt", ROOT / ".venv-colab"  # Colab's versions, and a place for them
# All tests at once: as many files at a time as there are cores, each file's tests in one process, in the order given.
SPREAD = (f"-n{min(os.cpu_count() or 1, 4)}", "--dist=loadfile", "--no-loadscope-reorder")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # processes side by side would only wait for each other's threads
READ_SONGS = "import tunesmith as ts; ts.load('kinder'); ts.load('erk')"
BENCHMARKS = ("kern", "memory", "generation", "show", "scratch", "training", "step")  # tests/bench/ has a file for each


class Stop(Exception):
    """What went wrong, in a line that says what to do."""


def say(text: str) -> None:
    print(text, flush=True)


# ---------------------------------------------------------------- set-up


def base() -> list[str]:
    """What a .venv cannot outlive: this folder and this Python."""
    return [str(ROOT), f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"]


def fingerprint(names: list[str]) -> str:
    """A hash of the files that say what is to be installed."""
    digest = hashlib.sha256()
    for name in [*names, "pyproject.toml"]:
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def stamp() -> dict:
    """What the last set-up left; empty for a .venv that is missing, broken, half made or from elsewhere."""
    try:
        found = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(found, dict) and found.get("base") == base() and PYTHON.exists()
    return found if whole else {}


def set_up(for_tests: bool = False) -> None:
    """Make .venv what requirements.txt says (and requirements-test.txt); a moment's work when it is that already."""
    done = stamp()
    stages = {"lessons": [LEARNERS]} | ({"tests": [TESTERS]} if for_tests else {})
    missing = {stage: names for stage, names in stages.items() if done.get(stage) != fingerprint(names)}
    if not missing:
        return
    if not done:
        make_venv()
    began = time.perf_counter()
    say(f"Setting up .venv for the {' and the '.join(missing)}; the first time takes a few minutes.")
    for stage, names in missing.items():
        if stage == "lessons":
            install_torch()
        pip(*[part for name in names for part in ("-r", name)])
        if stage == "lessons":
            pip("--no-deps", "-e", ".")
        # A new .venv has no stamp before its first stage is whole, so a stop in the middle makes it anew next time.
        done = {**done, "base": base(), stage: fingerprint(names)}
        STAMP.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8", newline="\n")
    say(f"Set up in {time.perf_counter() - began:.0f} s.")


def set_up_colab() -> Path:
    """Make .venv-colab what tests/colab.txt says, which lacks what Colab lacks; give its Python.

    torch is Colab's version where TORCH_INDEX_URL names an index with a CPU wheel of it, and else the course's own.
    """
    python, mark = COLAB_VENV / PYTHON.relative_to(VENV), COLAB_VENV / STAMP.name
    index = os.environ.get("TORCH_INDEX_URL", "").strip()
    torch = torch_pin(COLAB if index else LEARNERS)
    lines = (ROOT / COLAB).read_text(encoding="utf-8").splitlines()
    others = [line for line in lines if line and not line.startswith(("#", "torch"))]
    wanted = json.dumps([*base(), torch, *others])
    if not (python.exists() and mark.exists() and mark.read_text(encoding="utf-8") == wanted):
        say("Setting up .venv-colab with Colab's versions; it takes a few minutes.")
        make_venv(COLAB_VENV)
        pip(*(["--index-url", index] if index else []), torch, python=python)
        pip(*others, python=python)
        mark.write_text(wanted, encoding="utf-8", newline="\n")  # last: without it, .venv-colab is half made
    return python


def make_venv(venv: Path = VENV) -> None:
    """An empty .venv, in place of whatever stood there."""
    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    elif venv.exists():
        if Path(sys.prefix).resolve() == venv.resolve():
            raise Stop(f"The {venv.name} that runs this is broken. Leave it (`deactivate`) and run tasks.py again.")
        say(f"The {venv.name} found here is unfinished or was made for another Python or folder; making it anew.")
        try:
            shutil.rmtree(venv)
        except OSError as error:
            raise Stop(f"Cannot remove {venv.name} ({error}). Close what uses it and delete the folder.") from None
    python = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run([python, "-m", "venv", str(venv)], capture_output=True, text=True, env=environment())
    if made.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        detail = last_line(made.stdout + made.stderr)
        raise Stop(
            f"Python could not make {venv.name}: {detail} On Debian and Ubuntu, `apt install python3-venv` helps."
            if "ensurepip" in made.stdout + made.stderr
            else f"Python could not make {venv.name}: {detail}"
        )


def torch_pin(requirements: str = LEARNERS) -> str:
    """The line of requirements.txt that pins PyTorch."""
    for line in (ROOT / requirements).read_text(encoding="utf-8").splitlines():
        if re.match(r"torch\s*==", line):
            return line.split("#")[0].strip()
    raise Stop(f"{requirements} has no line torch==…")


def install_torch() -> None:
    """PyTorch in a step of its own, since it alone may come from another index."""
    index = os.environ.get("TORCH_INDEX_URL", "").strip()
    if not index and sys.platform == "linux" and not shutil.which("nvidia-smi"):
        say("No NVIDIA card found. If pip now downloads gigabytes, stop it and set TORCH_INDEX_URL (see README).")
    pip(*(["--index-url", index] if index else []), torch_pin())


def pip(*arguments: str, python: Path | None = None) -> None:
    """`pip install`, in .venv by default: a line on the screen, all in a log, one clear line when it fails."""
    command = [str(python or PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    lines = []
    with LOG.open("a", encoding="utf-8", newline="\n") as log:
        log.write("$ pip install " + " ".join(arguments) + "\n")
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        try:
            for line in process.stdout:
                log.write(line)
                lines.append(line)
                show_progress(line)
            code = process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise
        finally:
            show_progress("")
    if code:
        raise Stop(why_pip_failed("".join(lines), bool(os.environ.get("TORCH_INDEX_URL"))))


def show_progress(line: str) -> None:
    """On a terminal, what pip is at, always on the same line; elsewhere nothing."""
    if not sys.stdout.isatty():
        return
    doing = re.match(r"\s*(Collecting|Downloading|Installing|Building|Preparing)\b.*", line)
    if doing or not line:
        width = min(shutil.get_terminal_size().columns, 100) - 1
        print("\r" + ("  " + line.strip())[:width].ljust(width) + ("" if line else "\r"), end="", flush=True)


def why_pip_failed(output: str, own_index: bool = False) -> str:
    """One line for pip's many: what happened and what to do."""
    log = os.path.relpath(LOG, ROOT)
    if re.search(r"No space left on device|not enough space on the disk|Errno 28", output, re.I):
        return f"The disk is full. Free some space (about 3 GB) and run this again; pip's words are in {log}."
    # pip retries and then says that it found no version: look for the lost connection first.
    if re.search(
        r"NewConnectionError|Temporary failure in name resolution|Name or service not known|getaddrinfo failed"
        r"|nodename nor servname|Network is unreachable|Connection refused|ConnectTimeout|Read timed out|ReadTimeout"
        r"|Cannot connect to proxy|connection broken|Connection reset",
        output,
    ):
        hint = " Is TORCH_INDEX_URL right?" if own_index else ""
        return f"pip got no connection. Check the network or proxy and run this again.{hint} pip's words are in {log}."
    if "SSLError" in output or "CERTIFICATE_VERIFY_FAILED" in output:
        return f"pip does not trust the network's certificates: set PIP_CERT to your network's own; see {log}."
    missing = re.search(r"No matching distribution found for ([^\s;]+)", output)
    if missing:
        hint = "Is TORCH_INDEX_URL right?" if own_index else "Try another Python version (3.11 to 3.13 are tested)"
        return (
            f"There is no {missing[1]} for Python {sys.version_info[0]}.{sys.version_info[1]} on this machine. "
            f"{hint.rstrip('?')}{'?' if own_index else ''}; pip's words are in {log}."
        )
    errors = [line.strip() for line in output.splitlines() if re.match(r"\s*(ERROR|error):", line)]
    return f"pip failed: {errors[0] if errors else last_line(output)} Run this again; pip's words are in {log}."


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no word of why."


# ---------------------------------------------------------------- running things in .venv


def environment(**more: str) -> dict[str, str]:
    """The environment for what runs in .venv: UTF-8, this .venv's kernels before the user's."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH", "PIP_USER")}
    return {**kept, "PYTHONUTF8": "1", "JUPYTER_PREFER_ENV_PATH": "1", **more}


def run(*arguments: str, env: dict[str, str] | None = None, cwd: Path = ROOT) -> int:
    """Run .venv's Python and give its exit status. Ctrl-C goes to it; it decides."""
    sys.stdout.flush()
    process = subprocess.Popen([str(PYTHON), *arguments], cwd=cwd, env=env or environment())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def tool(*arguments: str) -> int:
    return run("-m", "tunesmith.course.notebooks", *arguments)


# ---------------------------------------------------------------- tasks


def lab(options: argparse.Namespace, extra: list[str]) -> int:
    set_up()
    code = tool("copy", *options.lessons)
    if code or options.copies_only:
        return code
    command = ["-m", "jupyterlab", *extra]
    if options.no_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    without_news()
    my = ROOT / "my"
    if len(options.lessons) == 1:
        command += [path.name for path in sorted(my.glob(f"{options.lessons[0]}_*.ipynb"))[:1]]
    say("JupyterLab opens on my/. Leave it with Ctrl-C.")
    return run(*command, f"--ServerApp.root_dir={my}", cwd=my)


def without_news() -> None:
    """JupyterLab in .venv neither asks whether to fetch its news, nor looks for newer versions."""
    settings = VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    quiet = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
    settings.write_text(json.dumps(quiet), encoding="utf-8")


def test(options: argparse.Namespace, extra: list[str]) -> int:
    set_up(for_tests=True)
    lessons = [argument for argument in extra if argument.split("::")[0].endswith(".ipynb")]
    others = [argument for argument in extra if argument not in lessons]
    results = {"lint": checked("ruff check", lambda: run("-m", "ruff", "check", "-q", "--output-format=concise"))}
    if not extra:  # or each process that needs these songs would read them itself
        results["songs"] = checked("songs, read once for all tests", lambda: run("-c", READ_SONGS))
    if others or not lessons:
        results["unit tests"] = tested("unit tests", *(others or SPREAD), env=environment(**ONE_THREAD))
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"), reverse=True)  # the later ones take longer: they go first
    if lessons or (not others and notebooks):
        with notebook_environment() as env:
            strict = ("--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg")
            chosen = lessons or [*SPREAD, *(path.relative_to(ROOT).as_posix() for path in notebooks)]
            results["notebooks"] = tested("notebooks, output by output", *strict, *chosen, env={**env, **ONE_THREAD})
    return summary(results)


def test_browser(options: argparse.Namespace, extra: list[str]) -> int:
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        raise Stop("There is no Chromium here. On Debian and Ubuntu, `sudo apt install chromium` brings it.")
    set_up(for_tests=True)
    results = {"browser": tested("in a real browser", *(extra or ["tests/browser"]))}
    say("Screenshots to look at are in dist/browser/.")
    return summary(results)


def checked(title: str, action) -> dict:
    """One yes-or-no check as a line of the summary."""
    say(f"\n== {title}")
    began = time.perf_counter()
    code = action()
    if not code:
        say("All good.")
    return {"passed": int(not code), "failed": int(bool(code)), "code": code, "seconds": time.perf_counter() - began}


def tested(title: str, *arguments: str, env: dict[str, str] | None = None) -> dict:
    """One pytest run as a line of the summary."""
    say(f"\n== {title}")
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        report = Path(folder) / "report.xml"
        code = run("-m", "pytest", "-q", f"--junitxml={report}", *arguments, env=env)
        counts = counted(report)
    if code and not counts["failed"] and code != 5:
        counts["failed"] = 1  # a usage or collection error, or a crash
    if code == 5:
        say("No test was asked for by that name." if arguments else "There are no tests.")
    return {**counts, "code": code, "seconds": time.perf_counter() - began}


def counted(report: Path) -> dict:
    """How many tests passed, failed and were skipped, from pytest's own report."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    try:
        suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    except (OSError, ElementTree.ParseError):
        return counts
    for suite in suites:
        total, failures, errors, skipped = (int(suite.get(k, 0)) for k in ("tests", "failures", "errors", "skipped"))
        counts["failed"] += failures + errors
        counts["skipped"] += skipped
        counts["passed"] += max(0, total - failures - errors - skipped)
    return counts


def summary(results: dict[str, dict]) -> int:
    """The closing lines, and the exit status."""
    say("")
    for name, result in results.items():
        skipped = f", {result['skipped']} skipped" if result.get("skipped") else ""
        line = f"{name:<12} {result['passed']:>5} passed, {result['failed']} failed{skipped}"
        say(f"{line:<48} {result['seconds']:>6.1f} s")
    total = {key: sum(result.get(key, 0) for result in results.values()) for key in ("passed", "failed")}
    say(f"{total['passed']} passed, {total['failed']} failed")
    return next((result["code"] for result in results.values() if result["code"]), 0)


@contextlib.contextmanager
def notebook_environment():
    """What kernels get: plain progress, no plotting backend from outside, no start-up files of the user's."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as folder:
        profile = Path(folder) / "profile_default"
        profile.mkdir()
        (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40  # errors alone\n")
        env = environment(TUNESMITH_PLAIN="1", IPYTHONDIR=folder)
        env.pop("MPLBACKEND", None)
        yield env


def notebooks(options: argparse.Namespace, extra: list[str]) -> int:
    set_up()
    return tool("run", *options.lessons)


def timings(options: argparse.Namespace, extra: list[str]) -> int:
    set_up()
    return tool("timings", *options.lessons)


def handout(options: argparse.Namespace, extra: list[str]) -> int:
    set_up()
    return tool("handout", *options.lessons)


def slides(options: argparse.Namespace, extra: list[str]) -> int:
    set_up(for_tests=True)
    quiet = ["--no-browser"] if options.no_browser else []
    return run("-m", "tunesmith.publish.slides", *options.lessons, *quiet)


def report(options: argparse.Namespace, extra: list[str]) -> int:
    set_up()
    more = ["--hints"] if options.hints else []
    table = options.csv if options.csv == "-" else Path(options.csv).absolute()
    limits = ["--seconds", str(options.seconds), "--memory", str(options.memory)]
    folder = Path(options.folder).absolute()
    return run("-m", "tunesmith.publish.handed_in", str(folder), "--csv", str(table), *more, *limits)


def colab(options: argparse.Namespace, extra: list[str]) -> int:
    set_up(for_tests=True)
    return run("-m", "tunesmith.publish.colab", *options.lessons)


def test_colab(options: argparse.Namespace, extra: list[str]) -> int:
    set_up(for_tests=True)
    say("Each lesson's set-up takes from pip's index what Colab lacks; nothing else here uses a network.")
    return run("-m", "tunesmith.publish.canary", str(set_up_colab()), *options.lessons)


def badges(options: argparse.Namespace, extra: list[str]) -> int:
    set_up()
    return run("-m", "tunesmith.publish.badges")


def site(options: argparse.Namespace, extra: list[str]) -> int:
    set_up(for_tests=True)
    return run("-m", "tunesmith.publish.site", "dist/site")


def figures(options: argparse.Namespace, extra: list[str]) -> int:
    set_up()
    return run("-m", "tunesmith.course.pictures", "img")


def bench(options: argparse.Namespace, extra: list[str]) -> int:
    set_up(for_tests=True)
    only = [part for name in options.only or () for part in ("--only", name)]
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as home:
        env = environment(TUNESMITH_PLAIN="1", TUNESMITH_HOME=home, OMP_NUM_THREADS="1")
        return run("-m", "bench", *only, env=env, cwd=ROOT / "tests")


def lint(options: argparse.Namespace, extra: list[str]) -> int:
    set_up(for_tests=True)
    code = run("-m", "ruff", "check")
    return run("-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())") or code


def clean(options: argparse.Namespace, extra: list[str]) -> int:
    for name in ("__pycache__", "build", "dist", ".pytest_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for room in ("src", "tests", "notebooks"):
        for name in ("__pycache__", ".ipynb_checkpoints"):
            for folder in sorted((ROOT / room).rglob(name), reverse=True):
                shutil.rmtree(folder, ignore_errors=True)
    say("Clean. .venv and my/ are as they were; delete .venv to set up anew.")
    return 0


# ---------------------------------------------------------------- the command line

TASKS = {
    lab: "set up, copy the lessons to my/ (never over a copy of yours) and open JupyterLab there",
    test: "set up, then ruff, unit tests and every notebook's outputs; arguments go to pytest, and then the "
    "notebooks wait (test -k kern; test notebooks/03_….ipynb compares one)",
    test_browser: "open each lesson in JupyterLab in Chromium, run it, look, listen and play; screenshots are kept in "
    "dist/browser/; arguments go to pytest (test-browser tests/browser/test_lessons.py -k 03_)",
    notebooks: "run the committed lessons from top to bottom and store what they show",
    timings: "measure each lesson's computing and write it into its At a glance",
    handout: "write copies without solutions and outputs to handout/",
    site: "write the executed lessons, the guides and the package's pages to dist/site/, which needs no network and no "
    "server; nothing is run again",
    slides: "write a lesson as slides to dist/slides/, one file that needs no network, and open it in the browser",
    report: "list which exercises pass in the notebooks below a folder, on the screen and in report.csv. It RUNS THE "
    "CODE of those who wrote them, each in a process with limits on time and memory; docs/teaching.md says how to do "
    "so in a container",
    colab: "write each lesson to dist/colab/ as one notebook that brings the package and its networks along",
    test_colab: "run the notebooks of `colab`, each alone in an empty folder, in an environment with Colab's versions",
    badges: "write badges (Open in Colab) and the set-up cell's source into README and the lessons, for the public "
    "repository that pyproject.toml names; take them out where it names none",
    figures: "draw the course's diagrams, and README's tune, and write to img/ those that have changed",
    bench: "measure speed and memory against the usual ways, a few minutes; the goals are in its table, and 1 is the "
    "exit status where one is missed",
    lint: "ruff and the import contract; runs no test",
    clean: "remove caches and build folders",
}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python tasks.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    tasks = top.add_subparsers(
        prog="python tasks.py", dest="task", required=True, metavar="TASK", help=argparse.SUPPRESS
    )
    for task, text in TASKS.items():
        one = tasks.add_parser(task.__name__.replace("_", "-"), help=text, description=text, allow_abbrev=False)
        one.set_defaults(run=task)
        if task in (lab, notebooks, timings, handout, slides, colab, test_colab):
            one.add_argument(
                "lessons", nargs="*", metavar="NN", type=lesson_number, help="lessons by number, e.g. 03 07"
            )
        if task is bench:
            one.add_argument(
                "--only", action="append", choices=BENCHMARKS, metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}"
            )
        if task is lab:
            one.add_argument("--no-browser", action="store_true", help="print the address instead of opening it")
            one.add_argument("--copies-only", action="store_true", help="make the copies, start nothing")
        if task is slides:
            one.add_argument("--no-browser", action="store_true", help="write the page, open nothing")
        if task is report:
            one.add_argument("folder", metavar="FOLDER", help="where the notebooks lie, in folders of their own or not")
            one.add_argument("--hints", action="store_true", help="show what each answer that is not right is told")
            one.add_argument("--csv", default="report.csv", metavar="FILE", help="the table's file; - for none")
            one.add_argument("--seconds", type=float, default=60, help="time for one exercise (60)")
            one.add_argument("--memory", type=float, default=2, metavar="GB", help="memory for one notebook (2)")
    return top


def lesson_number(text: str) -> str:
    """ "3", "03" or a lesson's path, as two digits."""
    number = re.match(r"\d{1,2}(?!\d)", Path(text).name)
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r} is no lesson: give its number, such as 03")
    return f"{int(number[0]):02d}"


def main(arguments: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that lacks a letter shows "?"
    if not arguments:
        say(__doc__.strip())
        return 0
    options, extra = parser().parse_known_args(arguments)
    if extra and options.run not in (test, test_browser, lab):
        parser().error(f"{options.task} does not know {' '.join(extra)}")
    try:
        return options.run(options, extra)
    except Stop as reason:
        print(f"tasks.py: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntasks.py: stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
