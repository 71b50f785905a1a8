"""``ways``: three small networks learn from two collections, joined in three ways; how do their tunes differ?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import tunesmith as ts
from tunesmith.commands.blending import Human, Table, add_options, human_tunes
from tunesmith.commands.parsing import COUNT, Commands, check_free, new_command

EPOCH = 100  # steps at most, between two looks at the validation loss
# Small, since three are trained: about as good as the course's own after a tenth of the time.
NETWORK = {"embedding_size": 32, "hidden_size": 128, "num_layers": 1}
TRAINING = {"window": 100, "batch_size": 32, "learning_rate": 0.008}  # which falls to a tenth


def add(commands: Commands) -> None:
    command = new_command(
        commands, "ways", _ways, "train small networks on two collections joined in three ways, and compare"
    )
    command.add_argument("first", metavar="SOURCE", help="a collection, a folder or an ABC file")
    command.add_argument("second", metavar="SOURCE", help="another")
    command.add_argument("--steps", type=COUNT, default=1000, help="so many batches for each network")
    command.add_argument("--ratio", type=float, default=0.5, help="the first one's share of the tunes where mixed")
    command.add_argument("--tunes", type=COUNT, default=50, help="so many tunes for each row of the table")
    add_options(command)


def _ways(options: argparse.Namespace) -> None:
    from tunesmith.learn.blends import dialled
    from tunesmith.learn.styles import concatenated, labelled, mixed

    check_free(options.out, options.overwrite)
    human = human_tunes((options.first, options.second))
    table = Table(options, human)
    table.add_human()
    train, valid = ({name: getattr(tunes, part) for name, tunes in human.items()} for part in ("train", "valid"))
    generator = table.generator()
    ways = {
        "concatenated": [concatenated(*part.values()) for part in (train, valid)],
        "mixed": [mixed(*part.values(), options.ratio, generator) for part in (train, valid)],
        "labelled": [labelled(part) for part in (train, valid)],
    }
    epoch = min(EPOCH, *(_batches(train) for train, _ in ways.values()))  # all make the same steps
    for way, parts in ways.items():
        model = _trained(*parts, human, epoch, options)
        losses = _losses(model, human)
        print(f"{way}: nats per character on held-out tunes {losses}")
        for t in (0.0, 0.5, 1.0) if model.styles else (None,):
            style = {} if t is None else {"style": dialled(*human, t)}
            label = way if t is None else f"{way}, {t:.0%} {list(human)[1]}"
            table.add_written(label, model, **style, learned_from=len(parts[0]), nats_per_character=losses)
    table.finish(
        "tunes of three small networks that learned from two collections joined in three ways, equally long",
        sources=[options.first, options.second],
        steps=-(-options.steps // epoch) * epoch,
        ratio=options.ratio,
        **NETWORK,
        **TRAINING,
    )


def _batches(texts: Sequence[Any]) -> int:
    """How many batches an epoch of these tunes could have."""
    characters = sum(len(text if isinstance(text, str) else text[0]) for text in texts)
    return max(1, characters // TRAINING["window"] // TRAINING["batch_size"])


def _trained(
    train: Sequence[Any], valid: Sequence[Any], human: dict[str, Human], epoch: int, options: argparse.Namespace
) -> ts.CharLSTM:
    """A small network after so many steps. It has styles if the tunes are labelled."""
    import torch

    texts = [text for tunes in human.values() for text in (*tunes.train, *tunes.valid, *(t for t, _ in tunes.held_out))]
    torch.manual_seed(options.random_seed)
    styles = () if isinstance(train[0], str) else tuple(human)
    model = ts.CharLSTM(ts.Characters.of(texts), **NETWORK, styles=styles)
    epochs = -(-options.steps // epoch)
    ts.fit(
        model,
        train,
        valid,
        epochs=epochs,
        batches_per_epoch=epoch,
        patience=epochs,
        decay=0.1 ** (1 / epochs),
        generator=torch.Generator().manual_seed(options.random_seed),
        **TRAINING,
    )
    return model


def _losses(model: ts.CharLSTM, human: dict[str, Human]) -> dict[str, float]:
    """Nats per character on the held-out tunes of each collection, told their style where the model knows some."""
    from tunesmith.learn.train import mean_loss

    losses = {}
    for name, tunes in human.items():
        texts = [(text, name) if model.styles else text for text, _ in tunes.held_out]
        losses[name] = round(mean_loss(model, texts), 3)
    return losses
