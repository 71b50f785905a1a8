"""A process for the answers of one hand-in, with limits: time, memory, a clean home. A crash costs one exercise.

It is a fence, not a prison: the process has the rights of whoever starts it. `CONTAINER` says how to take those away.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import tunesmith
from tunesmith.music.cache import cache_folder
from tunesmith.publish.answers import Attempt

START = 180.0  # seconds for Python and PyTorch to get ready, on a slow disk
LONGEST_LINE = 100_000
# What a process needs of the environment; nothing else of it is handed on.
KEPT = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "LANG", "LC_ALL", "LD_LIBRARY_PATH")

CONTAINER = (
    "docker run --rm --init --network none --memory 4g --cpus 2 --pids-limit 256 --read-only --tmpfs /tmp "
    "--cap-drop ALL --security-opt no-new-privileges --user 1000:1000 "
    '-v "FOLDER":/handed-in:ro tunesmith-report'
)


@dataclass(frozen=True)
class Limits:
    """seconds: for one exercise, with the cells that it needs. memory: bytes beyond what Python and PyTorch take."""

    seconds: float = 60.0
    memory: int = 2_000_000_000


USUAL = Limits()


class Broken(Exception):
    """The process did not even start; the message says what it said last."""


def judged(attempts: dict[str, list[Attempt]], limits: Limits = USUAL) -> dict[str, str]:
    """For each exercise the line of feedback: ``✓ 4.2 …``, ``✗ 4.2 …`` or ``○ 4.2 not attempted yet``.

    The exercises run one after the other in one process. When one of them ends it, takes too long or too much memory,
    a new process takes up the rest. Raises Broken if no process gets ready at all.
    """
    lines: dict[str, str] = {}
    while left := {number: several for number, several in attempts.items() if number not in lines}:
        with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as folder:
            lines |= _round(left, limits, Path(folder))
    return lines


def _round(left: dict[str, list[Attempt]], limits: Limits, folder: Path) -> dict[str, str]:
    """What one process finds out, until it is done or one exercise has ended it: that one has a line too."""
    if any("load" in cell for several in left.values() for attempt in several for cell in attempt.cells):
        with contextlib.suppress(OSError, shutil.Error):  # the songs that were read before, as a copy
            shutil.copytree(cache_folder() / "songs", folder / "tunesmith" / "songs")
    token = secrets.token_hex(16)
    exercises = [(number, [asdict(attempt) for attempt in several]) for number, several in left.items()]
    process = _started(folder)
    events: queue.Queue[tuple[str, str, str] | None] = queue.Queue()
    threading.Thread(target=_listen, args=(process.stdout, token.encode(), events), daemon=True).start()
    lines: dict[str, str] = {}
    current, deadline, end = "", time.monotonic() + START, ""
    try:
        with contextlib.suppress(OSError):  # a process that is gone already: its end is told below
            process.stdin.write(json.dumps({"token": token, "memory": limits.memory, "exercises": exercises}).encode())
            process.stdin.close()
        roof = None
        while not end:
            try:
                event = events.get(timeout=0.1)
            except queue.Empty:
                event = ("tick", "", "")
            if event is None or (event[0] == "tick" and process.poll() is not None and events.empty()):
                end = _how_it_ended(process)
            elif event[0] == "end":
                return lines
            elif event[0] == "begin":
                current, deadline = event[1], time.monotonic() + limits.seconds
                roof = roof or _memory_of(process.pid) + limits.memory
            elif event[0] == "done" and event[1] == current:
                lines[current], current, deadline = event[2], "", time.monotonic() + START
            elif time.monotonic() > deadline:
                end = f"It took longer than {limits.seconds:.0f} seconds. Is there a loop that never ends?"
            elif roof and _memory_of(process.pid) > roof:
                end = f"It took more than {limits.memory / 1e9:.1f} GB of memory."
    finally:
        _kill(process)
    if not current:
        raise Broken(end)
    return lines | {current: f"✗ {current} {end}"}


def _started(folder: Path) -> subprocess.Popen:
    """The process, in an empty folder that is its home, with nothing of the environment but what it needs."""
    work = folder / "work"
    work.mkdir()
    env = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    places = ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "APPDATA", "LOCALAPPDATA", "XDG_CACHE_HOME")
    env |= dict.fromkeys(places, str(folder))
    env |= {"PYTHONPATH": str(Path(tunesmith.__file__).parents[1]), "PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"}
    env |= {"TUNESMITH_HOME": str(folder / "tunesmith"), "TUNESMITH_PLAIN": "1", "MPLBACKEND": "Agg"}
    env |= {"CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "tunesmith.publish.trial"],
        cwd=work,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name == "posix",
    )


def _listen(pipe: IO[bytes], token: bytes, events: queue.Queue) -> None:
    """Put what the process reports into the queue, None at the end; what does not begin with the token is dropped."""
    with contextlib.suppress(OSError, ValueError):
        while line := pipe.readline(LONGEST_LINE):
            if line.startswith(token):
                with contextlib.suppress(ValueError):
                    event, number, text = json.loads(line.removeprefix(token))
                    events.put((event, number, text))
    pipe.close()  # here, since another thread would wait for this one's readline
    events.put(None)


def _how_it_ended(process: subprocess.Popen) -> str:
    try:
        code = process.wait(5)
    except subprocess.TimeoutExpired:
        return "It closed the way to the report."
    if code < 0:
        return f"It crashed Python (signal {-code})."
    return f"It ended Python (exit status {code}): an answer returns, it does not quit."


def _memory_of(pid: int) -> int:
    """Bytes in memory of a process and all that it has started; 0 for one that is gone."""
    import psutil

    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += one.memory_info().rss
    return total


def _kill(process: subprocess.Popen) -> None:
    """End the process and all that it has started."""
    import psutil

    family = []
    with contextlib.suppress(psutil.Error):
        family = psutil.Process(process.pid).children(recursive=True)
    if os.name == "posix":
        with contextlib.suppress(OSError):
            os.killpg(process.pid, 9)
    for one in family:
        with contextlib.suppress(psutil.Error):
            one.kill()
    with contextlib.suppress(OSError):
        process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
