"""The command line: ``python -m tunesmith generate | show | encode | train | evaluate``."""

from __future__ import annotations

import argparse
import json
import platform
import secrets
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import tunesmith as ts
from tunesmith.music.files import READS, WRITERS, write_whole
from tunesmith.music.sources import COLLECTIONS
from tunesmith.tokens.steps import SIXTEENTH, as_step

_EXAMPLES = """examples:
  python -m tunesmith generate --seed "65 _ _ _ 65 _ 69" --out tune.mid
  python -m tunesmith generate --temperature 0.6 --random-seed 7 --out tune.mp3
  python -m tunesmith show tune.krn
  python -m tunesmith encode erk --out encoded
  python -m tunesmith train erk --out my_model.safetensors
  python -m tunesmith evaluate my_model.safetensors erk
  python -m tunesmith generate --model my_model.safetensors --out tune.svg
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code: 0, or 2 after an error said in one line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda text, *_: print(f"tunesmith {options.command}: {text}", file=sys.stderr)
            return options.run(options) or 0
    except (ValueError, OSError) as error:
        message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        place = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        print(f"tunesmith {options.command}: {place}{message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    """Says an error in one line, without the usage above it."""

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog.removeprefix('python -m ')}: {message} (--help lists all)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m tunesmith",
        description="Let a small recurrent network write melodies, and handle the songs that it learns from.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tunesmith {ts.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_generate(commands)
    _add_show(commands)
    _add_encode(commands)
    _add_train(commands)
    _add_evaluate(commands)
    return parser


def _command(commands, name: str, run, help: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def _whole(low: int, high: int = 2**63 - 1) -> Callable[[str], int]:
    """For argparse: takes a whole number from low to high."""

    def whole(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            span = f"of {low} or more" if low >= 0 else "of at most 18 digits"
            raise argparse.ArgumentTypeError(f"{text!r} should be a whole number {span}")
        return number

    return whole


_COUNT = _whole(1)
_RANDOM_SEED = _whole(-(2**63))


def _add_generate(commands) -> None:
    command = _command(commands, "generate", _generate, "write a new melody with a trained model")
    command.add_argument(
        "--seed",
        default="",
        metavar="TOKENS",
        help='how the melody begins, in C major or A minor: MIDI numbers, "r" for a rest, "_" to hold for one more '
        'sixteenth, such as "65 _ _ _ 65 _ 69"; empty: the model begins by itself',
    )
    command.add_argument("--steps", type=int, default=200, help="at most so many new steps (sixteenths)")
    command.add_argument("--minimum", type=int, default=64, help="the song does not end before so many steps")
    command.add_argument(
        "--temperature", type=float, default=0.8, help="0 always takes the likeliest, above 1 dares more"
    )
    command.add_argument("--top-k", type=_COUNT, metavar="K", help="draw from the K likeliest tokens only")
    command.add_argument(
        "--top-p", type=float, metavar="P", help="draw from the fewest tokens that together have probability P"
    )
    command.add_argument("--random-seed", type=_RANDOM_SEED, metavar="N", help="the same number gives the same melody")
    command.add_argument("--metre", default="4/4", help="how to bar the result")
    command.add_argument("--upbeat", default="0", help="quarter notes before the first full bar")
    command.add_argument("--title", default="", help="written into the file")
    command.add_argument("--model", default="erk", help="a trained model: a file, or a name that the course ships")
    command.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"the ending decides the format: {' '.join(WRITERS)}; without it the notes are printed only",
    )
    command.add_argument("--overwrite", action="store_true", help="replace the file if it is there")


def _generate(options: argparse.Namespace) -> None:
    import torch

    if options.out:
        _check_out(options.out, options.overwrite)
    random_seed = secrets.randbelow(10**6) if options.random_seed is None else options.random_seed
    melody = ts.generate(
        ts.load_model(options.model),
        options.seed,
        steps=options.steps,
        minimum=options.minimum,
        temperature=options.temperature,
        top_k=options.top_k,
        top_p=options.top_p,
        generator=torch.Generator().manual_seed(random_seed),
        metre=options.metre,
        upbeat=options.upbeat,
        title=options.title,
    )
    ts.show(melody)
    print(f"random seed {random_seed}: give it again to get the same melody")
    if options.out:
        print(f"written: {ts.write(melody, options.out, overwrite=options.overwrite)}")


def _check_out(path: Path, overwrite: bool) -> None:
    """Say before the work, not after it, that the result can't be written."""
    if path.suffix.lower() not in WRITERS:
        raise ValueError(f"can't write {path.suffix or 'a file without an ending'}: choose one of {' '.join(WRITERS)}")
    _check_free(path, overwrite)


