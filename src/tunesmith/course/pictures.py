"""The pictures in img/: every diagram of the course, and the tune that README shows.

`python tasks.py figures` calls it:

    python -m tunesmith.course.pictures [FOLDER]   write them to FOLDER, img/ by default

A picture that is already as it should be is not written again, and nothing else in the folder is touched.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tunesmith.display.figures import FIGURES, picture
from tunesmith.music.files import write_whole
from tunesmith.music.melody import Melody

TUNE = "nobodys_tune.svg"
# README names this command: python -m tunesmith generate --model erk --seed "…" --random-seed 10 …
TUNE_SEED = "65 _ _ _ 65 _ 69"
TUNE_RANDOM_SEED = 10


def diagrams() -> dict[str, str]:
    """File name → SVG of every diagram: ``lstm_cell.svg``, and one for each part, ``lstm_cell_forget.svg``."""
    files = {}
    for name, known in FIGURES.items():
        files[f"{name}.svg"] = picture(name).svg
        for part in known.highlights:
            files[f"{name}_{part}.svg"] = picture(name, part).svg
    return files


def nobodys_tune() -> Melody:
    """README's tune, which the network of lesson 07 writes."""
    import torch

    from tunesmith.learn.checkpoint import load_model
    from tunesmith.learn.sample import generate

    generator = torch.Generator().manual_seed(TUNE_RANDOM_SEED)
    return generate(load_model("erk"), TUNE_SEED, temperature=0.8, steps=200, generator=generator)


def pictures() -> dict[str, str]:
    """File name → SVG of everything in img/."""
    from tunesmith.display.engrave import svg

    return {**diagrams(), TUNE: svg(nobodys_tune())}


def write_pictures(folder: Path) -> tuple[list[Path], int]:
    """Write the pictures that differ from those in the folder. Returns their paths, and how many were right already.

    Raises FileNotFoundError for a folder that is not there, another OSError for a file that can't be written.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: make it first")
    written = []
    wanted = pictures()
    for name, text in wanted.items():
        path, content = folder / name, text.encode("utf-8")
        if not path.exists() or path.read_bytes() != content:
            write_whole(path, content)
            written.append(path)
    return written, len(wanted) - len(written)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tunesmith.course.pictures", description="Write the course's pictures."
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("img"), help="where they go, img/ by default")
    folder = parser.parse_args(arguments).folder
    try:
        written, same = write_pictures(folder)
    except OSError as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 1
    for path in written:
        print(f"wrote {path.as_posix()}")
    print(f"{len(written)} written, {same} as they were.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
