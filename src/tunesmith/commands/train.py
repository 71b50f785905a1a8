"""``train``: a network learns from songs."""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.parsing import COUNT, RANDOM_SEED, Commands, check_free, new_command
from tunesmith.commands.splitting import more_tokens, split_melodies
from tunesmith.models.views import ECHOES, VIEWS
from tunesmith.music.files import write_whole
from tunesmith.music.sources import COLLECTIONS
from tunesmith.tokens.barred import encode_barred


def add(commands: Commands) -> None:
    _add_options(new_command(commands, "train", _train, "train a network on a collection or a folder of songs"))


def _add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "source",
        metavar="SOURCE",
        nargs="+",
        help=f"a collection ({', '.join(COLLECTIONS)}), a folder or a file; several, each a style, for CharLSTM alone",
    )
    command.add_argument("--out", type=Path, required=True, metavar="MODEL.safetensors", help="the trained weights")
    command.add_argument(
        "--model",
        choices=("MelodyLSTM", "WindowLSTM", "CharLSTM"),
        default="MelodyLSTM",
        help="MelodyLSTM learns from every step of whole songs, WindowLSTM from windows of 64 steps, CharLSTM from "
        "the characters of tunes in ABC",
    )
    command.add_argument("--epochs", type=COUNT, default=40, help="at most so often through all songs")
    command.add_argument(
        "--batches-per-epoch", type=COUNT, metavar="N", help="an epoch ends after N batches; without it, after all"
    )
    command.add_argument(
        "--patience", type=COUNT, default=5, help="epochs without a lower validation loss before it stops"
    )
    command.add_argument(
        "--embedding-size", type=COUNT, default=64, help="numbers that describe one token (not WindowLSTM)"
    )
    command.add_argument("--hidden-size", type=COUNT, default=256, help="numbers that the LSTM remembers with")
    command.add_argument("--layers", type=COUNT, default=1, help="LSTM layers on top of each other")
    command.add_argument("--dropout", type=float, default=0.3, help="share of outputs silenced while training")
    command.add_argument(
        "--views",
        nargs="+",
        choices=VIEWS,
        default=[],
        metavar="VIEW",
        help=f"what MelodyLSTM is told: {', '.join(VIEWS)}",
    )
    command.add_argument(
        "--tied", action="store_true", help="MelodyLSTM's embedding of a token is its row of the output layer too"
    )
    command.add_argument(
        "--input-dropout", type=float, metavar="P", help="of MelodyLSTM's embedding, where it should not be --dropout"
    )
    command.add_argument("--variational", action="store_true", help="MelodyLSTM's dropout lasts a whole song")
    command.add_argument(
        "--more", nargs="+", default=[], metavar="SOURCE", help="collections to learn from beside SOURCE (MelodyLSTM)"
    )
    command.add_argument("--batch-size", type=COUNT, default=32, help="songs, or windows, in a batch")
    command.add_argument("--window", type=COUNT, default=128, help="characters in a random window (CharLSTM)")
    command.add_argument("--learning-rate", type=float, default=0.003, help="of Adam")
    command.add_argument(
        "--decay", type=float, default=1.0, help="what the learning rate is multiplied by after each epoch"
    )
    command.add_argument(
        "--averaging", type=float, default=0.0, help="end with a running average of the weights, such as 0.998; 0: none"
    )
    command.add_argument(
        "--precision", choices=("float32", "bfloat16"), default="float32", help="of the forward pass while training"
    )
    command.add_argument(
        "--random-seed", type=RANDOM_SEED, default=1, metavar="N", help="decides first weights, order and dropout"
    )
    command.add_argument("--device", default="cpu", help="cpu, cuda or mps")
    command.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="write the state there, and go on from it if it is there"
    )
    command.add_argument("--overwrite", action="store_true", help="replace the weights if they are there")


# What decides the result, beside the songs: it is written on the card.
_TRAINING = (
    *("epochs", "batches_per_epoch", "patience", "batch_size", "learning_rate", "decay"),
    *("averaging", "precision", "random_seed"),
)


