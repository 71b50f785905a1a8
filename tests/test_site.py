"""The site's sources, and what stops a build. What the built pages are like: tests/browser/test_site_*.py."""

import json
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tunesmith.course import notebooks
from tunesmith.publish import site, site_sources
from tunesmith.publish.site_docstrings import listed
from tunesmith.publish.site_sources import Places, SiteError, contents, licence, relinked, staged_lesson

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"README.md": "index.md", "docs/a.md": "docs/a.md", "notebooks/03_x.ipynb": "notebooks/03_x.ipynb"}


@pytest.fixture
def places(tmp_path):
    """A small repository with a picture and a program, and no public address."""
    root = tmp_path / "course"
    for name in ("README.md", "docs/a.md", "img/p.svg", "src/code.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x", encoding="utf-8")
    return Places(root, tmp_path / "sources", PAGES, "")


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("docs/a.md", "[start](../README.md#the-lessons)", "[start](../index.md#the-lessons)"),
        ("README.md", "[a](docs/a.md) and [x](notebooks/03_x.ipynb)", "[a](docs/a.md) and [x](notebooks/03_x.ipynb)"),
        ("README.md", "[`code`](src/code.py), [img/](img)", "`code`, img/"),
        (
            "docs/a.md",
            "[web](https://example.org/a_(b) [here](#place)",
            "[web](https://example.org/a_(b) [here](#place)",
        ),
        ("docs/a.md", "![A tune](../img/p.svg)", "![A tune](../img/p.svg)"),
        ("README.md", "![A tune](https://example.org/p.png)!", "A tune!"),
        (
            "README.md",
            "[![Open in Colab](https://example.org/badge.svg)](https://example.org/x)",
            "[Open in Colab](https://example.org/x)",
        ),
        ("README.md", "```\n[a](nowhere.md)\n```\n[a](docs/a.md)", "```\n[a](nowhere.md)\n```\n[a](docs/a.md)"),
        ("README.md", "a [ ] and $[h_{t-1}, x_t]$", "a [ ] and $[h_{t-1}, x_t]$"),
    ],
)
def test_links(places, name, text, expected):
    assert relinked(text, name, places) == expected


def test_a_picture_comes_along(places):
    relinked("![A tune](../img/p.svg)", "docs/a.md", places)
    assert (places.folder / "img" / "p.svg").read_text(encoding="utf-8") == "x"


def test_with_a_public_repository_files_are_linked_there(places):
    public = replace(places, files="https://example.org/blob/main/")
    text = relinked("[code](../src/code.py)", "docs/a.md", public)
    assert text == "[code](https://example.org/blob/main/src/code.py)"


@pytest.mark.parametrize("text", ["[a](b.md)", "![a](b.svg)", "[a](docs/b.md#c)"])
def test_a_link_that_leads_nowhere_stops(places, text):
    with pytest.raises(SiteError, match="which is not there"):
        relinked(text, "README.md", places)


LESSON = ROOT / "notebooks" / "02_the_lstm_unit.ipynb"


def test_a_lesson_keeps_its_outputs(tmp_path):
    places = Places(ROOT, tmp_path, {f"notebooks/{LESSON.name}": f"notebooks/{LESSON.name}"}, "")
    before, staged = notebooks.read_json(LESSON), staged_lesson(LESSON, places)
    assert staged["cells"][0]["source"].startswith("# 02 · The LSTM unit\n")
    assert f"python tasks.py lab {LESSON.name[:2]}" in staged["cells"][1]["source"]
    assert [cell.get("outputs") for cell in [staged["cells"][0], *staged["cells"][2:]]] == [
        cell.get("outputs") for cell in before["cells"]
    ]
    assert json.dumps(staged) and "site-note" not in json.dumps(before)


def test_contents_name_every_lesson_and_what_is_heard():
    lessons = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    text = contents(lessons)
    for path in lessons:
        title, sentence = notebooks.read_json(path)["cells"][0]["source"].split("\n\n")[:2]
        assert f"[{path.name[:2]} · {title[2:]}](notebooks/{path.name})" in text and sentence in text
        assert f"\nnotebooks/{path.stem}\n" in text
    assert "https:" not in text, "no badge"


def explained(notes, tempo=None, *, rest=0):
    """A function with parameters."""


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "Does it.\n\nnotes: a row\n  of them. tempo, rest: numbers; None: no tempo. Raises ValueError for none.\n",
            "Does it.\n\n- ``notes``: a row of them.\n\n- ``tempo, rest``: numbers; None: no tempo.\n\n"
            "Raises ValueError for none.\n",
        ),
        ("Not one: of them.\n", "Not one: of them.\n"),
        ("Some `Note`s, a ``Key``s and `a` or `b`.", "Some `Note`\\ s, a ``Key``\\ s and `a` or `b`.\n"),
    ],
)
def test_docstrings_list_their_parameters(text, expected):
    assert listed(explained, text).rstrip() == expected.rstrip()


def test_a_docstring_of_what_has_no_signature_stays():
    assert listed(property(), "notes: a row.") == "notes: a row.\n"


def test_licences_are_named():
    pytest.importorskip("sphinx", reason="the site's generator is not installed")
    text = licence(ROOT)
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").strip() in text
    assert all(words in text for words in ("CC BY 4.0", "MathJax", "Font Awesome", "Apache License 2.0", "Bootstrap"))


def test_nothing_is_executed_and_nothing_fetched():
    assert site.CONFIGURATION["nb_execution_mode"] == "off"
    assert "://" not in json.dumps(site.CONFIGURATION)
    assert "://" not in (site.STATIC / "tunesmith.css").read_text(encoding="utf-8")


def test_another_folder_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    assert site.main([str(tmp_path), "--root", str(ROOT)]) == 1
    assert capsys.readouterr().err == f"site: {tmp_path} holds something else: name another folder, or empty this one\n"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_no_lessons_no_site(places, tmp_path, capsys):
    pytest.importorskip("myst_nb", reason="the site's generator is not installed")
    (places.root / "pyproject.toml").write_text("", encoding="utf-8")
    assert site.main([str(tmp_path / "site"), "--root", str(places.root)]) == 1
    assert "there are no lessons in" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_without_the_generator_one_line_says_what_to_do(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    assert site.main([str(tmp_path / "site"), "--root", str(ROOT)]) == 1
    said = capsys.readouterr().err
    assert "python tasks.py site" in said and said.count("\n") == 1


def test_what_the_site_needs_is_pinned():
    pins = (ROOT / "requirements-test.txt").read_text(encoding="utf-8").lower()
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for name in site_sources._GENERATOR:
        assert f"\n{name.lower()}==" in pins and any(need.startswith(name.lower()) for need in extra["publish"])
