"""One progress bar for everything that takes a while."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from typing import Any


def plain() -> bool:
    """Whether output is to be the same at every run: set TUNESMITH_PLAIN=1 for that."""
    return os.environ.get("TUNESMITH_PLAIN", "") not in ("", "0")


def progress(items: Iterable[Any] | None, label: str, total: int | None = None) -> Any:
    """A tqdm bar on stdout around `items`; in plain mode (see `plain`) it stays silent.

    label: what is being done, such as "reading erk". total: how many items, if `len` can't tell.
    With ``items=None`` the caller moves the bar itself by ``update``, and closes it.
    """
    from tqdm import TqdmWarning
    from tqdm.auto import tqdm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)  # without ipywidgets a text bar does
        return tqdm(items, desc=label, total=total, file=sys.stdout, leave=False, disable=plain())
