"""Where this runs: in a notebook, or not; and the form in which a front end gets a widget."""

from __future__ import annotations

import sys

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def in_notebook() -> bool:
    """Whether a front end takes pictures: not in a plain Python, and not in IPython's terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
