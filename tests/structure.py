"""What a lesson must be: each check takes a lesson and gives a list of complaints, empty for a good one.

CONTRIBUTING.md says the same in prose, in the order in which an author meets it. test_structure.py runs the checks on
every lesson, and on small lessons that are wrong in one way each, to see that the check would notice.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import nbformat

from tunesmith.course import notebooks as tool
from tunesmith.publish import badges

SETUP = badges.setup_cell(Path(__file__).resolve().parent.parent)
MINUTES = 75
LINES = 22
WIDTH = 92  # signs in a line of code: what JupyterLab and Colab show without scrolling sideways
BYTES = 3_000_000
KINDS = ("predict", "mend", "listen", "open")
FEWEST_EXERCISES = 4
WARM_UP = 3  # minutes
QUESTIONS = (3, 5)

SECTION = re.compile(r"(\d+) · (\S.*?) +\((\d+) min(, \*deeper\*)?\)")
EXERCISE = re.compile(r"Exercise (\d+)\.(\d+) · (\S.*?) +\((\d+) min, (●○○|●●○|●●●)\)")
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*[ \t]*$", re.DOTALL | re.MULTILINE)
DETAILS = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)
SETUP_NAMES = {"math", "random", "Fraction", "plt", "np", "torch", "ts"}


@dataclass(frozen=True)
class Heading:
    cell: int
    level: int
    text: str


@dataclass(frozen=True)
class Lesson:
    """A notebook with the number in its file's name."""

    nb: nbformat.NotebookNode
    number: int

    @property
    def cells(self) -> list[nbformat.NotebookNode]:
        return self.nb.cells

    @property
    def code(self) -> list[tuple[int, nbformat.NotebookNode]]:
        return [(i, cell) for i, cell in enumerate(self.cells) if cell.cell_type == "code"]

    @cached_property
    def headings(self) -> list[Heading]:
        found = []
        for i, cell in enumerate(self.cells):
            if cell.cell_type == "markdown":
                for line in FENCE.sub("", cell.source).splitlines():
                    if match := re.match(r"(#{1,6})\s+(.*?)\s*$", line):
                        found.append(Heading(i, len(match[1]), match[2]))
        return found

    def tagged(self, tag: str) -> list[int]:
        return [i for i, cell in enumerate(self.cells) if tag in tool.tags(cell)]

    def part(self, name: str) -> list[int]:
        """The cells of the part under the heading `## name`, the heading's first."""
        tops = [h for h in self.headings if h.level <= 2]
        for here, following in zip(tops, [*tops[1:], None]):
            if here.level == 2 and here.text == name:
                return list(range(here.cell, following.cell if following else len(self.cells)))
        return []

    def prose(self, cells: list[int]) -> str:
        return "\n\n".join(self.cells[i].source for i in cells if self.cells[i].cell_type == "markdown")

    @property
    def sections(self) -> list[tuple[Heading, re.Match]]:
        return [(h, m) for h in self.headings if h.level == 2 and (m := SECTION.fullmatch(h.text))]

    @property
    def exercises(self) -> list[Heading]:
        return [h for h in self.headings if h.text.startswith("Exercise")]

    def name(self, i: int) -> str:
        return tool.where(self.cells[i], i + 1)


# ---------------------------------------------------------------- the order of parts


def title(lesson: Lesson) -> list[str]:
    if not lesson.cells or lesson.cells[0].cell_type != "markdown":
        return ["the first cell is not the title"]
    said = []
    tops = [h for h in lesson.headings if h.level == 1]
    if len(tops) != 1 or tops[0].cell != 0 or not lesson.cells[0].source.startswith("# "):
        said.append("the first cell must begin with the notebook's only `# Title`")
    body = lesson.cells[0].source.partition("\n")[2]
    body = "\n".join(line for line in body.splitlines() if not re.match(r"\s*(\[?!\[|<a )", line)).strip()
    if len(re.findall(r"[.!?…][\"”’)*_]*(?=\s|$)", body)) != 1 or "\n\n" in body:
        said.append("below the title stands one sentence: what one will hear at the end")
    return said