def _check_free(path: Path, overwrite: bool) -> None:
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent}: make it first")
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file")
    if path.exists() and not overwrite:
        raise ValueError(f"{path} exists already: choose another name, or add --overwrite")


def _add_show(commands) -> None:
    command = _command(commands, "show", _show, "show songs in the browser, as scores that play")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help=f"songs: {' '.join(READS)}")
    command.add_argument("--track", type=_COUNT, metavar="N", help="of MIDI files: the track with the melody, from 1")
    command.add_argument("--channel", type=_COUNT, metavar="N", help="of MIDI files: its channel, from 1")
    command.add_argument("--grid", metavar="QUARTERS", help="of MIDI files: what times are rounded to, such as 1/12")
    command.add_argument("--out", type=Path, metavar="PAGE.html", help="write the page there and open no browser")
    command.add_argument("--overwrite", action="store_true", help="replace the page if it is there")


def _show(options: argparse.Namespace) -> None:
    import tempfile
    import webbrowser

    from tunesmith.display.show import page, text_form

    if options.out:
        _check_free(options.out, options.overwrite)
    choice = {"track": options.track, "channel": options.channel, "grid": options.grid}
    melodies = [ts.read(path, **choice) for path in options.files]
    for melody in melodies:
        print(text_form(melody), end="\n\n")
    content = page(melodies, title=", ".join(path.name for path in options.files)).encode("utf-8")
    if options.out:
        write_whole(options.out, content)
        print(f"written: {options.out}")
        return
    target = Path(tempfile.mkdtemp(prefix="tunesmith-")) / "show.html"
    target.write_bytes(content)
    if not webbrowser.open(target.as_uri()):
        print(f"no browser could be opened; the page is {target}")


def _add_encode(commands) -> None:
    command = _command(commands, "encode", _encode, "turn songs into tokens, one text file a song")
    command.add_argument(
        "source", metavar="SOURCE", help=f"a collection ({', '.join(COLLECTIONS)}), a folder or a file"
    )
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder, made if it is not there")
    command.add_argument(
        "--step", default=str(SIXTEENTH), help="length of a step in quarter notes; 1/12 admits triplets"
    )
    command.add_argument(
        "--durations",
        metavar="LIST",
        help="note values to admit, in quarter notes, such as 0.5,1,1.5,2; 'all' for every one on the grid "
        "(by default 0.25,0.5,0.75,1,1.5,2,3,4)",
    )
    command.add_argument("--keep-key", action="store_true", help="leave the songs in their own keys")
    command.add_argument("--overwrite", action="store_true", help="replace what an earlier run wrote there")


