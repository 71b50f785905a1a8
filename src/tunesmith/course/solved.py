"""The small file beside the notebooks that keeps which exercises are solved. `check` writes it, `progress` reads it."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tunesmith.music.progress import plain

FILE = "progress.json"

# What was solved since Python was started: where no file can be written, that much is still known.
_now: set[str] = set()


def keep(number: str) -> None:
    """Enter an exercise as solved. A file that can't be written is no reason to stop."""
    if plain() or number in solved():
        return
    _now.add(number)
    with suppress(OSError):
        _write(solved())


def solved() -> set[str]:
    """The numbers of the exercises that were solved, such as ``{"2.1", "2.3"}``; none in plain mode."""
    if plain():
        return set()
    try:
        return _now | _read(Path(FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError):
        return set(_now)


def _read(text: str) -> set[str]:
    """Raises ValueError for what is not such a file."""
    content = json.loads(text)
    if not isinstance(content, dict) or not isinstance(content.get("solved"), list):
        raise ValueError(f"{FILE} has no list of what is solved")
    return {number for number in content["solved"] if isinstance(number, str)}


def _write(numbers: Iterable[str]) -> None:
    """The whole file or nothing; one that can't be read is put aside first."""
    path = Path(FILE)
    if path.exists():
        try:
            _read(path.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, ValueError):
            os.replace(path, path.with_suffix(".damaged.json"))
    handle, temporary = tempfile.mkstemp(prefix=".progress-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            json.dump({"solved": sorted(numbers, key=_place)}, file, indent=1)
            file.write("\n")
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _place(number: str) -> tuple[list[int], str]:
    return [int(part) for part in re.findall(r"\d+", number)], number