def order(lesson: Lesson) -> list[str]:
    """At a glance, Set-up, the hook, three to five sections, Listen and look, Recap, Going further."""
    said = []
    parts = [h.text for h in lesson.headings if h.level == 2]
    core = [m for _, m in lesson.sections if not m[4]]
    if not 3 <= len(core) <= 5:
        said.append(f"{len(core)} sections `## 1 · Title  (8 min)` beside the deeper ones, not three to five")
    if [int(m[1]) for _, m in lesson.sections] != list(range(1, len(lesson.sections) + 1)):
        said.append("the sections are not numbered 1, 2, 3 …")
    shape = "".join(
        {"At a glance": "A", "Set-up": "S", "Listen and look": "L", "Recap": "R", "Going further": "G"}.get(
            part, "n" if SECTION.fullmatch(part) else "?"
        )
        for part in parts
    )
    # A free heading stands above the hook; deeper sections may follow Listen and look.
    if not re.fullmatch(r"AS\?n+Ln*RG", shape):
        said.append(
            "the parts must be: At a glance, Set-up, the hook under a heading of its own, `## 1 · Title  (8 min)` …, "
            f"Listen and look, Recap, Going further; they are: {' / '.join(parts)}"
        )
    return said


def glance(lesson: Lesson) -> list[str]:
    text = lesson.prose(lesson.part("At a glance"))
    said = []
    objectives = re.findall(r"^[-*] +\S", text, re.MULTILINE)
    if not 3 <= len(objectives) <= 5:
        said.append(f"At a glance has {len(objectives)} objectives (lines with `-`), not three to five")
    if not re.search(r"\*\*Assumed:?\*\*:? *\S", text):
        said.append("At a glance does not say what is assumed (**Assumed:** …)")
    if "no GPU needed" not in text:
        said.append('At a glance does not say "no GPU needed"')
    minutes = re.search(r"(\d+) minutes in class", text)
    counted = sum(core_minutes(lesson))
    if not minutes:
        said.append('At a glance does not say "N minutes in class"')
    elif int(minutes[1]) != counted:
        said.append(f"At a glance says {minutes[1]} minutes in class, the headings add up to {counted}")
    seconds = tool.SECONDS.search(text)
    if not seconds or not re.fullmatch(r"about \d+ seconds", seconds[2]):
        said.append("At a glance lacks <!-- seconds -->about 20 seconds<!-- /seconds -->; `tasks.py timings` writes it")
    elif (tool.stated(lesson.nb) or 0) > (limit := 120 if lesson.number <= 7 else 600):
        said.append(f"the lesson computes for more than {limit} seconds")
    return said


def core_minutes(lesson: Lesson) -> list[int]:
    return [int(m[1]) for h in lesson.headings if h.level == 2 and (m := re.search(r"\((\d+) min\)$", h.text))]


def minutes(lesson: Lesson) -> list[str]:
    total = sum(core_minutes(lesson))
    return [f"the sections add up to {total} minutes, more than {MINUTES}"] if total > MINUTES else []


def hook(lesson: Lesson) -> list[str]:
    found, setup = lesson.tagged("hook"), lesson.tagged("setup")
    if not found:
        return ["no code cell is tagged hook"]
    said = []
    if setup and found[0] < setup[0]:
        said.append("the hook must stand after the set-up cell")
    if lesson.sections and found[-1] > lesson.sections[0][0].cell:
        said.append("the hook must stand before the first section")
    html = "".join(html_of(output) for i in found for output in lesson.cells[i].get("outputs", []))
    if "<audio" not in html or "<img" not in html:
        said.append("the hook has nothing to hear and see in its output")
    return said


