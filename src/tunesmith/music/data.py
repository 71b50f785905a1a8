"""Where the course's own data is: songs and trained weights."""

from __future__ import annotations

from pathlib import Path


def data_path(*parts: str) -> Path:
    """A file or folder of the course's data: ``data_path("songs", "greensleeves.krn")``.

    It stands beside the code in an installed wheel, at the top of the repository in a checkout.
    Raises FileNotFoundError for what is not there.
    """
    package = Path(__file__).parents[1]
    for root in (package / "data", package.parents[1] / "data"):
        if (path := root.joinpath(*parts)).exists():
            return path
    raise FileNotFoundError(f"the course's data has no {'/'.join(parts)}")
