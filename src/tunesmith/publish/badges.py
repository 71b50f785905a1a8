"""What a public repository adds to the lessons: "Open in Colab" badges, and a source for the set-up cell.

`python tasks.py badges` calls it:

    python -m tunesmith.publish.badges

The one place that names the repository is pyproject.toml:

    [tool.tunesmith]
    repository = "https://github.com/someone/from-gates-to-melodies"
    branch = "main"

Then each lesson has a badge below its title and in README's table, and its set-up cell fetches the package from there.
With an empty address it has neither: no badge that leads nowhere. Running it again changes nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tunesmith.course import notebooks as tool
from tunesmith.music.files import write_whole

BADGE = re.compile(r"\[!\[Open in Colab\]\([^)\n]*\)\]\([^)\n]*\)")
PICTURE = "https://colab.research.google.com/assets/colab-badge.svg"
ROW = re.compile(r"^\| *\d\d *\|.*\]\((notebooks/[^)]+\.ipynb)\).*\|$", re.MULTILINE)


@dataclass(frozen=True)
class Repository:
    """A public repository at GitHub, from which Colab opens notebooks."""

    owner: str
    name: str
    branch: str

    @property
    def archive(self) -> str:
        """The address that pip installs the package from."""
        return f"https://github.com/{self.owner}/{self.name}/archive/refs/heads/{self.branch}.zip"

    def badge(self, path: str) -> str:
        """The badge, in Markdown, that opens the repository's notebook at `path` in Colab."""
        address = f"https://colab.research.google.com/github/{self.owner}/{self.name}/blob/{self.branch}/{path}"
        return f"[![Open in Colab]({PICTURE})]({address})"


def repository(root: Path) -> Repository | None:
    """The public repository that `root`/pyproject.toml names; None for an empty address, or none.

    Raises ValueError for what is no repository at GitHub.
    """
    with open(root / "pyproject.toml", "rb") as file:
        table = tomllib.load(file).get("tool", {}).get("tunesmith", {})
    address, branch = table.get("repository", ""), table.get("branch", "main")
    if not address:
        return None
    word = r"\w[\w.-]*"
    found = re.fullmatch(rf"https://github\.com/({word})/({word}?)(\.git)?/?", str(address), re.ASCII)
    if not found or not re.fullmatch(rf"{word}(/{word})*", str(branch), re.ASCII):
        raise ValueError(
            f"pyproject.toml, [tool.tunesmith]: {address!r} with the branch {branch!r} is no repository at GitHub, "
            'which is where Colab opens notebooks from; write "https://github.com/OWNER/NAME", or "" for none'
        )
    return Repository(found[1], found[2], branch)


def setup_cell(root: Path) -> str:
    """The set-up cell as the lessons in the repository at `root` must have it."""
    public = repository(root)
    return tool.setup_cell(public.archive if public else "")


def updated_lesson(path: Path, public: Repository | None) -> str:
    """The text of the notebook at `path` with the badge and the set-up cell that `public` asks for."""
    lesson = tool.read_json(path)
    source = tool.setup_cell(public.archive if public else "")
    if not lesson["cells"] or not any("setup" in tool.tags(cell) for cell in lesson["cells"]):
        raise tool.LessonError(f"{path.name} has no set-up cell (tagged setup)")
    for cell in lesson["cells"]:
        if "setup" in tool.tags(cell):
            cell["source"] = source
    title = lesson["cells"][0]
    title["source"] = BADGE.sub("", title["source"]).rstrip()
    if public:
        title["source"] += f"\n\n{public.badge(f'notebooks/{path.name}')}"
    return tool.text_of(lesson)


def updated_readme(text: str, public: Repository | None) -> str:
    """README's text with a badge at the end of each lesson's row in its table, or with none."""
    text = re.sub(rf" *{BADGE.pattern}", "", text)
    if not public:
        return text
    return ROW.sub(lambda row: f"{row[0].removesuffix('|').rstrip()} {public.badge(row[1])} |", text)


def update(root: Path) -> list[str]:
    """Bring README and the lessons of the repository at `root` up to its public address; give what has changed.

    Nothing is written before everything has been thought through, and each file is written whole.
    """
    public = repository(root)
    texts = {path: updated_lesson(path, public) for path in tool.lessons(root / "notebooks", [])}
    readme = root / "README.md"
    texts[readme] = updated_readme(readme.read_text(encoding="utf-8"), public)
    changed = {path: text for path, text in texts.items() if path.read_bytes() != text.encode()}
    staged = {path: path.with_name(f".{path.name}.new") for path in changed}
    try:
        for path, beside in staged.items():
            write_whole(beside, changed[path].encode())
        for path, beside in staged.items():
            os.replace(beside, path)
    finally:
        for beside in staged.values():
            beside.unlink(missing_ok=True)
    return sorted(path.name for path in changed)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tunesmith.publish.badges", description="Write or remove badges.")
    parser.add_argument("--root", type=Path, default=Path("."), help="the course's repository; here by default")
    options = parser.parse_args(arguments)
    try:
        changed = update(options.root)
        public = repository(options.root)
    except (tool.LessonError, ValueError, OSError) as error:
        print(f"badges: {error}", file=sys.stderr)
        return 1
    where = f"for {public.owner}/{public.name}" if public else "pyproject.toml names no public repository: no badges"
    print(f"{where}; {'changed: ' + ', '.join(changed) if changed else 'nothing to change'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
