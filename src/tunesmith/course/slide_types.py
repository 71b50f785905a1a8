"""How a lesson becomes slides: each cell's type, by rule. `normalised` stores it, `python tasks.py slides` shows it.

The types are those of Jupyter's slide shows, in a cell's metadata as ``{"slideshow": {"slide_type": …}}``:

- ``slide``: a new slide to the right. The title, and each part (``##``): At a glance, the sections, Recap …
- ``subslide``: a new slide below. An exercise or another heading (``###``), a cell of code, a long text.
- ``fragment``: comes on the same slide when asked for: a few words on what a cell has shown; a cell after a question.
- ``skip``: not shown. The set-up cell, the checks, hints and solutions, and the list of what one has solved.
- ``-``: on the slide that is there: the hook, an exercise's stub below its text, a cell below a few words.
"""

from __future__ import annotations

import re
from typing import Any

TYPES = ("slide", "subslide", "fragment", "skip", "-")
FEW = 320  # signs of text: beside so little there is room for a cell, or below a cell for so little
MORE = 700  # below a cell that shows no picture
PICTURE = re.compile(r"\b(show|figure|piano_roll|plot_\w+|explore_\w+|show_axes)\(")
QUESTION = re.compile(r"\*\*Before you run")
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*[ \t]*$", re.DOTALL | re.MULTILINE)
STUBS = {"predict", "mend", "listen", "write", "open"}


def slide_types(cells: list[dict[str, Any]]) -> list[str]:
    """The type of each cell of a lesson, in order. All lessons."""
    types: list[str] = []
    text = code = None  # what the slide has at its end so far: the text of a text cell, or the source of a code cell
    for cell in cells:
        kind, source = _kind(cell), cell["source"]
        if kind in ("skip", "slide", "subslide"):
            types.append(kind)
        elif kind == "stub":
            types.append("-")
        elif kind == "code" and "hook" in cell["metadata"].get("tags", ()):
            types.append("-")  # its code is not shown, and what it plays belongs to its heading
        elif kind == "code":
            room = text is not None and len(text) < FEW
            types.append("subslide" if not room else "fragment" if QUESTION.search(text) else "-")
        else:
            room = code is not None and len(source) < (FEW if PICTURE.search(code) else MORE)
            types.append("fragment" if room else "subslide")
        if kind == "skip":
            continue
        # A text that came as a fragment fills its slide up: a cell after it goes on a new one.
        text = source if kind in ("slide", "subslide", "text") and types[-1] != "fragment" else None
        code = source if kind == "code" else None
    return types


def _kind(cell: dict[str, Any]) -> str:
    """What a cell is to a slide show: skip, slide, subslide (a heading), stub, code or text."""
    source, tags = cell["source"], set(cell.get("metadata", {}).get("tags", ()))
    if cell["cell_type"] != "markdown":
        if "setup" in tags or re.match(r"\s*ts\.(check|progress)\(", source):
            return "skip"
        return "stub" if tags & STUBS else "code"
    if re.match(r"\s*##\s+Set-up\s*$", source) or re.match(r"\s*<details>\s*<summary>\s*Hint", source):
        return "skip"
    heading = re.search(r"^(#{1,6})\s", FENCE.sub("", source), re.MULTILINE)
    if heading:
        return "slide" if len(heading[1]) <= 2 else "subslide"
    return "text"
