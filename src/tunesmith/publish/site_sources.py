"""What the site is made of: the repository's pages, laid out in a folder as Sphinx wants them.

Lessons keep the outputs that were committed. README becomes the start page, with its tune to be heard; every page of
docs/ and data/ and at the root comes along; the names of the package get a page for each room, made from the
docstrings by autodoc. A link to a file that is no page of the site turns into plain text, and one that leads nowhere
stops the build.
"""

from __future__ import annotations

import importlib
import posixpath
import re
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tunesmith
from tunesmith.course import notebooks
from tunesmith.publish.badges import BADGE, repository

TUNE_PICTURE = "img/nobodys_tune.svg"
PARTS = {"The core": (0, 7), "Branches": (8, 11), "Projects": (12, 13), "Appendices": (14, 15)}

_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*[ \t]*$", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(r"(?P<mark>!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_LINK = re.compile(r"(?P<mark>(?<!!))\[(?P<text>(?:!\[[^\]]*\]|[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#", re.IGNORECASE)
_GENERATOR = {
    "Sphinx": ("Sphinx", "BSD 2-Clause"),
    "myst-nb": ("MyST-NB", "BSD 3-Clause"),
    "pydata-sphinx-theme": (
        "the PyData theme",
        "BSD 3-Clause; with Bootstrap, MIT, and Font Awesome Free, icons CC BY 4.0, fonts SIL OFL 1.1, code MIT",
    ),
    "sphinx-mathjax-offline": ("MathJax 3, as sphinx-mathjax-offline packs it", "Apache License 2.0"),
}


class SiteError(Exception):
    """A site that cannot be built; the message says why, and what to do."""


@dataclass(frozen=True)
class Places:
    """Where the pages come from and where they go."""

    root: Path  # the repository
    folder: Path  # the site's sources
    pages: dict[str, str]  # path of a page in the repository → path in the site's sources
    files: str  # the address below which a public repository shows its files; empty without one


def stage(root: Path, folder: Path) -> int:
    """Lay out the pages of the repository at `root` in the empty `folder`; give their number.

    Raises SiteError for a repository without lessons, or for a link that leads nowhere.
    """
    texts = _texts(root)
    lessons = sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    if not lessons:
        raise SiteError(f"there are no lessons in {root / 'notebooks'}: run this in the course's repository")
    pages = {name: name for name in [*texts, *(f"notebooks/{path.name}" for path in lessons)]}
    public = repository(root)
    files = f"https://github.com/{public.owner}/{public.name}/blob/{public.branch}/" if public else ""
    places = Places(root, folder, {**pages, "README.md": "index.md", "LICENSE": "licence.md"}, files)
    for name in texts:
        _write(folder / places.pages[name], relinked((root / name).read_text(encoding="utf-8"), name, places))
    for path in lessons:
        _write(folder / "notebooks" / path.name, notebooks.text_of(staged_lesson(path, places)))
    _start_page(folder)
    _package_pages(folder / "api")
    _write(folder / "licence.md", licence(root))
    _write(folder / "lessons.md", contents(lessons))
    guides = sorted((name for name in texts if name.startswith("docs/")), key=lambda name: "teaching" not in name)
    others = [name for name in texts if name not in guides and name != "README.md"]
    others.sort(key=lambda name: not name.startswith("data/"))
    _write(
        folder / "guides.md",
        _section("Guides", "For those who teach, look something up, or know the first project.", guides),
    )
    words = "Licences, sources, and how the course is made."
    _write(folder / "about.md", _section("About", words, ["licence.md", *others]))
    return sum(path.suffix in (".md", ".rst", ".ipynb") for path in folder.rglob("*"))


def _texts(root: Path) -> list[str]:
    """The repository's Markdown pages: those at the root, in docs/ and in data/."""
    found = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "data").rglob("*.md")]
    return sorted(path.relative_to(root).as_posix() for path in found)


# ---------------------------------------------------------------- links


def relinked(text: str, name: str, places: Places) -> str:
    """The Markdown `text` of the repository's page `name`, its links as the site needs them.

    Links between pages stay, and pictures come along; a picture from another server gives way to its alternative text.
    A link to any other file leads to the public repository, and without one it is plain text. What stands in fences
    of code stays as it is. Raises SiteError for a file that does not exist.
    """

    def replaced(match: re.Match) -> str:
        mark, words, target = match["mark"], match["text"], match["target"]
        if _ELSEWHERE.match(target):
            return words if mark else match[0]
        path, sign, place = target.partition("#")
        meant = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if meant in places.pages:
            here = posixpath.dirname(places.pages[name]) or "."
            return f"[{words}]({posixpath.relpath(places.pages[meant], here)}{sign}{place})"
        if not (places.root / meant).exists():
            raise SiteError(f"{name} links to {target}, which is not there")
        if mark:
            (places.folder / meant).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(places.root / meant, places.folder / meant)
            return match[0]
        return f"[{words}]({places.files}{meant})" if places.files else words

    pieces, start = [], 0
    for fence in [*_FENCE.finditer(text), None]:
        prose = text[start : fence.start() if fence else len(text)]
        # A badge is a picture in a link: with its picture gone, the link is one like the others.
        pieces.append(_LINK.sub(replaced, _PICTURE.sub(replaced, prose)))
        if fence:
            pieces.append(fence[0])
            start = fence.end()
    return "".join(pieces)


