"""``train``: a network learns from songs."""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.parsing import COUNT, RANDOM_SEED, Commands, check_free, new_command
from tunesmith.commands.splitting import split_tokens
from tunesmith.music.files import write_whole
from tunesmith.music.sources import COLLECTIONS


def add(commands: Commands) -> None:
    _add_options(new_command(commands, "train", _train, "train a network on a collection or a folder of songs"))


def _add_options(command: argparse.ArgumentParser) -> None:
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
    command.add_argument("--epochs", type=COUNT, default=40, help="at most so often through all songs")
    command.add_argument(
        "--batches-per-epoch", type=COUNT, metavar="N", help="an epoch ends after N batches; without it, after all"
    )
    command.add_argument(
        "--patience", type=COUNT, default=5, help="epochs without a lower validation loss before it stops"
    )
    command.add_argument(
        "--embedding-size", type=COUNT, default=64, help="numbers that describe one token (MelodyLSTM)"
    )
    command.add_argument("--hidden-size", type=COUNT, default=256, help="numbers that the LSTM remembers with")
    command.add_argument("--layers", type=COUNT, default=1, help="LSTM layers on top of each other")
    command.add_argument("--dropout", type=float, default=0.3, help="share of outputs silenced while training")
    command.add_argument("--batch-size", type=COUNT, default=32, help="songs, or windows, in a batch")
    command.add_argument("--learning-rate", type=float, default=0.003, help="of Adam")
    command.add_argument(
        "--random-seed", type=RANDOM_SEED, default=1, metavar="N", help="decides first weights, order and dropout"
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

    check_free(options.out, options.overwrite)
    check_free(options.out.with_suffix(".md"), options.overwrite)
    try:
        torch.empty(0, device=options.device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {options.device!r} is not to be had here: cpu always is") from error
    songs = ts.load(options.source)
    print(songs.report)
    train, valid, test = split_tokens(songs)
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
    parser = argparse.ArgumentParser()
    _add_options(parser)
    defaults = vars(parser.parse_args([options.source, "--out", str(options.out)]))
    changed = [
        f"--{name.replace('_', '-')} {value}"
        for name, default in defaults.items()
        if (value := getattr(options, name)) != default and name not in ("overwrite", "checkpoint", "device")
    ]
    return " ".join(["python -m tunesmith train", options.source, "--out", options.out.as_posix(), *changed])