def setup(lesson: Lesson) -> list[str]:
    found = lesson.tagged("setup")
    if len(found) != 1:
        return [f"{len(found)} cells are tagged setup, not one"]
    cell, said = lesson.cells[found[0]], []
    if cell.cell_type != "code" or cell.source.strip() != SETUP:
        said.append("the set-up cell is not the one in tunesmith.course.notebooks.SETUP; `tasks.py badges` writes it")
    if lesson.code[0][0] != found[0]:
        said.append("the set-up cell is not the first code cell")
    if cell.get("outputs"):
        said.append("the set-up cell is not silent")
    if found[0] not in lesson.part("Set-up"):
        said.append("the set-up cell does not stand under `## Set-up`")
    return said


def sections(lesson: Lesson) -> list[str]:
    """Each section runs something and shows it."""
    said = []
    for heading, _ in lesson.sections:
        if not any(lesson.cells[i].get("outputs") for i in lesson.part(heading.text)):
            said.append(f"section “{heading.text}” shows nothing")
    listen = lesson.part("Listen and look")
    if listen and "<audio" not in "".join(html_of(o) for i in listen for o in lesson.cells[i].get("outputs", [])):
        said.append("Listen and look has nothing to hear")
    return said


def recap(lesson: Lesson) -> list[str]:
    """What one can do now, and a quiz: a question in bold, its choices as <details>, each explained."""
    cells = lesson.part("Recap")
    if not cells:
        return []
    text, said = FENCE.sub("", lesson.prose(cells)), []
    if not re.search(r"^[-*] +\S", DETAILS.sub("", text), re.MULTILINE):
        said.append("Recap does not list (with `-`) what one can do now")
    questions = re.split(r"^\*\*(.+?\?)\*\*[ \t]*$", text, flags=re.MULTILINE)
    fewest, most = QUESTIONS
    if not fewest <= len(questions) // 2 <= most:
        said.append(f"Recap needs a quiz of {fewest} to {most} questions, each a line **…?**")
    code = [lesson.cells[i].source.strip() for i in cells if lesson.cells[i].cell_type == "code"]
    if code[-1:] != [f"ts.progress({lesson.number})"]:
        said.append(f"the last code cell of Recap must be the one line ts.progress({lesson.number})")
    for question, below in zip(questions[1::2], questions[2::2]):
        choices = DETAILS.findall(below)
        verdicts = [re.match(r"[\s*_]*(Yes|No)\b", explained) for _, explained in choices]
        if len(choices) < 2:
            said.append(f"“{question}” has {len(choices)} choices (<details><summary>choice</summary>why</details>)")
        if re.search(r"^[-*] +\S", DETAILS.sub("", below), re.MULTILINE):
            said.append(f"“{question}” has a choice outside <details>, without an explanation")
        if not all(summary.strip() for summary, _ in choices):
            said.append(f"“{question}” has an empty choice")
        for (summary, explained), verdict in zip(choices, verdicts):
            if not verdict or len(explained.split()) < 4:
                said.append(f"“{question}”, “{summary.strip()}”: begin with Yes or No, then say why")
        if sum(bool(v) and v[1] == "Yes" for v in verdicts) != 1:
            said.append(f"“{question}” must have one right choice")
    return said


def further(lesson: Lesson) -> list[str]:
    text = lesson.prose(lesson.part("Going further"))
    said = []
    if text and not re.search(r"^[-*] +\S", text, re.MULTILINE):
        said.append("Going further lists no reading (lines with `-`)")
    if text and not re.search(r"licen[cs]e|public domain", text, re.IGNORECASE):
        said.append("Going further does not name sources and their licences")
    return said


# ---------------------------------------------------------------- what was run


def executed(lesson: Lesson) -> list[str]:
    said = [f"{lesson.name(i)} is empty" for i, cell in lesson.code if not cell.source.strip()]
    counts = [cell.execution_count for _, cell in lesson.code]
    if counts != list(range(1, len(counts) + 1)):
        said.append(f"not run once from top to bottom: execution counts {counts}")
    return said