def _encode(options: argparse.Namespace) -> None:
    from tunesmith.music.corpus import DURATIONS
    from tunesmith.music.report import Outcome, Report

    step = as_step(options.step)
    durations = DURATIONS
    if options.durations:
        durations = None if options.durations == "all" else [part.strip() for part in options.durations.split(",")]
    folder = options.out / "songs"
    if folder.exists() and any(folder.iterdir()) and not options.overwrite:
        raise ValueError(f"{folder} has files in it already: choose another folder, or add --overwrite")
    for name in ("vocabulary.json", "report.json"):
        if (options.out / name).exists():
            _check_free(options.out / name, options.overwrite)
    songs = ts.load(options.source, durations=durations)
    encoded: dict[str, list[str]] = {}
    failures: dict[str, str] = {}
    for name, song in zip(songs.names, songs, strict=True):
        try:
            encoded[name] = ts.encode(song if options.keep_key else ts.to_empty_signature(song), step)
        except ValueError as error:
            failures[name] = str(error)
    report = Report(
        songs.name,
        [
            Outcome(outcome.name, outcome.title, "off the grid", failures[outcome.name])
            if outcome.name in failures
            else outcome
            for outcome in songs.report
        ],
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name in _earlier_songs(options.out) - encoded.keys():
        (folder / f"{name}.txt").unlink(missing_ok=True)
    for name, tokens in encoded.items():
        write_whole(folder / f"{name}.txt", (" ".join(tokens) + "\n").encode())
    ts.Vocabulary.of(encoded.values()).save(options.out / "vocabulary.json")
    settings = {"step": str(step), "durations": options.durations or "default", "transposed": not options.keep_key}
    text = json.dumps({**report.as_json(), "settings": settings}, indent=1, ensure_ascii=False)
    write_whole(options.out / "report.json", (text + "\n").encode("utf-8"))
    print(report)
    print(f"written: {len(encoded):,} songs, vocabulary.json and report.json in {options.out}")


def _earlier_songs(folder: Path) -> set[str]:
    """Names of the songs that an earlier run wrote there, as its report says; files of others are left alone."""
    try:
        songs = json.loads((folder / "report.json").read_text(encoding="utf-8"))["songs"]
        return {song["name"] for song in songs if not song["cause"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _add_train(commands) -> None:
    command = _command(commands, "train", _train, "train a network on a collection or a folder of songs")
    command.add_argument(
        "source", metavar="SOURCE", help=f"a collection ({', '.join(COLLECTIONS)}), a folder or a file"
    )
    command.add_argument("--out", type=Path, required=True, metavar="MODEL.safetensors", help="the trained weights")
    command.add_argument(
        "--model",
        choices=("MelodyLSTM", "WindowLSTM"),
        default="MelodyLSTM",
        help="MelodyLSTM learns from every step of whole songs, WindowLSTM from windows of 64 steps",
    )
    command.add_argument("--epochs", type=_COUNT, default=40, help="at most so often through all songs")
    command.add_argument(
        "--batches-per-epoch", type=_COUNT, metavar="N", help="an epoch ends after N batches; without it, after all"
    )
    command.add_argument(
        "--patience", type=_COUNT, default=5, help="epochs without a lower validation loss before it stops"
    )
    command.add_argument(
        "--embedding-size", type=_COUNT, default=64, help="numbers that describe one token (MelodyLSTM)"
    )
    command.add_argument("--hidden-size", type=_COUNT, default=256, help="numbers that the LSTM remembers with")
    command.add_argument("--layers", type=_COUNT, default=1, help="LSTM layers on top of each other")
    command.add_argument("--dropout", type=float, default=0.3, help="share of outputs silenced while training")
    command.add_argument("--batch-size", type=_COUNT, default=32, help="songs, or windows, in a batch")
    command.add_argument("--learning-rate", type=float, default=0.003, help="of Adam")
    command.add_argument(
        "--random-seed", type=_RANDOM_SEED, default=1, metavar="N", help="decides first weights, order and dropout"
    )
    command.add_argument("--device", default="cpu", help="cpu, cuda or mps")
    command.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="write the state there, and go on from it if it is there"
    )
    command.add_argument("--overwrite", action="store_true", help="replace the weights if they are there")


# What decides the result, beside the songs: it is written on the card.
_TRAINING = ("epochs", "batches_per_epoch", "patience", "batch_size", "learning_rate", "random_seed")


def _train(options: argparse.Namespace) -> None:
    import torch

    from tunesmith.learn.card import card_text
    from tunesmith.learn.train import mean_loss
    from tunesmith.models.token_model import count_parameters

    _check_free(options.out, options.overwrite)
    _check_free(options.out.with_suffix(".md"), options.overwrite)
    try:
        torch.empty(0, device=options.device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {options.device!r} is not to be had here: cpu always is") from error
    songs = ts.load(options.source)
    print(songs.report)
    train, valid, test = _split_tokens(songs)
    if not (train and valid):
        raise ValueError(f"{songs.name} has too few songs to divide 80/10/10 ({len(songs)}): give it ten or more")
    leaks = len(ts.near_duplicates(map(ts.decode, test), map(ts.decode, train)))
    torch.manual_seed(options.random_seed)
    model = _new_model(options, ts.Vocabulary.of([*train, *valid, *test])).to(options.device)
    print(f"{len(train):,} songs to train on, {len(valid):,} to validate, {len(test):,} to test")
    print(f"{leaks} test songs are near-duplicates of training songs: half of their notes stand there in a row")
    print(f"{count_parameters(model):,} weights, {len(model.vocabulary)} tokens")
    started = time.monotonic()
    history = ts.fit(
        model,
        train,
        valid,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        patience=options.patience,
        batches_per_epoch=options.batches_per_epoch,
        generator=torch.Generator().manual_seed(options.random_seed),
        checkpoint=options.checkpoint,
    )
    print(history)
    scores = {"validation": mean_loss(model, valid), "test": mean_loss(model, test) if test else None}
    settings = {name: value for name in _TRAINING if (value := getattr(options, name)) is not None}
    card = {
        "collection": songs.name,
        "songs": {
            "training": len(train),
            "validation": len(valid),
            "test": len(test),
            "left_out": len(songs.report.left_out),
        },
        "split": "80/10/10 by song, songs with the same title or incipit on one side, seed 0",
        "near_duplicates": leaks,
        "settings": settings,
        "nats_per_step": {name: round(score, 4) for name, score in scores.items() if score is not None},
        "epochs": {"trained": history.epochs, "kept": history.best_epoch},
        "seconds": round(time.monotonic() - started),
        "versions": {"tunesmith": ts.__version__, "torch": torch.__version__, "python": platform.python_version()},
    }
    ts.save_model(model.cpu(), options.out, **card)
    page = options.out.with_suffix(".md")
    write_whole(page, card_text(options.out.name, model, card, _command_line(options)).encode("utf-8"))
    print(f"nats per step: {card['nats_per_step']}")
    print(f"written: {options.out} ({options.out.stat().st_size:,} bytes) and its card, {page}")


def _split_tokens(songs, step=SIXTEENTH) -> tuple[list[list[str]], list[list[str]], list[list[str]]]:
    """Training, validation and test songs as tokens, in C major or A minor."""
    encoded = [ts.encode(ts.to_empty_signature(song), step) for song in songs]
    return ts.split(encoded, titles=[song.title for song in songs])


def _new_model(options: argparse.Namespace, vocabulary: ts.Vocabulary):
    """The network that `train` was asked for, with new weights."""
    if options.model == "WindowLSTM":
        size = len(vocabulary)
        return ts.WindowLSTM(
            size,
            options.hidden_size,
            size,
            num_layers=options.layers,
            dropout=options.dropout,
            vocabulary=vocabulary,
        )
    return ts.MelodyLSTM(vocabulary, options.embedding_size, options.hidden_size, options.layers, options.dropout)


def _command_line(options: argparse.Namespace) -> str:
    """The line that trains the same again: all that was not left at its default, places on this machine aside."""
    defaults = _parser().parse_args(["train", options.source, "--out", str(options.out)])
    changed = [
        f"--{name.replace('_', '-')} {value}"
        for name, value in vars(options).items()
        if value != getattr(defaults, name) and name not in ("run", "overwrite", "checkpoint", "device")
    ]
    return " ".join(["python -m tunesmith train", options.source, "--out", options.out.as_posix(), *changed])


def _add_evaluate(commands) -> None:
    command = _command(commands, "evaluate", _evaluate, "measure how well a model foretells songs, beside baselines")
    command.add_argument("model", metavar="MODEL", help="a trained model: a file, or a name that the course ships")
    command.add_argument(
        "source", metavar="SOURCE", help=f"a collection ({', '.join(COLLECTIONS)}), a folder or a file"
    )
    command.add_argument(
        "--part",
        choices=("train", "valid", "test", "all"),
        default="test",
        help="which songs, of the same split that train makes; all: every song, with no baselines that count songs",
    )
    command.add_argument("--out", type=Path, metavar="SCORES.json", help="write the numbers there too")
    command.add_argument("--overwrite", action="store_true", help="replace that file if it is there")


def _evaluate(options: argparse.Namespace) -> None:
    from tunesmith.learn.checkpoint import load_card

    if options.out:
        _check_free(options.out, options.overwrite)
    model = ts.load_model(options.model)
    if model.vocabulary is None:
        raise ValueError(f"{options.model} holds a {type(model).__name__} without a vocabulary: it can't read songs")
    songs = ts.load(options.source)
    train, valid, test = _split_tokens(songs, model.step)
    learned_from = load_card(options.model).get("collection", songs.name)
    if learned_from != songs.name and options.part != "all":
        print(f"the model learned from {learned_from}: songs that stand in {songs.name} too may be known to it")
    part = {"train": train, "valid": valid, "test": test, "all": [*train, *valid, *test]}[options.part]
    vocabulary = set(model.vocabulary)
    train, known = ([song for song in songs if vocabulary.issuperset(song)] for songs in (train, part))
    if len(known) < len(part):
        print(f"{len(part) - len(known):,} songs left out: they have tokens that the model does not know")
    if not known:
        raise ValueError(f"{songs.name} has no songs left to evaluate on as --part {options.part}: try --part all")
    result = ts.evaluate(model, known, None if options.part == "all" else train)
    print(result)
    if options.out:
        about = {"model": str(options.model), "source": songs.name, "part": options.part, **result.as_json()}
        write_whole(options.out, (json.dumps(about, indent=1) + "\n").encode())
        print(f"written: {options.out}")


if __name__ == "__main__":
    sys.exit(main())
