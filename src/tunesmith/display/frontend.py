"""Where this runs: in a notebook, or not."""

from __future__ import annotations

import sys


def in_notebook() -> bool:
    """Whether a front end takes pictures: not in a plain Python, and not in IPython's terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
