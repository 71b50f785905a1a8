"""``pearce``: models of melody in the test of Pearce (2005), beside his figures."""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING

import tunesmith as ts
from tunesmith.commands.parsing import RANDOM_SEED, Commands, check_free, new_command, whole_number
from tunesmith.music.files import write_whole

if TYPE_CHECKING:
    from tunesmith.models.pitch_lstm import PitchLSTM

_NAMES = ("kinder", "sopranos")


def add(commands: Commands) -> None:
    command = new_command(
        commands, "pearce", _pearce, "foretell pitches by ten-fold cross-validation, beside published figures"
    )
    command.add_argument("collections", nargs="*", metavar="COLLECTION", help=f"of {', '.join(_NAMES)}; none: both")
    command.add_argument("--folds", type=whole_number(1, 10), default=10, help="only the first so many, for a trial")
    command.add_argument("--no-networks", action="store_true", help="PPM alone: a minute")
    command.add_argument("--no-pre-training", action="store_true", help="no network that learns from other collections")
    command.add_argument("--random-seed", type=RANDOM_SEED, default=1, metavar="N", help="decides what networks draw")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="the numbers")
    command.add_argument("--overwrite", action="store_true", help="replace that file if it is there")


def _pearce(options: argparse.Namespace) -> None:
    import numpy
    import torch

    from tunesmith.learn import pearce, pearce_networks

    check_free(options.out, options.overwrite)
    names = list(dict.fromkeys(options.collections or _NAMES))
    started, seconds = time.monotonic(), {}
    collections = [pearce.read(name) for name in names]
    networks = not options.no_networks
    before = learned_from = None
    if networks and not options.no_pre_training:
        before, learned_from = _before(options.random_seed)
        seconds["pre-training"] = round(time.monotonic() - started)
    tables = []
    for data in collections:
        begun, table = time.monotonic(), pearce.Table(data)
        for fold in range(options.folds):
            rows = pearce.ppm_guesses(data, fold)
            if networks:
                rows |= pearce_networks.network_rows(data, fold, before, options.random_seed)
            for name, guesses in rows.items():
                table.add(name, fold, guesses)
            print(f"{data.name}: fold {fold + 1} of {options.folds}", flush=True)
        seconds[data.name] = round(time.monotonic() - begun)
        tables.append(table)
        print(f"\n{table}\n")
    results = {
        "what": "bits per note of models that foretell pitches, by ten-fold cross-validation, beside published figures",
        "source": pearce.SOURCE,
        "settings": {
            "folds": options.folds,
            "random_seed": options.random_seed,
            "combined_by": pearce.COMBINED_BY,
            **(pearce_networks.settings() if networks else {}),
        },
        "learned_from": learned_from,
        "collections": [table.as_json() for table in tables],
        "versions": {
            "tunesmith": ts.__version__,
            "torch": torch.__version__,
            "numpy": numpy.__version__,
            "python": platform.python_version(),
        },
        "seconds": {**seconds, "all": round(time.monotonic() - started)},
    }
    write_whole(options.out, (json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
    print(f"written: {options.out}")


def _before(seed: int) -> tuple[PitchLSTM, dict[str, object]]:
    """The network that learns from other collections, and from how much."""
    from tunesmith.learn import pearce, pearce_networks
    from tunesmith.learn.variants import without_variants

    songs = [song for name in pearce_networks.OTHERS for song in ts.load(name, durations=None)]
    tested = [song for name in _NAMES for song in pearce.read(name).songs]
    kept = without_variants(songs, tested)
    left_out = len(songs) - len(kept)
    print(f"learning from {len(kept):,} songs of other collections; left out as variants: {left_out}", flush=True)
    counts = {"collections": list(pearce_networks.OTHERS), "songs": len(kept), "variants_left_out": left_out}
    return pearce_networks.train_before(kept, seed), counts
