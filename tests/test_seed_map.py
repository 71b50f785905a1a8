"""docs/seed-map.md: its example runs, and what it names is there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import tunesmith as ts
from conftest import ROOT

PAGE = ROOT / "docs" / "seed-map.md"
TEXT = PAGE.read_text(encoding="utf-8")
SEED = [
    "music_preprocessing.py",
    "preprocess_midi_files",
    "music_encoder",
    "get_data.py",
    "music_to_integer_dictionary",
    "buildLSTM.py",
    "generate_music.py",
    "sample_with_temperature",
]
NAMES = sorted(set(re.findall(r"\bts\.([A-Za-z]\w*(?:\.\w+)?)", TEXT)))
MODULES = sorted(set(re.findall(r"`tunesmith\.([\w.]+)`", TEXT)))
LINKS = sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT)))
TESTS = sorted(set(re.findall(r"`(tests/\w+\.py)(?:::(\w+))?`", TEXT)))
ROWS = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith("| `")]


@pytest.fixture
def example(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """What the page's example leaves behind, run in an empty folder."""
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names


def test_the_example_runs(example: dict, tmp_path: Path):
    size = len(example["vocabulary"])
    assert example["window"].shape == (64, size) and example["target"].shape == ()
    assert example["ids"].shape == (len(example["tokens"][0]),)
    assert example["logits"].shape == (size,) and example["following"] in example["vocabulary"]
    assert example["history"].epochs == 1
    assert example["train"] and example["valid"] and example["test"]
    assert ts.encode(example["melody"])[:7] == ["65", "_", "_", "_", "65", "_", "69"]
    written = {path.name for path in tmp_path.iterdir()} - {"home"}
    assert written == {"vocabulary.json", "melodies.safetensors", "melody.mid"}
    assert ts.read(tmp_path / "melody.mid").pitches == example["melody"].pitches
    assert ts.Vocabulary.load(tmp_path / "vocabulary.json") == example["vocabulary"]
    assert isinstance(ts.load_model(tmp_path / "melodies.safetensors"), ts.WindowLSTM)


@pytest.mark.parametrize("name", SEED)
def test_every_name_of_the_first_project_occurs(name: str):
    assert re.search(rf"`{re.escape(name)}(?:\.json)?`", TEXT)


@pytest.mark.parametrize("name", NAMES)
def test_our_names_exist(name: str):
    thing = ts
    for part in name.split("."):
        thing = getattr(thing, part)


@pytest.mark.parametrize("name", MODULES)
def test_our_modules_exist(name: str):
    module, _, last = f"tunesmith.{name}".rpartition(".")
    assert hasattr(import_module(module), last)


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_somewhere(link: str):
    assert (PAGE.parent / link).is_file()


@pytest.mark.parametrize(("file", "test"), TESTS)
def test_the_tests_are_there(file: str, test: str):
    code = (ROOT / file).read_text(encoding="utf-8")
    assert not test or re.search(rf"^def {test}\(", code, re.M)


def test_every_row_is_whole():
    """Their name, what it did, ours or "not needed", and a lesson; a linked lesson's number is its file's."""
    assert len(ROWS) >= 10
    for theirs, did, ours, lesson in ROWS:
        assert theirs.startswith("`") and did and ("`ts." in ours or ours.startswith("not needed"))
        number, link = re.fullmatch(r"(?:\[)?(\d\d)(?:\]\((.*)\))?", lesson).groups()
        assert link and Path(link).name.startswith(f"{number}_")


def test_every_mistake_names_what_would_notice_it():
    mistakes = [line for line in TEXT.split("## Mistakes that are gone")[1].splitlines() if line.startswith("- ")]
    assert len(mistakes) >= 10
    assert all(re.search(r"\(`tests/\w+\.py::\w+`", line) for line in mistakes)
