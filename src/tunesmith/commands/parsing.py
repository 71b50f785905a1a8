"""What the commands share: their options' types, and a look at where results will be written."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tunesmith.music.files import WRITERS

Commands = Any  # what ArgumentParser.add_subparsers returns; argparse has no public name for it


def new_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int | None], help: str
) -> argparse.ArgumentParser:
    """A command whose options can be added; `run` carries it out. help: one sentence, in lower case."""
    command = commands.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def whole_number(low: int, high: int = 2**63 - 1) -> Callable[[str], int]:
    """For argparse: takes a whole number from low to high."""

    def whole(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            span = f"of {low} or more" if low >= 0 else "of at most 18 digits"
            raise argparse.ArgumentTypeError(f"{text!r} should be a whole number {span}")
        return number

    return whole


COUNT = whole_number(1)
RANDOM_SEED = whole_number(-(2**63))


def check_out(path: Path, overwrite: bool) -> None:
    """Say before the work, not after it, that the result can't be written."""
    if path.suffix.lower() not in WRITERS:
        raise ValueError(f"can't write {path.suffix or 'a file without an ending'}: choose one of {' '.join(WRITERS)}")
    check_free(path, overwrite)


def check_free(path: Path, overwrite: bool) -> None:
    """Raise ValueError where `path` can't be written, or holds something that may not be replaced."""
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent}: make it first")
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file")
    if path.exists() and not overwrite:
        raise ValueError(f"{path} exists already: choose another name, or add --overwrite")