@dataclass
class _Data:
    """What a network is to learn from, divided. Songs are tokens, or texts, with their styles if there are several."""

    name: str
    train: Sequence
    valid: Sequence
    test: Sequence
    left_out: int
    split: str
    near_duplicates: Callable[[], int]


def _train(options: argparse.Namespace) -> None:
    import torch

    from tunesmith.learn.card import card_text
    from tunesmith.learn.train import mean_loss
    from tunesmith.models.token_model import count_parameters

    check_free(options.out, options.overwrite)
    check_free(options.out.with_suffix(".md"), options.overwrite)
    try:
        torch.empty(0, device=options.device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {options.device!r} is not to be had here: cpu always is") from error
    of_text = options.model == "CharLSTM"
    data = _texts(options.source) if of_text else _songs(options.source, options.more)
    count = len(data.train) + len(data.valid) + len(data.test)
    if not (data.train and data.valid):
        raise ValueError(f"{data.name} has too few songs to divide 80/10/10 ({count}): give it ten or more")
    torch.manual_seed(options.random_seed)
    model = _new_model(options, data).to(options.device)
    print(f"{len(data.train):,} songs to train on, {len(data.valid):,} to validate, {len(data.test):,} to test")
    print(f"{count_parameters(model):,} weights, {len(model.vocabulary)} {'characters' if of_text else 'tokens'}")
    started = time.monotonic()
    history = ts.fit(
        model,
        data.train,
        data.valid,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        patience=options.patience,
        batches_per_epoch=options.batches_per_epoch,
        window=options.window if of_text else None,
        decay=options.decay,
        averaging=options.averaging,
        precision=options.precision,
        generator=torch.Generator().manual_seed(options.random_seed),
        checkpoint=options.checkpoint,
        on_epoch=_say if of_text else None,
    )
    print(history)
    seconds = round(time.monotonic() - started)
    leaks = data.near_duplicates()
    print(f"{leaks} test songs are near-duplicates of training songs: half of their notes stand there in a row")
    scores = {part: round(mean_loss(model, songs), 4) for part, songs in _parts(model, data).items() if songs}
    names = (*_TRAINING, "window") if of_text else _TRAINING
    settings = {name: value for name in names if (value := getattr(options, name)) is not None}
    card = {
        "collection": data.name,
        **({"more": options.more} if options.more else {}),
        "songs": {
            "training": len(data.train),
            "validation": len(data.valid),
            "test": len(data.test),
            "left_out": data.left_out,
        },
        "split": data.split,
        "near_duplicates": leaks,
        "settings": settings,
        f"nats_per_{model.unit}": scores,
        "epochs": {"trained": history.epochs, "kept": history.best_epoch},
        "seconds": seconds,
        "versions": {"tunesmith": ts.__version__, "torch": torch.__version__, "python": platform.python_version()},
    }
    ts.save_model(model.cpu(), options.out, **card)
    page = options.out.with_suffix(".md")
    write_whole(page, card_text(options.out.name, model, card, _command_line(options)).encode("utf-8"))
    print(f"nats per {model.unit}: {scores}")
    print(f"written: {options.out} ({options.out.stat().st_size:,} bytes) and its card, {page}")


def _songs(sources: list[str], more: list[str]) -> _Data:
    """Token songs of one source, and what others add to its training songs. ValueError for several sources."""
    if len(sources) > 1:
        raise ValueError(
            f"only a CharLSTM learns from several sources: give one of {', '.join(sources)}, or use --more"
        )
    songs = ts.load(sources[0])
    print(songs.report)
    melodies = split_melodies(songs)
    train, valid, test = ([encode_barred(song, collection=songs.name) for song in part] for part in melodies)
    told = "80/10/10 by song, songs with the same title or incipit on one side, seed 0"
    if more:
        added = more_tokens(more, [*melodies[1], *melodies[2]], ts.Vocabulary.of([*train, *valid, *test]))
        told += f"; {len(added):,} more training songs, without variants of validation and test songs"
        train = [*train, *added]

    def leaks() -> int:
        return len(ts.near_duplicates(map(ts.decode, test), map(ts.decode, train)))

    return _Data(songs.name, train, valid, test, len(songs.report.left_out), told, leaks)


def _texts(sources: list[str]) -> _Data:
    """Tunes of the sources as texts; each of several sources is a style. ValueError for two of one name."""
    from tunesmith.learn.styles import labelled, split_together

    collections = {}
    for source in sources:
        tunes = ts.abc_tunes(source)
        if tunes.name in collections:
            raise ValueError(f"{tunes.name} is given twice: each style needs a name of its own")
        print(tunes.report)
        collections[tunes.name] = tunes
    parts = split_together(collections)
    left_out = sum(len(tunes.report.left_out) for tunes in collections.values())
    told = "80/10/10 by tune, tunes with the same title or incipit on one side, seed 0"
    divided = (labelled(part) if len(part) > 1 else next(iter(part.values())) for part in parts)

    def leaks() -> int:
        return sum(
            _near_duplicates(source, tunes, *({*part[tunes.name]} for part in (parts[2], parts[0])))
            for source, tunes in zip(sources, collections.values(), strict=True)
        )

    return _Data(" + ".join(collections), *divided, left_out, told, leaks)


def _near_duplicates(source: str, tunes: Sequence, test: set[str], train: set[str]) -> int:
    """How many test texts are near-duplicates of training texts, as melodies; without those that can't be read."""
    songs = ts.load(source, durations=None)
    melodies = dict(zip(songs.names, songs, strict=True))
    known = [tune for tune in tunes if tune.name in melodies]
    return len(
        ts.near_duplicates(*([melodies[tune.name] for tune in known if tune.text in part] for part in (test, train)))
    )


def _parts(model: ts.CharLSTM, data: _Data) -> dict[str, Sequence]:
    """Which songs the losses on the card are of. For texts training too, and the test songs of each style."""
    if model.unit == "step":
        return {"validation": data.valid, "test": data.test}
    parts = {"training": data.train, "validation": data.valid, "test": data.test}
    return parts | {f"test, {name}": [song for song in data.test if song[1] == name] for name in model.styles}


def _say(history) -> None:
    """One line an epoch, for a training that takes long."""
    print(
        f"epoch {history.epochs}: training {history.train_loss[-1]:.4f}, validation {history.valid_loss[-1]:.4f} "
        f"nats per {history.unit}",
        flush=True,
    )


def _new_model(options: argparse.Namespace, data: _Data):
    """The network that `train` was asked for, with new weights."""
    songs = [*data.train, *data.valid, *data.test]
    sizes = (options.embedding_size, options.hidden_size, options.layers, options.dropout)
    if options.model == "CharLSTM":
        if len(options.source) == 1:
            return ts.CharLSTM(ts.Characters.of(songs), *sizes)
        styles = data.name.split(" + ")
        return ts.CharLSTM(ts.Characters.of(text for text, _ in songs), *sizes, styles=styles)
    vocabulary = ts.Vocabulary.of(songs)
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
    heard = [song for song in data.train if song.time_signature]
    return ts.MelodyLSTM(
        vocabulary,
        *sizes,
        views=options.views,
        metres=sorted({song.time_signature for song in heard}) if {"bar", *ECHOES} & {*options.views} else (),
        collections=[data.name, *options.more] if "collection" in options.views else (),
        tied=options.tied,
        input_dropout=options.input_dropout,
        variational=options.variational,
    )


def _command_line(options: argparse.Namespace) -> str:
    """The line that trains the same again: all that was not left at its default, places on this machine aside."""
    parser = argparse.ArgumentParser()
    _add_options(parser)
    defaults = vars(parser.parse_args([*options.source, "--out", str(options.out)]))
    changed = [
        f"--{name.replace('_', '-')} {_as_typed(value)}".rstrip()
        for name, default in defaults.items()
        if (value := getattr(options, name)) != default and name not in ("overwrite", "checkpoint", "device")
    ]
    return " ".join(["python -m tunesmith train", *options.source, "--out", options.out.as_posix(), *changed])


def _as_typed(value: object) -> str:
    """An option's value as one types it: nothing for a flag, several words for a list."""
    if value is True:
        return ""
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
