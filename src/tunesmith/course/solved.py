"""The small file beside the notebooks that keeps which exercises are solved. `check` writes it, `progress` reads it."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path

from tunesmith.music.files import write_whole
from tunesmith.music.progress import plain

FILE = "progress.json"

# What was solved since Python was started: where no file can be written, that much is still known.
_now: set[str] = set()


def keep(number: str) -> None:
    """Enter an exercise as solved. A file that can't be read or written is left as it is: that is no reason to stop."""
    if plain():
        return
    _now.add(number)
    with suppress(OSError):
        path = Path(FILE)
        try:
            before = _read(path)
        except ValueError:  # not overwritten, but put aside
            os.replace(path, path.with_suffix(".damaged.json"))
            before = set()
        if not _now <= before:
            text = json.dumps({"solved": sorted(_now | before, key=_place)}, indent=1)
            write_whole(path, f"{text}\n".encode())


def solved() -> set[str]:
    """The numbers of the exercises that were solved, such as ``{"2.1", "2.3"}``; none in plain mode."""
    if plain():
        return set()
    try:
        return _now | _read(Path(FILE))
    except (OSError, ValueError):
        return set(_now)


def _read(path: Path) -> set[str]:
    """What the file holds, nothing where there is none. Raises ValueError for one that is no such file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark in front
    except FileNotFoundError:
        return set()
    except RecursionError:
        raise ValueError(f"{FILE} is nested too deep") from None
    if not isinstance(content, dict) or not isinstance(content.get("solved"), list):
        raise ValueError(f"{FILE} has no list of what is solved")
    return {number for number in content["solved"] if isinstance(number, str)}


def _place(number: str) -> tuple[list[int], str]:
    return [int(part) for part in re.findall(r"\d+", number)], number
