"""What models wrote and lessons store: no copies of training songs; README's picture is what its command gives."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

import tunesmith as ts
from tunesmith.course.pictures import TUNE, nobodys_tune
from tunesmith.display.engrave import svg
from tunesmith.display.show import parse_text_form, text_form

ROOT = Path(__file__).parents[1]
LIMIT = 16  # notes in a row: see data/README.md


@pytest.fixture(scope="module")
def learned() -> ts.CopiedRuns:
    """Every song that a shipped model or a lesson's own could have learned from."""
    return ts.CopiedRuns([*ts.load("erk"), *ts.load("kinder")])


@pytest.fixture(scope="module")
def own() -> ts.CopiedRuns:
    """The course's own songs, which lessons may show whole."""
    return ts.CopiedRuns(ts.read(path) for path in sorted(ts.data_path("songs").glob("*.krn")))


def shown_melodies(path: Path) -> list[ts.Melody]:
    """Every melody whose text form a notebook stores."""
    melodies = []
    for cell in nbformat.read(path, 4).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "<audio" in data.get("text/html", ""):
                for block in data["text/plain"].split("\n\n"):
                    notes = block[block.index("\n|") :]
                    melodies.append(ts.Melody.of(parse_text_form(notes)))
    return melodies


def copied(melody: ts.Melody, learned: ts.CopiedRuns, own: ts.CopiedRuns) -> bool:
    """Whether a melody holds a run of an Essen song that is no run of one of the course's own."""
    longest = learned.longest(melody)
    return longest >= LIMIT and own.longest(melody) < longest


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")), ids=lambda path: path.stem)
def test_no_lesson_shows_a_song_of_the_training_data(path, learned, own):
    melodies = shown_melodies(path)
    assert melodies, "a lesson shows at least one melody"
    assert [text_form(melody) for melody in melodies if copied(melody, learned, own)] == []


def test_the_check_would_find_a_copy(learned, own):
    song = next(song for song in ts.load("erk") if own.longest(song) < LIMIT < len(song.pitches))
    assert copied(song.transpose(2), learned, own)


def test_the_picture_in_readme_is_what_the_model_writes(learned, own):
    tune = nobodys_tune()
    assert not copied(tune, learned, own)
    assert (ROOT / "img" / TUNE).read_text(encoding="utf-8") == svg(tune)