def errors(lesson: Lesson) -> list[str]:
    said = []
    for i, cell in lesson.code:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                said.append(f"{lesson.name(i)} stores an error: {output.ename}")
            if output.output_type == "stream" and output.name == "stderr":
                said.append(f"{lesson.name(i)} writes to stderr")
    return said


def lengths(lesson: Lesson) -> list[str]:
    said = [
        f"{lesson.name(i)} has {count} lines, more than {LINES}"
        for i, cell in lesson.code
        if (count := len(cell.source.splitlines())) > LINES
    ]
    for i, cell in lesson.code:
        widest = max((len(line) for line in cell.source.splitlines()), default=0)
        if widest > WIDTH:
            said.append(f"{lesson.name(i)} has a line of {widest} signs, more than {WIDTH}")
    return said


def size(lesson: Lesson) -> list[str]:
    length = len(tool.text_of(lesson.nb).encode())
    return [f"the notebook has {length:,} bytes, more than {BYTES:,}"] if length > BYTES else []


def form(lesson: Lesson) -> list[str]:
    """As `tasks.py notebooks` writes it."""
    if errors(lesson):
        return []
    fixed = tool.text_of(tool.normalised(lesson.nb))
    return [] if fixed == tool.text_of(lesson.nb) else ["not as `python tasks.py notebooks` writes it; run that"]


def ignored(lesson: Lesson) -> list[str]:
    """Cells that nbval does not compare: at most one in ten, each with its reason."""
    said, cells = [], lesson.code
    mine = [i for i, cell in cells if "nbval-ignore-output" in tool.tags(cell)]
    if len(mine) * 10 > len(cells):
        said.append(f"{len(mine)} of {len(cells)} code cells are tagged nbval-ignore-output, more than one in ten")
    for i in mine:
        if not re.search(r"^# Not compared: \S+ \S+", lesson.cells[i].source, re.MULTILINE):
            said.append(f"{lesson.name(i)} is tagged nbval-ignore-output without a line `# Not compared: why`")
    for i, cell in cells:
        other = {t for t in tool.tags(cell) if t.startswith("nbval-") or t == "raises-exception"} - {
            "nbval-ignore-output"
        }
        if other or re.search(r"^\s*#\s*(NBVAL_|PYTEST_VALIDATE)", cell.source, re.MULTILINE):
            said.append(f"{lesson.name(i)} evades nbval; only the tag nbval-ignore-output may")
    return said


# ---------------------------------------------------------------- alternative text


