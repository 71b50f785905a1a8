"""A lesson as slides: reveal.js, made by nbconvert from the very notebook that the class has.

`python tasks.py slides 03` calls it:

    python -m tunesmith.publish.slides NN … [--no-browser]   write dist/slides/NN_topic.html, open it

What is a slide stands in the cells' metadata (`course.slide_types`). The page is one file and needs no network:
reveal.js comes from the package sphinx-revealjs, which brings it along, and formulas become MathML, which browsers
show themselves. No solution is on a slide, and no check. Scores, sound and the cursor work as in the notebook.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.course.notebooks import LessonError, lessons, read, tags
from tunesmith.course.slide_types import FENCE, TYPES
from tunesmith.music.files import write_whole

if TYPE_CHECKING:
    from nbconvert.exporters import SlidesExporter
    from nbformat import NotebookNode

HERE = Path(__file__).parent
MOST_LINES = 8  # of code, above something to look at
ANSWERS = re.compile(r"\n*<details>\s*<summary>\s*(Hint|Solution)\b.*?</details>", re.DOTALL | re.IGNORECASE)


def slides(path: str | Path) -> str:
    """The lesson at `path` as one HTML page of slides. Raises LessonError for a notebook without slides."""
    nb = for_slides(read(path))
    page, _ = _exporter().from_notebook_node(nb, {"slides": _parts(nb)})
    return page


def for_slides(nb: NotebookNode) -> NotebookNode:
    """A copy as it is shown: no hints and solutions, the hook's code hidden, text parted where a heading stands in it.

    Raises LessonError if cells have no slide types, or ones that there are not.
    """
    nb = copy.deepcopy(nb)
    cells: list[NotebookNode] = []
    for number, cell in enumerate(nb.cells, start=1):
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if kind not in TYPES:
            raise LessonError(f"cell {number} has no slide type: run `python tasks.py notebooks` on this lesson first")
        if cell.cell_type == "markdown":
            cell.source = ANSWERS.sub("", cell.source)
            cells += _parted(cell, after_code=bool(cells) and cells[-1].cell_type == "code")
        elif kind != "skip":
            cell.metadata["transient"] = {"remove_source": "hook" in tags(cell), "folded": _fills_a_slide(cell)}
            cells.append(cell)
    nb.cells = cells
    return nb


def _fills_a_slide(cell: NotebookNode) -> bool:
    """Whether a cell has more code than fits above the picture or the player that it shows."""
    shown = any("text/html" in output.get("data", {}) for output in cell.outputs)
    return shown and len(cell.source.splitlines()) > MOST_LINES


def _parted(cell: NotebookNode, after_code: bool) -> list[NotebookNode]:
    """A text cell, parted where headings stand in it: what is above the first belongs to the slide before."""
    kind = cell.metadata["slideshow"]["slide_type"]
    if kind == "skip" or not cell.source.strip():
        return []
    outside = FENCE.sub(lambda fence: " " * len(fence[0]), cell.source)
    starts = [found.start() for found in re.finditer(r"^#{1,6}\s", outside, re.MULTILINE)]
    texts = [cell.source[i:j].strip() for i, j in zip([0, *starts], [*starts, None])]
    kinds = ["fragment" if after_code else "-", kind, *["subslide"] * len(starts)] if starts else [kind]
    parts = []
    for number, (text, one) in enumerate(zip(texts, kinds)):
        if text:
            part = copy.deepcopy(cell)
            part.source, part["id"] = text, f"{cell.get('id', 'text')}-{number}"
            part.metadata["slideshow"] = {"slide_type": one}
            parts.append(part)
    return parts


def _parts(nb: NotebookNode) -> dict[str, str]:
    """What the template puts into the page beside the cells."""
    reveal = _reveal()
    title = re.search(r"^# +(.+)$", nb.cells[0].source, re.MULTILINE)
    return {
        "title": title[1] if title else "Lesson",
        "reveal_css": (reveal / "reveal.css").read_text(encoding="utf-8"),
        "reveal_js": _as_script((reveal / "reveal.js").read_text(encoding="utf-8")),
        "css": (HERE / "slides.css").read_text(encoding="utf-8"),
        "js": _as_script((HERE / "slides.js").read_text(encoding="utf-8")),
    }


def _as_script(code: str) -> str:
    """JavaScript that may stand inside a page: nothing in it ends the script."""
    return re.sub(r"^//# sourceMappingURL=.*$", "", code.replace("</script", r"<\/script"), flags=re.MULTILINE)


def _reveal() -> Path:
    """The folder of reveal.js and reveal.css in the installed sphinx-revealjs, of which nothing else is used."""
    package = find_spec("sphinx_revealjs")
    if package is None or package.origin is None:
        raise LessonError("sphinx-revealjs is not installed, which brings reveal.js: pip install sphinx-revealjs")
    return Path(package.origin).parent / "_static" / "revealjs" / "dist"


def _exporter() -> SlidesExporter:
    """nbconvert's exporter of slides, with this folder's template and with formulas as MathML."""
    from jinja2 import FileSystemLoader
    from latex2mathml.converter import convert
    from nbconvert.exporters import SlidesExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        """Text with its formulas as MathML."""

        def inline_math(self, body: str) -> str:
            return convert(body)

        def block_math(self, body: str) -> str:
            return convert(body, display="block")

    class Exporter(SlidesExporter):
        def markdown2html(self, context: Any, source: str) -> str:
            return MarkdownWithMath(renderer=Renderer(escape=False, exclude_anchor_links=True)).render(source)

        def default_filters(self):
            yield from super().default_filters()
            yield ("markdown2html", _with_context(self.markdown2html))

    def _with_context(filter_):
        from jinja2 import pass_context

        return pass_context(lambda context, source: filter_(context, source))

    return Exporter(
        extra_loaders=[FileSystemLoader(HERE)],
        template_file="slides.html.j2",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python tasks.py slides", description="A lesson as slides.")
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons by number; all when left out")
    parser.add_argument("--no-browser", action="store_true", help="write the pages, open none")
    parser.add_argument("--folder", type=Path, default=Path("notebooks"), help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, default=Path("dist/slides"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        written = []
        for path in lessons(options.folder, options.numbers):
            target = options.to / f"{path.stem}.html"
            page = slides(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, page.encode())
            written.append(target)
            print(f"{target.as_posix()} written", flush=True)
    except (LessonError, OSError) as error:
        print(f"slides: {error}", file=sys.stderr)
        return 1
    if len(written) == 1 and not options.no_browser and not webbrowser.open(written[0].resolve().as_uri()):
        print("No browser was found: open the file yourself.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