# ---------------------------------------------------------------- lessons


def staged_lesson(path: Path, places: Places) -> dict[str, Any]:
    """The lesson at `path` for the site, with the outputs that it stores.

    Its number is in its title, and below that a note says how to work in the lesson.
    """
    lesson, number = notebooks.read_json(path), path.name[:2]
    cells = lesson["cells"]
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = relinked(cell["source"], f"notebooks/{path.name}", places)
    cells[0]["source"] = cells[0]["source"].replace("# ", f"# {number} · ", 1)
    note = (
        ":::{note}\n:class: site-note\nThis page shows the lesson as it was run. Scores play here; code, sliders and "
        f"the checks of the exercises need a notebook: `python tasks.py lab {number}` opens this lesson in JupyterLab."
        "\n:::"
    )
    cells.insert(1, {"cell_type": "markdown", "id": "site-note", "metadata": {}, "source": note})
    lesson["metadata"]["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    return lesson


def contents(lessons: list[Path]) -> str:
    """The page of contents: each lesson with its sentence on what one will hear."""
    blocks = ["# Lessons", "Read 00 to 07 in this order, then any of the others."]
    for part, (first, last) in PARTS.items():
        here = [path for path in lessons if first <= int(path.name[:2]) <= last]
        if not here:
            continue
        blocks.append(f"## {part}")
        for path in here:
            title, sentence = notebooks.read_json(path)["cells"][0]["source"].split("\n\n")[:2]
            sentence = BADGE.sub("", sentence)
            title = title.removeprefix("# ")
            blocks.append(f"- **[{path.name[:2]} · {title}](notebooks/{path.name})**\\\n  {sentence.strip()}")
        blocks.append(_toctree([f"notebooks/{path.stem}" for path in here], part, hidden=True))
    return "\n\n".join(blocks) + "\n"


# ---------------------------------------------------------------- the other pages


def _start_page(folder: Path) -> None:
    """README as the start page: its tune is a player, and the site's sections follow."""
    from tunesmith.course.pictures import nobodys_tune
    from tunesmith.display.show import mimebundle

    path = folder / "index.md"
    text = path.read_text(encoding="utf-8")
    _write(folder / "tune.html", mimebundle(nobodys_tune())["text/html"])
    picture = re.compile(rf"!\[[^\]]*\]\({re.escape(TUNE_PICTURE)}\)")
    text = picture.sub("```{raw} html\n:file: tune.html\n```", text)
    _write(path, f"{text}\n{_toctree(['lessons', 'guides', 'api/index', 'about'], hidden=True)}\n")


def _package_pages(folder: Path) -> None:
    """A page for each room with its public names, which autodoc fills from the docstrings, and one that lists them."""
    rooms: dict[str, list[str]] = {}
    for name in tunesmith.__all__:
        rooms.setdefault(getattr(tunesmith, name).__module__.split(".")[1], []).append(name)
    lines = ["The package", "===========", "", "What ``import tunesmith as ts`` gives, room by room.", ""]
    lines += [".. toctree::", "   :maxdepth: 1", "", *(f"   {room}" for room in sorted(rooms)), ""]
    _write(folder / "index.rst", "\n".join(lines))
    for room, names in rooms.items():
        about = importlib.import_module(f"tunesmith.{room}").__doc__ or ""
        lines = [room, "=" * len(room), "", about.strip(), "", ".. currentmodule:: tunesmith", ""]
        lines += [".. autosummary::", "   :nosignatures:", "", *(f"   {name}" for name in names), ""]
        for name in names:
            kind = "class" if isinstance(getattr(tunesmith, name), type) else "function"
            members = ["   :members:", "   :exclude-members: renderer"] if kind == "class" else []
            lines += [name, "-" * len(name), "", f".. auto{kind}:: {name}", *members, ""]
        _write(folder / f"{room}.rst", "\n".join(lines))


def licence(root: Path) -> str:
    """The page of licences: the course's own, and those of what this site is made with."""
    own = (root / "LICENSE").read_text(encoding="utf-8").strip()
    used = [f"- {words} ({version(name)}): {terms}" for name, (words, terms) in _GENERATOR.items()]
    return "\n".join(
        [
            "# Licences",
            "",
            "The code is under the MIT licence below, the text and the figures under "
            "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). "
            "[Data and models](data/README.md) have terms of their own.",
            "",
            "## The code",
            "",
            "```text",
            own,
            "```",
            "",
            "## These pages",
            "",
            "They are made with, and carry parts of:",
            "",
            *used,
            "",
        ]
    )


def _section(title: str, words: str, names: list[str]) -> str:
    return f"# {title}\n\n{words}\n\n{_toctree([name.removesuffix('.md') for name in names])}\n"


def _toctree(names: list[str], caption: str = "", hidden: bool = False) -> str:
    options = [":hidden:"] * hidden + [":maxdepth: 1"] + [f":caption: {caption}"] * bool(caption)
    return "\n".join(["```{toctree}", *options, "", *names, "```"])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
