"""Docstrings as Sphinx needs them: parameters become a list, and a plural's s may follow a quoted name."""

from __future__ import annotations

import inspect
import re
from typing import Any

_QUOTED = re.compile(r"(``.+?``|`[^`]+`)(\w?)")


def process(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """What autodoc calls with each docstring, whose `lines` it changes in place."""
    lines[:] = listed(thing, "\n".join(lines)).splitlines()


def listed(thing: Any, text: str) -> str:
    """The docstring `text` of `thing`, with a list in place of a paragraph that begins with a parameter and a colon.

    In such a paragraph each sentence that begins with parameters is an item; "Raises" begins a new paragraph.
    """
    try:
        names = "|".join(map(re.escape, inspect.signature(thing).parameters)) or "(?!)"
    except (TypeError, ValueError):  # a property has no signature
        names = "(?!)"
    item = rf"(?:{names})(?:, (?:{names}))*: "
    blocks = re.sub(_QUOTED, lambda found: rf"{found[1]}\ {found[2]}" if found[2] else found[1], text).split("\n\n")
    for number, block in enumerate(blocks):
        if re.match(item, block):
            pieces = re.split(rf"(?<=[.)]) (?={item}|Raises )", " ".join(block.split()))
            blocks[number] = "\n\n".join(
                re.sub(rf"({item})", lambda found: f"- ``{found[1][:-2]}``: ", piece, count=1)
                if re.match(item, piece)
                else piece
                for piece in pieces
            )
    return "\n\n".join(blocks) + "\n"
