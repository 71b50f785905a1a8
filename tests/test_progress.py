"""What is solved stays solved: the file that check keeps, and what progress prints of it."""

import json

import pytest

import tunesmith as ts
from tunesmith.course import solved as room
from tunesmith.course.exercises import exercises_of, find, lessons
from tunesmith.course.solved import FILE, keep, solved


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working folder, a learner's session (not plain), nothing solved yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUNESMITH_PLAIN")
    monkeypatch.setattr(room, "_now", set())
    return tmp_path


def restart(monkeypatch):
    monkeypatch.setattr(room, "_now", set())


def printed(capsys):
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_a_right_answer_is_kept_over_a_restart(folder, monkeypatch, capsys):
    ts.check("7.1", find("7.1").reference)
    restart(monkeypatch)
    printed(capsys)
    ts.progress(7)
    assert printed(capsys).startswith(f"Lesson 07: 1 of {len(exercises_of(7))} solved   ✓ 7.1  ○ 7.2")
    assert json.loads((folder / FILE).read_text("utf-8")) == {"solved": ["7.1"]}


def test_what_is_wrong_or_not_attempted_is_not_kept(folder):
    ts.check("7.1", lambda *_: 0)
    ts.check("7.1", ...)
    ts.check("99.1", lambda: 0)
    assert solved() == set() and not (folder / FILE).exists()


def test_a_later_wrong_answer_takes_nothing_away():
    ts.check("7.1", find("7.1").reference)
    ts.check("7.1", lambda *_: 0)
    assert solved() == {"7.1"}


def test_two_notebooks_keep_in_one_file(folder, monkeypatch):
    keep("7.2")
    restart(monkeypatch)  # another kernel
    keep("3.10")
    keep("3.2")
    assert json.loads((folder / FILE).read_text("utf-8")) == {"solved": ["3.2", "3.10", "7.2"]}
    assert list(folder.iterdir()) == [folder / FILE]


def test_all_lessons(capsys):
    keep("7.1")
    keep("1234.1")  # of an exercise that is no more
    ts.progress()
    *each, total = printed(capsys).splitlines()
    assert [line[:9] for line in each] == [f"Lesson {number:02d}" for number in lessons()]
    count = sum(len(exercises_of(number)) for number in lessons())
    assert total == f"Together: 1 of {count} solved"


@pytest.mark.parametrize("lesson", [7, "7", "07"])
def test_a_lesson_by_its_number(lesson, capsys):
    ts.progress(lesson)
    assert printed(capsys).startswith("Lesson 07: 0 of ")


@pytest.mark.parametrize("lesson", [98, "all", 7.9, float("inf"), -1])
def test_no_such_lesson(lesson):
    with pytest.raises(ValueError, match=r"give one of 0, .*, or nothing for all"):
        ts.progress(lesson)


def test_plain_mode_neither_keeps_nor_reads(folder, monkeypatch, capsys):
    keep("7.1")
    monkeypatch.setenv("TUNESMITH_PLAIN", "1")
    keep("7.2")
    assert solved() == set()
    assert "7.2" not in (folder / FILE).read_text("utf-8")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[]", b'{"solved": 3}', b"null", b"[" * 100_000])
def test_a_damaged_file_is_put_aside(folder, content):
    (folder / FILE).write_bytes(content)
    assert solved() == set()
    keep("7.1")
    assert json.loads((folder / FILE).read_text("utf-8")) == {"solved": ["7.1"]}
    assert (folder / "progress.damaged.json").read_bytes() == content


def fails(error):
    def function(*_, **__):
        raise error

    return function


def test_where_nothing_can_be_written_the_session_still_knows(folder, monkeypatch, capsys):
    monkeypatch.setattr(room, "write_whole", fails(OSError(28, "No space left on device")))
    ts.check("7.1", find("7.1").reference)
    assert printed(capsys).startswith("✓ 7.1 ")
    assert solved() == {"7.1"}


def test_a_write_that_fails_leaves_the_old_file_and_is_made_good_later(folder, monkeypatch):
    keep("7.1")
    with monkeypatch.context() as broken:
        broken.setattr("tunesmith.music.files.os.replace", fails(OSError(28, "full")))
        keep("7.2")
    assert json.loads((folder / FILE).read_text("utf-8")) == {"solved": ["7.1"]}
    assert list(folder.iterdir()) == [folder / FILE]
    keep("7.2")
    assert json.loads((folder / FILE).read_text("utf-8")) == {"solved": ["7.1", "7.2"]}


def test_a_file_that_cannot_be_read_just_now_loses_nothing(folder, monkeypatch):
    keep("7.1")
    restart(monkeypatch)
    with monkeypatch.context() as locked:
        locked.setattr(room.Path, "read_text", fails(PermissionError(13, "in use by another program")))
        keep("7.2")
        assert solved() == {"7.2"}
    keep("7.3")
    assert json.loads((folder / FILE).read_text("utf-8")) == {"solved": ["7.1", "7.2", "7.3"]}


def test_a_mark_that_an_editor_puts_in_front_is_no_damage(folder):
    (folder / FILE).write_text('\ufeff{"solved": ["7.1"]}', encoding="utf-8")
    keep("7.2")
    assert solved() == {"7.1", "7.2"}
    assert list(folder.iterdir()) == [folder / FILE]
