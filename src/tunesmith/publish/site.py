"""The site: the executed lessons and every other page of the repository as static pages, made by Sphinx.

`python tasks.py site` calls it:

    python -m tunesmith.publish.site [FOLDER]   write the pages to FOLDER, dist/site by default

Nothing is executed and nothing comes from another server: mathematics, icons and search lie beside the pages, which
need no kernel, and no web server either.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tunesmith.publish.site_docstrings import process
from tunesmith.publish.site_sources import SiteError, stage

MARK = ".tunesmith-site"  # a folder that holds this file was written by us, and may be replaced
STATIC = Path(__file__).parent / "site_static"

CONFIGURATION: dict[str, Any] = {
    "project": "From Gates to Melodies",
    "html_title": "From Gates to Melodies",
    "project_copyright": "2026, the authors of From Gates to Melodies",
    "language": "en",
    "extensions": [
        "myst_nb",
        "sphinx.ext.autodoc",
        "sphinx.ext.autosummary",
        "sphinx.ext.mathjax",
    ],
    "nb_execution_mode": "off",
    "myst_enable_extensions": ["dollarmath", "amsmath", "colon_fence"],
    "myst_heading_anchors": 4,
    "mathjax_path": "mathjax/tex-chtml.js",
    "mathjax3_config": {"options": {"enableMenu": False}},
    "highlight_language": "none",  # of fences that name none: most are commands
    "default_role": "code",  # what stands between single backticks in a docstring
    "autodoc_typehints_format": "short",
    "autodoc_inherit_docstrings": False,  # PyTorch's own words stay with PyTorch
    "autodoc_member_order": "bysource",
    "add_module_names": False,
    "autosummary_generate": False,
    "html_theme": "pydata_sphinx_theme",
    "html_static_path": [str(STATIC)],
    "html_css_files": ["tunesmith.css"],
    "html_favicon": str(STATIC / "note.svg"),
    "html_context": {"default_mode": "auto"},  # light or dark as the reader's system is, until a button says otherwise
    "html_show_sourcelink": False,
    "html_copy_source": False,
    "html_show_search_summary": False,  # it would fetch whole lessons, which a page that is a file may not
    "html_theme_options": {
        "logo": {"text": "From Gates to Melodies"},
        "search_bar_text": "Search the course",
        "navbar_align": "left",
        "show_nav_level": 2,
        "footer_start": ["copyright"],
        "footer_end": [],
        "secondary_sidebar_items": ["page-toc"],
        "header_links_before_dropdown": 6,
    },
    "html_sidebars": {"index": []},
}


def build(root: Path, folder: Path) -> tuple[int, float]:
    """Write the site of the repository at `root` to `folder`; give the number of pages and the seconds it took.

    What a former build left in `folder` is replaced; a folder with anything else in it stays as it is. Raises
    SiteError for such a folder, without Sphinx and its extensions, and for anything that Sphinx warns of.
    """
    began = time.perf_counter()
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise SiteError(f"{folder} holds something else: name another folder, or empty this one")
    try:
        import myst_nb  # noqa: F401
        import pydata_sphinx_theme  # noqa: F401
        from sphinx.application import Sphinx
    except ImportError as error:
        raise SiteError(f"{error}: `python tasks.py site` installs what it needs") from None
    with tempfile.TemporaryDirectory(prefix="tunesmith-", ignore_cleanup_errors=True) as temporary:
        sources, made, kept = (Path(temporary) / name for name in ("sources", "site", "doctrees"))
        pages = stage(root, sources)
        warnings = io.StringIO()
        with contextlib.redirect_stderr(io.StringIO()):
            app = Sphinx(sources, None, made, kept, "html", CONFIGURATION, status=None, warning=warnings, freshenv=True)
            app.connect("autodoc-process-docstring", process)
            app.build()
        copy_mathjax(made / "_static" / "mathjax")
        if said := warnings.getvalue().strip():
            raise SiteError(f"Sphinx complains:\n{said.replace(str(sources), '')}")
        (made / MARK).write_text("python tasks.py site made this folder and may replace it.\n", encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, folder)
    return pages, time.perf_counter() - began


def copy_mathjax(folder: Path) -> None:
    """Copy the parts of MathJax that the pages use from sphinx-mathjax-offline, which packs all of it: 24 MB."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or not package.submodule_search_locations:
        raise SiteError("sphinx-mathjax-offline is missing: `python tasks.py site` installs it")
    whole = Path(package.submodule_search_locations[0]) / "static" / "mathjax"
    for part in ("output/chtml/fonts", "input/tex/extensions"):
        shutil.copytree(whole / part, folder / part)
    shutil.copyfile(whole / "tex-chtml.js", folder / "tex-chtml.js")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tunesmith.publish.site", description="Write the course's site.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("dist/site"), help="dist/site by default")
    parser.add_argument("--root", type=Path, default=Path("."), help="the course's repository; here by default")
    options = parser.parse_args(arguments)
    try:
        pages, seconds = build(options.root.resolve(), options.folder)
    except (SiteError, OSError) as error:
        print(f"site: {error}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{pages} pages, {size / 1e6:.0f} MB, in {seconds:.0f} s: open {(options.folder / 'index.html').as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
