"""``sampling``: melodies drawn from a model in several ways, measured beside human songs."""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import tunesmith as ts
from tunesmith.commands.parsing import COUNT, RANDOM_SEED, Commands, check_free, new_command
from tunesmith.commands.splitting import split_melodies
from tunesmith.music.files import write_whole

# What each row is called, and how its melodies are drawn; n: the best of so many.
WAYS: dict[str, dict[str, float]] = {
    "temperature 0.7": {"temperature": 0.7},
    "temperature 0.8": {"temperature": 0.8},
    "temperature 1.0": {},
    "temperature 1.2": {"temperature": 1.2},
    "top_p 0.9": {"top_p": 0.9},
    "typical 0.9": {"typical_p": 0.9},
    "repetition +2": {"repetition": 2.0},
    "repetition +4": {"repetition": 4.0},
    "best of 4": {"n": 4},
}


def add(commands: Commands) -> None:
    command = new_command(
        commands, "sampling", _sampling, "compare ways of drawing melodies from a model, beside human songs"
    )
    command.add_argument("model", nargs="?", default="erk", metavar="MODEL", help="a trained model: a file, or a name")
    command.add_argument(
        "--collection", default="erk", metavar="SOURCE", help="human songs; the test songs of its split are held out"
    )
    command.add_argument(
        "--others", nargs="*", default=["kinder", "irish"], metavar="SOURCE", help="songs of other styles, for scale"
    )
    command.add_argument("--melodies", type=COUNT, default=100, help="so many for each way of drawing")
    command.add_argument("--steps", type=COUNT, default=512, help="at most so many steps in a melody")
    command.add_argument("--random-seed", type=RANDOM_SEED, default=1, metavar="N", help="decides every draw")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="the numbers")
    command.add_argument("--overwrite", action="store_true", help="replace that file if it is there")


def _sampling(options: argparse.Namespace) -> None:
    import torch

    from tunesmith.learn.melody_measures import HISTOGRAMS
    from tunesmith.learn.reference import COPIED_RUN, LONG_RUN, sampling_table

    check_free(options.out, options.overwrite)
    model = ts.load_model(options.model)
    table = _Table(model, options)
    started = time.monotonic()
    table.add_human()
    for name, how in WAYS.items():
        table.add_written(name, how)
    results = {
        "what": "melodies drawn from one model in several ways, beside human songs that it has not learned from",
        "model": str(options.model),
        "collection": table.collection,
        "settings": {
            "melodies": options.melodies,
            "steps": options.steps,
            "minimum": 0,
            "random_seed": options.random_seed,
            "others": options.others,
            "copied_run": COPIED_RUN,
            "long_run": LONG_RUN,
        },
        "versions": {"tunesmith": ts.__version__, "torch": torch.__version__, "python": platform.python_version()},
        "seconds": round(time.monotonic() - started),
        "reference": table.known,
        "labels": {name: labels for name, (labels, _) in HISTOGRAMS.items() if name != "class transitions"},
        "rows": table.rows,
    }
    write_whole(options.out, (json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
    print(sampling_table(results))
    print(f"written: {options.out}")


class _Table:
    """The rows of the result; each is measured as it is added."""

    def __init__(self, model: ts.MelodyLSTM, options: argparse.Namespace) -> None:
        from tunesmith.learn.checkpoint import load_card
        from tunesmith.learn.reference import Reference
        from tunesmith.learn.sample import check_request
        from tunesmith.learn.variants import without_variants

        check_request(model, options.steps, None, 0)  # refuses a model that writes text before the work
        self.model, self.options = model, options
        songs, card = ts.load(options.collection), load_card(options.model)
        if card.get("collection", songs.name) != songs.name:
            print(f"the model learned from {card['collection']}: songs of {songs.name} may be known to it")
        train, valid, self.held_out = split_melodies(songs, model.step)
        names = card.get("more", [])  # collections that it learned from beside, without variants of those held out
        more = [ts.to_empty_signature(song) for name in names for song in ts.load(name) if song.pitches]
        learned = without_variants(more, [*valid, *self.held_out]) if more else []
        self.collection, self.known = songs.name, {"songs": len(train), "more": names, "more_songs": len(learned)}
        self.reference = Reference(train, learned)
        self.frames = [(song.time_signature, song.upbeat) for song in train]
        self.rows: list[dict[str, Any]] = []

    def generator(self) -> Any:
        """The same draws for every row, so that only what is asked for differs."""
        import torch

        return torch.Generator().manual_seed(self.options.random_seed)

    def add_human(self) -> None:
        """All held-out songs, and as many as are drawn from a model of each other style."""
        self._add("human, held out", self.held_out)
        for source in self.options.others:
            songs = ts.load(source)
            order = self._drawn(len(songs))
            self._add(f"human, {songs.name}", [ts.to_empty_signature(songs[place]) for place in order])

    def add_written(self, name: str, how: dict[str, float]) -> None:
        """Melodies that the model writes; each is asked for in metre and upbeat of a training song drawn by chance."""
        import torch

        from tunesmith.learn.best_of import best_of_many
        from tunesmith.learn.sample_many import generate_many, offspring

        started = time.monotonic()
        places = torch.randint(len(self.frames), (self.options.melodies,), generator=self.generator())
        frames = [self.frames[place] for place in places.tolist()]
        settings = {"frames": frames, "steps": self.options.steps, "minimum": 0, **how}
        n = settings.pop("n", None)
        write = partial(best_of_many, self.model, n) if n else partial(generate_many, self.model)
        written = write(offspring(self.generator(), self.options.melodies), **settings)
        seconds = round(time.monotonic() - started, 1)
        cut = sum(melody.duration >= self.options.steps * self.model.step for melody in written)
        self._add(name, written, how=how, writing_seconds=seconds, cut=cut)

    def _drawn(self, count: int) -> list[int]:
        import torch

        return torch.randperm(count, generator=self.generator()).tolist()[: self.options.melodies]

    def _add(self, name: str, melodies: Sequence[ts.Melody], **more: Any) -> None:
        from tunesmith.learn.best_of import mean_log_probabilities
        from tunesmith.learn.reference import mean_and_interval

        measured = self.reference.measure(melodies, self.generator())
        readable = [song for song in melodies if self._knows(song)]
        scores = -mean_log_probabilities(self.model, readable).numpy()
        score = {**mean_and_interval(scores, self.generator()), "of": len(readable)} if readable else None
        self.rows.append({"name": name, **more, **measured, "score": score})
        print(f"{name}: {len(melodies)} melodies")

    def _knows(self, song: ts.Melody) -> bool:
        """Can the model read every step of the song?"""
        try:
            return set(self.model.vocabulary).issuperset(ts.encode(song, self.model.step))
        except ValueError:  # a length that is not on its grid
            return False
