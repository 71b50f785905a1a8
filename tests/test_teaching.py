"""docs/teaching.md beside the lessons: nothing that it says of them can go stale unnoticed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from structure import EXERCISE, SECTION
from tunesmith.course import notebooks as tool
from tunesmith.publish.supervise import CONTAINER

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "teaching.md"
TEXT = PAGE.read_text(encoding="utf-8")
LESSONS = {path.name[:2]: path for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))}
ROW = re.compile(r"^\|(.+)\|$", re.MULTILINE)


class Lesson:
    """What a notebook's headings and its "At a glance" say."""

    def __init__(self, path: Path) -> None:
        nb = tool.read_json(path)
        self.prose = "\n\n".join(cell["source"] for cell in nb["cells"] if cell["cell_type"] == "markdown")
        headings = re.findall(r"^#{1,3} +(.*?)\s*$", self.prose, re.MULTILINE)
        self.title = headings[0]
        self.sections = {m[1]: m for h in headings if (m := SECTION.fullmatch(h))}
        self.exercises = {f"{m[1]}.{m[2]}": m for h in headings if (m := EXERCISE.fullmatch(h))}
        self.minutes = int(re.search(r"(\d+) minutes in class", self.prose)[1])
        self.seconds = int(re.search(r"\d+", tool.SECONDS.search(self.prose)[2])[0])
        assumed = re.search(r"\*\*Assumed:\*\* *(.*)", self.prose)[1]
        self.assumed = _numbers(assumed)

    def of(self, deeper: bool) -> list[int]:
        return [int(m[3]) for m in self.sections.values() if bool(m[4]) == deeper]


def _numbers(text: str) -> set[str]:
    """The lessons that a text names, such as "lessons 00 to 07"."""
    found = set()
    for first, last in re.findall(r"\b(\d\d) to (\d\d)\b", text):
        found |= {f"{n:02d}" for n in range(int(first), int(last) + 1)}
    return found | set(re.findall(r"\b\d\d\b", text))


@pytest.fixture(scope="module")
def lessons() -> dict[str, Lesson]:
    return {number: Lesson(path) for number, path in LESSONS.items()}


def part(heading: str, text: str = TEXT) -> str:
    """What stands below a heading of the page, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(rf"^{re.escape(heading)}.*?$(.*?)(?=^#{{1,{level}}} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"the page has no part {heading!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without heads and rules."""
    found = [[cell.strip() for cell in row.split("|")] for row in ROW.findall(text)]
    return [row for row in found if not re.fullmatch(r"[-: ]+", row[0])]


@pytest.mark.parametrize("number", LESSONS)
def test_each_lesson_has_its_part(number: str, lessons: dict[str, Lesson]):
    text = part(f"## Lesson {number} · {lessons[number].title}")
    for name in ("**Time.**", "**What students get wrong**", "**Questions to ask**", "**Cut.**"):
        assert text.count(name) == 1, f"lesson {number} has no {name}"
    wrong, asked = text.split("**Questions to ask**")
    assert len(re.findall(r"^- ", wrong, re.MULTILINE)) >= 4
    questions = re.findall(r"^- (.*?)(?=^- |^\*\*|\Z)", asked, re.DOTALL | re.MULTILINE)
    assert len(questions) >= 3
    for question in questions:  # with what a good answer says
        assert re.match(r"\*[^*]+[?.]\*\s+\S", question) or "?* " in question, question
    assert len(re.sub(r".*?\*\s", "", " ".join(questions), count=1)) > 200


@pytest.mark.parametrize("number", LESSONS)
def test_the_times_are_the_notebooks(number: str, lessons: dict[str, Lesson]):
    lesson = lessons[number]
    said = " ".join(part(f"## Lesson {number}").split("**What students")[0].split())
    expected = f"**Time.** {lesson.minutes} minutes in class: {' + '.join(map(str, lesson.of(deeper=False)))}."
    if deeper := lesson.of(deeper=True):
        expected += f" Deeper: {' + '.join(map(str, deeper))}."
    assert said.startswith(f"{expected} About {lesson.seconds} seconds of computing"), f"write: {expected} …"


