"""What all tests share. See CONTRIBUTING.md, "Tests"."""

from __future__ import annotations

import base64
import os
import re
import sys
from pathlib import Path

import pytest

from browsers import browser, lab, tab  # noqa: F401 – fixtures, for whoever asks for them

ROOT = Path(__file__).resolve().parent.parent

os.environ.setdefault("MPLBACKEND", "Agg")  # kernels are started without it
os.environ["TUNESMITH_PLAIN"] = "1"


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, for a test that must not see what earlier runs left."""
    folder = tmp_path / "home"
    monkeypatch.setenv("TUNESMITH_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def python() -> str:
    """The Python to start as another process."""
    return sys.executable


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The bundles that have been displayed, a list that grows."""
    bundles: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def picture(bundle: dict[str, str]) -> str:
    """The SVG in a bundle's ``<img>``."""
    return base64.b64decode(re.search(r"base64,([^\"]+)", bundle["text/html"])[1]).decode()
