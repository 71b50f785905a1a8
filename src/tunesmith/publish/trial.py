"""The other side of `publish.supervise`: a process that runs answers from a hand-in, and reports on each.

    python -m tunesmith.publish.trial        the job comes as JSON on standard input, the report goes to standard output

Here runs what somebody else wrote, so this process is started without rights that it does not need (see `supervise`),
and nothing that the answers print gets out: standard output is turned to nowhere, and the report goes through a handle
of its own. Each line of it begins with a token that the parent has drawn, so that a printed line is none. The judges
are the course's own, and put right before each use; what a cell does to `ts.check`, to the judges or to the stored
outputs is of no account. But an answer sits in this process while it is judged. One that is made for it can find the
token, or change a judge as it is called: nobody who runs code that they have not read is quite safe.
"""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

LEANED_ON = ("builtins", "math", "operator", "copy", "dis", "types", "contextlib", "numpy", "torch", "random")
MOST_FILE = 200_000_000  # bytes: no file that an answer writes may be longer


def main() -> None:
    """Read the job, run each attempt, report. Ends the process itself: no thread or exit handler of an answer stays."""
    job = json.loads(sys.stdin.buffer.read())
    say = _reporter(job["token"])
    from tunesmith.course.exercises import find, verdict
    from tunesmith.course.notebooks import SETUP

    exec(SETUP, {"__name__": "__main__"})  # imports what takes seconds, before the clock is started
    for number, _ in job["exercises"]:
        find(number)  # its judge is loaded before any answer runs
    whole = _snapshot()
    _limit(job["memory"])

    def judge(number: str, answer: Any) -> str:
        _put_right(whole)
        return verdict(number, answer)[1]

    for number, attempts in job["exercises"]:
        say("begin", number, "")
        say("done", number, max((_tried(number, attempt, judge, SETUP) for attempt in attempts), key=_rank))
    say("end", "", "")
    os._exit(0)


def _reporter(token: str) -> Callable[[str, str, str], None]:
    """Turn standard output, error and input to nowhere; give the one way to the parent."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(nowhere, handle)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(os.fdopen(handle, mode, closefd=False), encoding="utf-8", errors="replace")
        for handle, mode in ((0, "rb"), (1, "wb"), (2, "wb"))
    )
    os.set_inheritable(channel.fileno(), False)  # a program that an answer starts has no part in it

    def say(event: str, number: str, line: str) -> None:
        channel.write(token + json.dumps([event, number, line]) + "\n")
        channel.flush()

    return say


def _limit(memory: int) -> None:
    """Where the system can, `memory` bytes beyond what the imports have taken, and no endless file."""
    try:
        import resource
    except ImportError:  # Windows: there the parent alone watches
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE, MOST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + memory, taken + memory))


def _snapshot() -> dict[types.ModuleType, dict[str, Any]]:
    """What the course's modules hold, and those that its judges lean on."""
    names = [name for name in sys.modules if name.split(".")[0] == "tunesmith" or name in LEANED_ON]
    return {sys.modules[name]: dict(vars(sys.modules[name])) for name in names}


def _put_right(whole: dict[types.ModuleType, dict[str, Any]]) -> None:
    """Undo what a cell has set in those modules."""
    for module, before in whole.items():
        now = vars(module)
        now.update({name: value for name, value in before.items() if now.get(name, whole) is not value})


def _tried(number: str, attempt: dict[str, Any], judge: Callable[[str, Any], str], setup: str) -> str:
    """The line of feedback for one attempt: run its cells, then let the course's judge call the answer."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(setup, space)
    trouble = ""
    for cell in attempt["cells"]:
        try:
            exec(compile(cell, "<cell>", "exec"), space)
        except BaseException as error:  # SystemExit too: the cells after it may be right
            trouble = trouble or f" A cell before it stops with {_described(error)}"
    try:
        answer = eval(attempt["answer"], space)
    except BaseException as error:
        return f"✗ {number} There is nothing to check: {_described(error)}{trouble}"
    try:
        line = judge(number, answer)
    except BaseException as error:  # a KeyboardInterrupt that an answer raises
        return f"✗ {number} Your function stopped with {_described(error)}"
    return line + (trouble if line.startswith("✗") else "")


def _described(error: BaseException) -> str:
    return " ".join(traceback.format_exception_only(error)[-1].split()).rstrip(".") + "."


def _rank(line: str) -> int:
    """A right attempt counts before a wrong one, a wrong one before none."""
    return "○✗✓".find(line[:1])


if __name__ == "__main__":
    main()