@pytest.mark.parametrize("number", LESSONS)
def test_what_is_named_in_a_lesson_is_there(number: str, lessons: dict[str, Lesson]):
    """Exercises by their number, and every `section 5 (8 min)` and `exercise 3.2 (6 min)` with its minutes."""
    lesson, text = lessons[number], " ".join(part(f"## Lesson {number}").split())
    for exercise in re.findall(r"(?<![\d.:])(\d{1,2}\.\d)(?![\d%])", text):
        if exercise.split(".")[0] == str(int(number)):
            assert exercise in lesson.exercises, exercise
    named = re.findall(r"\b([Ss]ection|[Ee]xercise) ([\d.]*\d) \((\d+) min\)", text)
    assert named, "the cut names no minutes"
    for kind, which, minutes in named:
        there = lesson.sections if kind.lower() == "section" else lesson.exercises
        assert which in there, f"{kind} {which}"
        right = there[which][3] if kind.lower() == "section" else there[which][4]
        assert minutes == right, f"{kind} {which} takes {right} minutes"
    assert not re.search(r"\((\d+) min\)", re.sub(r"\b(section|exercise) [\d.]*\d \(\d+ min\)", "", text, flags=re.I))


def test_the_map_is_the_notebooks(lessons: dict[str, Lesson]):
    listed = {}
    for link, title, needs, minutes, seconds in rows(part("## The map"))[1:]:
        number, target = re.fullmatch(r"\[(\d\d)\]\((.*?)\)", link).groups()
        assert (PAGE.parent / target).resolve() == LESSONS[number]
        lesson = lessons[number]
        assert title == lesson.title
        assert _numbers(needs) == lesson.assumed, f"lesson {number} assumes {sorted(lesson.assumed)}"
        assert (minutes, seconds) == (f"{lesson.minutes} min", f"{lesson.seconds} s")
        assert all(other < number for other in _numbers(needs))
        listed[number] = needs
    assert list(listed) == list(LESSONS)
    drawn = _numbers(re.search(r"```\n(.*?)```", part("## The map"), re.DOTALL)[1])
    assert drawn == set(LESSONS), "the drawing of the map"


def _planned(table: str, lessons: dict[str, Lesson]) -> int:
    """The sum of a plan's rows; each that names a section takes as long as that, less the exercises left out."""
    total = 0
    *steps, last = rows(table)[1:]
    for what, minutes in steps:
        total += int(minutes)
        found = re.fullmatch(r"(\d\d) · (\d+) (.*?)((?:, without|(?<=\d) and) \d+\.\d)*", what)
        if not found:
            assert not re.match(r"\d", what), what
            continue
        section = lessons[found[1]].sections[found[2]]
        assert found[3] == section[2], f"section {found[2]} of lesson {found[1]} is called {section[2]}"
        without = re.findall(r"\d+\.\d", what.removeprefix(found[1]))
        left = int(section[3]) - sum(int(lessons[found[1]].exercises[exercise][4]) for exercise in without)
        assert int(minutes) == left, f"{what}: {left} minutes"
    assert last == ["**together**", f"**{total}**"], f"{total} minutes together"
    return total


def test_the_plan_for_one_session_adds_up(lessons: dict[str, Lesson]):
    assert 75 <= _planned(part("## One session"), lessons) <= 90


def test_the_plan_for_three_sessions_adds_up(lessons: dict[str, Lesson]):
    sessions = re.split(r"^\*\*(?:First|Second|Third)\b.*$", part("## Three sessions"), flags=re.MULTILINE)[1:]
    assert len(sessions) == 3
    for session in sessions:
        assert 75 <= _planned(session, lessons) <= 90


def test_the_plan_for_eight_sessions_adds_up(lessons: dict[str, Lesson]):
    listed = rows(part("## Eight sessions"))[1:]
    assert [(row[0], row[1]) for row in listed] == [(str(n + 1), f"{n:02d}") for n in range(8)]
    for _, number, minutes, around, together, homework in listed:
        assert int(minutes) == lessons[number].minutes
        assert int(minutes) + int(around) == int(together)
        assert 75 <= int(together) <= 90
        exercise, title = homework.split(" ", 1)
        assert lessons[number].exercises[exercise][3] == title
        assert lessons[number].exercises[exercise][5] == "●●●"


def test_links_lead_somewhere():
    anchors = {
        re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    }
    targets = re.findall(r"\]\(([^)\s]+)\)", TEXT)
    assert targets
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not target.startswith("http"):
            assert (PAGE.parent / target.partition("#")[0]).exists(), target


def test_the_commands_are_tasks():
    listed = (ROOT / "tasks.py").read_text(encoding="utf-8")
    for task in set(re.findall(r"python tasks\.py ([a-z-]+)", TEXT)):
        assert f"def {task.replace('-', '_')}(options" in listed, task


def test_the_line_for_a_container_is_the_one_that_report_prints():
    assert CONTAINER in TEXT
    recipe = (ROOT / "docs" / "report.Dockerfile").read_text(encoding="utf-8")
    for name in re.findall(r"^COPY (\S+)", recipe, re.MULTILINE):
        assert (ROOT / name).exists()
    assert '"tunesmith.publish.handed_in", "/handed-in"' in recipe and ":/handed-in:ro" in CONTAINER