class Media(HTMLParser):
    """The pictures and sounds of a piece of HTML, with what stands in for them; and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.svg: str | None = None
        self.silent = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        label = values.get("alt" if tag == "img" else "aria-label", "") or values.get("aria-label", "")
        if tag in ("img", "audio", "video"):
            self.found.append((tag, label))
        if tag == "svg" and self.svg is None and values.get("aria-hidden") != "true":
            self.svg = label
            if label:
                self.found.append(("svg", label))
        if label:
            self.text.append(label)
        if tag in ("script", "style"):
            self.silent += 1

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.silent = max(0, self.silent - 1)

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.text.append(data)


def html_of(output: nbformat.NotebookNode) -> str:
    return output.get("data", {}).get("text/html", "")


def alternatives(lesson: Lesson) -> list[str]:
    said = []
    empty = {"", "image", "figure", "picture", "plot", "score", "music score", "audio", "sound", "svg"}

    def look(html: str, i: int) -> None:
        media = Media(html)
        for tag, label in media.found:
            if label.strip().lower() in empty:
                said.append(f"{lesson.name(i)}: <{tag}> has no alternative text that says what it is ({label!r})")
        if media.svg == "" and not re.search(r"<title>[^<]+</title>", html):
            said.append(f"{lesson.name(i)}: <svg> has neither aria-label nor <title>")

    for i, cell in enumerate(lesson.cells):
        if cell.cell_type == "markdown":
            text = FENCE.sub("", cell.source)
            look(text, i)
            if re.search(r"!\[\s*\]\(", text):
                said.append(f"{lesson.name(i)}: a picture without alternative text")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            look(html_of(output), i)
            look(data.get("image/svg+xml", ""), i)
            for kind in ("image/png", "image/jpeg"):
                about = output.get("metadata", {})
                label = about.get(kind, {}).get("alt", "") if isinstance(about.get(kind), dict) else ""
                if kind in data and not (label or about.get("alt", "")):
                    said.append(f"{lesson.name(i)}: a plot without alternative text; show it by a function of ts")
    return said


# ---------------------------------------------------------------- numbers that the prose quotes

NUMBER = re.compile(
    r"(?<![\w.,/^_:#-])(\d{1,3}(?:[,\u2009\u202f\u00a0]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\w/]|\.\d|,\d)"
)
LOOSE = re.compile(r"\d{1,3}(?:[,\u2009\u202f\u00a0]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
REFERENCE = re.compile(
    r"\b(lessons?|sections?|exercises?|appendix|chapters?|pages?|pp?\.|Python|version) \d+(\.\d+)*"
    r"( ?(and|to|,|–) ?\d+)*",
    re.IGNORECASE,
)


def value(text: str) -> Decimal:
    return Decimal(re.sub("[,\u2009\u202f\u00a0]", "", text))


def quoted(text: str) -> list[tuple[str, Decimal, bool]]:
    """The numbers in prose that a reader would look for above: as written, as a value, and whether in per cent.

    Not those in code, formulas, headings, links, comments and folded answers; not those below 10 without a decimal
    part; no references ("lesson 11"), fractions (6/8) and years (1500 to 2099 without a separator).
    """
    for pattern in (
        FENCE,
        DETAILS,
        re.compile(r"<!--.*?-->", re.DOTALL),
        re.compile(r"\$\$.*?\$\$", re.DOTALL),
        re.compile(r"(`+).*?\1", re.DOTALL),
        re.compile(r"(?<!\\)\$.+?(?<!\\)\$"),
        re.compile(r"^#.*$", re.MULTILINE),
        re.compile(r"!?\[[^\]]*\]\([^)]*\)"),
        re.compile(r"<[^>]+>|https?://\S+"),
        REFERENCE,
        re.compile(r"^\d+\. ", re.MULTILINE),
    ):
        text = pattern.sub(" ", text)
    text = text.replace("−", "").replace("**", "")
    found = []
    for match in NUMBER.finditer(text):
        number = value(match[1])
        year = re.fullmatch(r"1[5-9]\d\d|20\d\d", match[1])
        if not year and (number >= 10 or "." in match[1]):
            found.append((match[1], number, bool(re.match(r"\s*(%|per cent)", text[match.end() :]))))
    return found


def shown(cell: nbformat.NotebookNode) -> str:
    """All text of a code cell and its outputs."""
    pieces = [cell.source]
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        media = Media(html_of(output) + data.get("image/svg+xml", ""))
        labels = [str(v) for v in output.get("metadata", {}).values()]
        pieces += [output.get("text", ""), data.get("text/plain", ""), *media.text, *labels]
    return "\n".join(pieces)


def backed(number: Decimal, percent: bool, above: set[Decimal]) -> bool:
    """Whether a quoted number stands above, or is one that stands above, rounded."""
    if number in above:
        return True
    step = Decimal(1).scaleb(number.as_tuple().exponent)
    for seen in above:
        for candidate in (seen, seen * 100) if percent else (seen,):
            finer = candidate.as_tuple().exponent < number.as_tuple().exponent or candidate != seen
            if finer and number in (candidate.quantize(step, mode) for mode in (ROUND_HALF_EVEN, ROUND_HALF_UP)):
                return True
    return False


def numbers(lesson: Lesson) -> list[str]:
    """Every number that the prose of a section quotes stands in the code or the outputs above it."""
    exercise_cells = {h.cell for h in lesson.exercises}
    reading = {i for h, _ in lesson.sections for i in lesson.part(h.text)} | set(lesson.part("Listen and look"))
    above, said = set(), []
    for i, cell in enumerate(lesson.cells):
        if cell.cell_type == "code":
            above |= {value(text) for text in LOOSE.findall(shown(cell))}
        elif i in reading - exercise_cells:
            for text, number, percent in quoted(cell.source):
                if not backed(number, percent, above):
                    said.append(f"{lesson.name(i)} quotes {text}, which no code or output above it shows")
    return said


def words(lesson: Lesson) -> list[str]:
    said = []
    for i, cell in enumerate(lesson.cells):
        if cell.cell_type == "markdown":
            for word in re.findall(r"\b(simply|obviously)\b", FENCE.sub("", cell.source), re.IGNORECASE):
                said.append(f"{lesson.name(i)} says “{word}”")
    return said


# ---------------------------------------------------------------- exercises


def exercises(lesson: Lesson) -> list[str]:
    """A heading, a stub, a check of one line that stores "not attempted yet", a hint and a solution; in that order."""
    said, numbers_seen, kinds = [], [], set()
    for heading in lesson.exercises:
        match = EXERCISE.fullmatch(heading.text)
        if heading.level != 3 or not match:
            said.append(f"“{heading.text}” is not `### Exercise {lesson.number}.1 · Title  (5 min, ●○○)`")
            continue
        number = f"{match[1]}.{match[2]}"
        numbers_seen.append((int(match[1]), int(match[2])))
        following = lesson.cells[heading.cell + 1 : heading.cell + 4]
        if [cell.cell_type for cell in following] != ["code", "code", "markdown"]:
            said.append(f"exercise {number}: after its text come the stub, the check, and hint and solution in a cell")
            continue
        stub, check, answers = following
        kinds |= set(tool.tags(stub)) & {*KINDS, "write"}
        if len(set(tool.tags(stub)) & {*KINDS, "write"}) != 1:
            said.append(f"exercise {number}: tag the stub cell with one of {', '.join(KINDS)}, write")
        said += [f"exercise {number}: {text}" for text in exercise(number, stub, check, answers.source)]
    if numbers_seen != [(lesson.number, k + 1) for k in range(len(numbers_seen))]:
        said.append(f"exercises are numbered {numbers_seen}, not {lesson.number}.1, {lesson.number}.2 …")
    for kind in KINDS:
        if kind not in kinds:
            said.append(f"no exercise is tagged {kind}")
    said += span(lesson)
    checks = [c for _, c in lesson.code if re.search(r"\bts\.check\(", c.source)]
    if len(checks) != len(lesson.exercises):
        said.append(f"{len(lesson.exercises)} exercises, but {len(checks)} cells with ts.check")
    return said


def span(lesson: Lesson) -> list[str]:
    """At least four exercises, from a warm-up of three minutes to one open task, which is the last."""
    matches = [(h, m) for h in lesson.exercises if (m := EXERCISE.fullmatch(h.text))]
    said = []
    if len(matches) < FEWEST_EXERCISES:
        said.append(f"{len(matches)} exercises, fewer than {FEWEST_EXERCISES}")
    if not any(int(m[4]) <= WARM_UP and m[5] == "●○○" for _, m in matches):
        said.append(f"no exercise is a warm-up: ({WARM_UP} min, ●○○)")
    open_tasks = [
        (h, m)
        for h, m in matches
        if "open" in {tag for cell in lesson.cells[h.cell + 1 :][:1] for tag in tool.tags(cell)}
    ]
    if len(open_tasks) > 1:
        said.append(f"{len(open_tasks)} exercises are tagged open, not one")
    for heading, match in open_tasks:
        if match[5] != "●●●" or heading is not matches[-1][0]:
            said.append("the open task must be the last exercise, and ●●●")
        if not any(m[4] and heading.cell in lesson.part(h.text) for h, m in lesson.sections):
            said.append("the open task must stand in a section marked *deeper*")
    return said


def exercise(number: str, stub, check, answers: str) -> list[str]:
    said = []
    call = re.fullmatch(rf'ts\.check\("{re.escape(number)}", (\w+)\)', check.source.strip())
    if not call:
        said.append(f'the check cell must be the one line ts.check("{number}", …)')
    stored = "".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in check.get("outputs", []))
    if stored.strip() != f"○ {number} not attempted yet":
        said.append(f"the stored output of the check is not “○ {number} not attempted yet” but “{stored.strip()}”")
    if stub.get("outputs"):
        said.append("the stub shows something")
    try:
        tree = ast.parse(stub.source)
    except SyntaxError:
        return [*said, "the stub is not valid Python"]
    if call and call[1] not in bound(tree):
        said.append(f"the stub does not define {call[1]}")
    unknown = used(tree) - bound(tree) - SETUP_NAMES - set(dir(builtins))
    if unknown:
        said.append(f"the stub needs {', '.join(sorted(unknown))}, which the set-up cell does not give")
    folded = [(summary.strip(), text) for summary, text in DETAILS.findall(answers)]
    names = [summary.split()[0].rstrip("s:") if summary else "" for summary, _ in folded]
    if "Hint" not in names or names[-1:] != ["Solution"] or names.count("Solution") != 1:
        said.append("needs <details><summary>Hint</summary>…</details>, then the same with Solution, in the cell below")
    elif call:
        code = solution_code(folded[-1][1])
        try:
            if call[1] not in bound(ast.parse(code)):
                said.append(f"the solution does not define {call[1]} in a ```python block")
        except SyntaxError:
            said.append("the solution is not valid Python")
    return said


def solution_code(text: str) -> str:
    return "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def bound(tree: ast.AST) -> set[str]:
    """Names that a piece of code defines, at any depth."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


