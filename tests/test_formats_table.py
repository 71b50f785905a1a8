"""docs/formats.md says what each format keeps. Here each cell is worked out by writing and reading a melody."""

import re
import warnings
from functools import lru_cache

import pytest

from conftest import ROOT
from tunesmith.music import files
from tunesmith.music.melody import Melody

FRAME = {"time_signature": "4/4", "key": "C major", "tempo": 96, "title": "Tune"}
SCALE = [(pitch, 1) for pitch in (60, 62, 64, 65, 67, 69, 71, 72)]


def tune(notes=SCALE, **changes):
    return Melody.of(notes, **{**FRAME, **changes})


# Row of the table → the melody that shows it, and what of it is compared.
NOTES, FIELDS = "notes", ("time_signature", "upbeat", "key", "tempo", "title")
ROWS = {
    "pitches, C0 (12) to G9 (127)": (tune([(pitch, 1) for pitch in range(12, 128)]), NOTES),
    "lengths down to a 32nd, dots": (tune([(60, "1/8"), (62, "3/8"), (64, "3/2"), (65, 1), (67, "3/4")]), NOTES),
    "triplets": (tune([(60, "1/3"), (62, "1/3"), (64, "1/3"), (65, "2/3"), (67, "1/3"), (69, "1/6")]), NOTES),
    "ties, over a bar line too": (tune([(60, "5/4"), (62, "3/4"), (64, 5), (65, 1)]), NOTES),
    "a rest between notes": (tune([(60, 1), (None, 1), (62, 2), (None, "1/2"), (64, "7/2")]), NOTES),
    "rests side by side": (tune([(60, 1), (None, 1), (None, "1/2"), (62, "3/2")]), NOTES),
    "a rest over a bar line, as one": (tune([(60, 3), (None, 2), (62, 3)]), NOTES),
    "a rest at the end": (tune([(60, 1), (62, 2), (None, 1)]), NOTES),
    "metre": (tune(time_signature="6/8"), "time_signature"),
    "that there is no metre": (tune(time_signature=None), "time_signature"),
    "upbeat": (tune(upbeat=1), "upbeat"),
    "key, major or minor": (tune(key="E minor"), "key"),
    "key, dorian and other modes": (tune(key="D dorian"), "key"),
    "that no key is named": (tune(key=None), "key"),
    "tempo": (tune(), "tempo"),
    "that no tempo is named": (tune(tempo=None), "tempo"),
    "title": (tune(title="An air: für Elise"), "title"),
    "title in any script": (tune(title="Ода к радости 歓喜"), "title"),
}  # fmt: skip


@lru_cache
def page():
    return (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


@lru_cache
def table():
    """The page's first table: row → format → cell."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", page(), re.MULTILINE)
    ]
    head, _, *body = rows[: next(i for i, row in enumerate(rows[1:], 1) if row[0] == "format")]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in body}


def again(melody, ending, folder):
    path = files.write(melody, folder / f"tune{ending}", overwrite=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return files.read(path)


def test_the_table_has_every_row_and_format():
    assert list(table()) == list(ROWS)
    notes = [f"`{ending}`" for ending in files.WRITERS if ending in files.READERS and ending != ".midi"]
    assert all(list(cells) == notes for cells in table().values())


@pytest.mark.parametrize("row", ROWS)
def test_each_cell(row, tmp_path):
    melody, what = ROWS[row]
    kept = {}
    for ending in table()[row]:
        read = again(melody, ending.strip("`"), tmp_path)
        kept[ending] = "yes" if getattr(read, what) == getattr(melody, what) else "no"
    assert table()[row] == kept


def test_the_page_names_every_ending():
    for ending in (*files.READS, *files.WRITERS):
        assert f"`{ending}`" in page(), ending


def test_the_page_says_what_is_read_only():
    row = re.search(r"^\| `\.txt` \|.*$", page(), re.MULTILINE)[0]
    assert "quarter" in row and ".txt" not in files.WRITERS
