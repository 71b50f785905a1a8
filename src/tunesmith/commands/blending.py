"""What ``blend`` and ``ways`` share: human tunes to measure against, and a table that is measured row by row."""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import tunesmith as ts
from tunesmith.commands.parsing import COUNT, RANDOM_SEED
from tunesmith.music.files import write_whole

if TYPE_CHECKING:
    import torch

Tune = tuple[str, ts.Melody | None]  # as text, and as it reads; None where it can't be read


class Human(NamedTuple):
    """The tunes of a collection, of the split that ``train`` makes. train, valid: texts. known: the melodies of the
    training tunes. held_out: the test tunes, those alone that can be read."""

    train: list[str]
    valid: list[str]
    known: list[ts.Melody]
    held_out: list[Tune]


def human_tunes(sources: Sequence[str], names: Sequence[str] | None = None) -> dict[str, Human]:
    """The tunes of two collections, by names: those of the styles, or the collections' own.

    Raises ValueError for a collection with too few tunes, and for the same one twice.
    """
    from tunesmith.learn.styles import split_together

    collections = [ts.abc_tunes(source) for source in sources]
    names = names or [each.name for each in collections]
    if len(set(names)) < len(names):
        raise ValueError(f"{names[0]} is given twice: name two collections")
    tunes = dict(zip(names, collections, strict=True))
    train, valid, test = split_together(tunes)
    found = {}
    for name, source in zip(names, sources, strict=True):
        songs = ts.load(source, durations=None)
        melodies = dict(zip(songs.names, songs, strict=True))
        by_text = {tune.text: melodies[tune.name] for tune in tunes[name] if tune.name in melodies}
        known = [by_text[text] for text in train[name] if text in by_text]
        held_out: list[Tune] = [(text, by_text[text]) for text in test[name] if text in by_text]
        if not (known and valid[name] and held_out):
            raise ValueError(f"{source} has too few tunes to measure others against ({len(by_text)}): give it twenty")
        found[name] = Human(train[name], valid[name], known, held_out)
    return found


def add_options(command: argparse.ArgumentParser) -> None:
    """The options that both have."""
    command.add_argument("--characters", type=COUNT, default=2000, help="at most so many in a tune")
    command.add_argument("--temperature", type=float, default=1.0, help="1 is the model's own, lower is safer")
    command.add_argument("--random-seed", type=RANDOM_SEED, default=1, metavar="N", help="decides every draw")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="the numbers")
    command.add_argument("--overwrite", action="store_true", help="replace that file if it is there")


class Table:
    """The rows of a result; each is measured as it is added."""

    def __init__(self, options: argparse.Namespace, human: dict[str, Human]) -> None:
        from tunesmith.learn.blends import Yardstick

        self.options = options
        self.human = human
        self.started = time.monotonic()
        self.yardstick = Yardstick(*(tunes.known for tunes in human.values()))
        self.rows: list[dict[str, Any]] = []
        self.how = {"characters": options.characters, "temperature": options.temperature}

    def add_human(self) -> None:
        """Held-out tunes of each collection by chance, and as many of both: what no model's row can be better than."""
        import torch

        chosen = []
        for name, tunes in self.human.items():
            order = torch.randperm(len(tunes.held_out), generator=self.generator()).tolist()
            chosen.append([tunes.held_out[place] for place in order[: self.options.tunes]])
            self._add(f"human, {name}", chosen[-1])
        half = max(1, min(map(len, chosen)) // 2)
        self._add("human, half of each", [*chosen[0][:half], *chosen[1][:half]])

    def add_written(self, name: str, model: ts.CharLSTM, style: Any = None, **more: Any) -> None:
        """Tunes that the model writes. style: for a model that has some. more: what to keep beside the numbers."""
        from tunesmith.learn.blends import readable
        from tunesmith.learn.write_texts import write_texts

        texts = write_texts(model, self.options.tunes, generator=self.generator(), style=style, **self.how)
        more |= {} if style is None else {"style": style}
        self._add(name, [(text, readable(text)) for text in texts], **more)

    def _add(self, name: str, tunes: list[Tune], **more: Any) -> None:
        melodies = [melody for _, melody in tunes if melody]
        if not melodies:
            raise ValueError(f"{name}: none of {len(tunes)} tunes can be read: there is nothing to measure")
        valid = sum(ts.check_abc(text).valid for text, _ in tunes)
        counts = {"tunes": len(tunes), "read": len(melodies), "valid": valid}
        measured = self.yardstick.measure(melodies, self.generator())
        self.rows.append({"name": name, **more, **counts, **measured})

    def generator(self) -> torch.Generator:
        """The same draws for every row, so that only what is asked for differs."""
        import torch

        return torch.Generator().manual_seed(self.options.random_seed)

    def finish(self, what: str, **settings: Any) -> None:
        """Write the numbers with all that decided them, and show the table."""
        import torch

        from tunesmith.learn.blends import COPIED, blend_table
        from tunesmith.learn.style_measures import MEASURES

        parents = self.yardstick.parents
        results = {
            "what": what,
            "collections": list(self.human),
            "settings": {
                **settings,
                "tunes": self.options.tunes,
                **self.how,
                "random_seed": self.options.random_seed,
            },
            "versions": {"tunesmith": ts.__version__, "torch": torch.__version__, "python": platform.python_version()},
            "seconds": round(time.monotonic() - self.started),
            "known": {name: len(tunes.known) for name, tunes in self.human.items()},
            "copied_run": COPIED,
            "labels": {name: measure.labels for name, measure in MEASURES.items()},
            "parents": {name: [rows.mean(0).round(4).tolist() for rows in pair] for name, pair in parents.items()},
            "rows": self.rows,
        }
        write_whole(self.options.out, (json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
        print(blend_table(results))
        print(f"written: {self.options.out}")