def used(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def anonymous(node: ast.AST) -> str:
    """Code with its own names, annotations and docstrings taken out: equal for two that differ in names alone."""
    node = ast.parse(ast.unparse(node))
    own, names = bound(node), {}

    def rename(name: str) -> str:
        return names.setdefault(name, f"n{len(names)}") if name in own else name

    for part in ast.walk(node):
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            part.name = rename(part.name)
            if isinstance(part, ast.FunctionDef):
                part.returns = None
            if ast.get_docstring(part) is not None:
                part.body = part.body[1:] or [ast.Pass()]
        elif isinstance(part, ast.arg):
            part.arg, part.annotation = rename(part.arg), None
        elif isinstance(part, ast.Name):
            part.id = rename(part.id)
    return ast.dump(node)


def pieces(code: str) -> set[str]:
    """A piece of code as a whole and its functions and classes one by one, each without its own names."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return set()
    if not tree.body:
        return set()
    defined = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    return {anonymous(tree), *(anonymous(node) for node in defined)}


def solutions(lesson: Lesson) -> list[str]:
    """No solution is a cell of the lesson under other names."""
    folded = "".join(
        text
        for cell in lesson.cells
        if cell.cell_type == "markdown"
        for summary, text in DETAILS.findall(cell.source)
        if summary.strip().startswith("Solution")
    )
    answers = pieces(solution_code(folded))
    return [f"{lesson.name(i)} is a solution under other names" for i, c in lesson.code if pieces(c.source) & answers]


CHECKS: list[Callable[[Lesson], list[str]]] = [
    title,
    order,
    glance,
    minutes,
    hook,
    setup,
    sections,
    recap,
    further,
    executed,
    errors,
    lengths,
    size,
    form,
    ignored,
    alternatives,
    numbers,
    words,
    exercises,
    solutions,
]


def complaints(lesson: Lesson) -> list[str]:
    return [text for check in CHECKS for text in check(lesson)]
