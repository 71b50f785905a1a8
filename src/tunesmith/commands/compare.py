"""``compare``: from a guess to the best network, on the same songs, in one table."""

from __future__ import annotations

import argparse
import time

import tunesmith as ts
from tunesmith.commands.ablation import ALL_VIEWS, network, schedule
from tunesmith.commands.experiments import (
    Json,
    Row,
    SongSplit,
    add_options,
    grow_table,
    song_split,
    table_text,
    train_row,
    wanted_rows,
)
from tunesmith.commands.parsing import Commands, new_command

ORDERS = range(9)  # of the Markov chains
WINDOW_BATCH = 256  # windows in a batch of WindowLSTM, each with one target


def networks(batches: int) -> list[Row]:
    """The networks, each of about 340,000 weights but WindowLSTM, which is the introduction project's; and our best."""
    fit = schedule(batches)
    windows = {**fit, "batch_size": WINDOW_BATCH}
    return [
        Row(
            "feed-forward",
            "the last 64 steps side by side",
            lambda data: ts.WindowNetwork(data.vocabulary, hidden_size=320, dropout=0.3),
            fit,
        ),
        Row(
            "RNN",
            "plain recurrent layer of 512",
            lambda data: ts.MelodyRNN(data.vocabulary, "rnn", hidden_size=512, dropout=0.3),
            {**fit, "learning_rate": 1e-3},
        ),
        Row(
            "GRU",
            "gated recurrent unit of 304",
            lambda data: ts.MelodyRNN(data.vocabulary, "gru", hidden_size=304, dropout=0.3),
            fit,
        ),
        Row("WindowLSTM", "LSTM 256 over one-hot windows of 64, the next step only", _window_lstm, windows),
        Row("MelodyLSTM", "LSTM 256, every step a target", network(), fit),
        Row(
            "Transformer",
            "two layers of 128, four heads",
            lambda data: ts.MelodyTransformer(data.vocabulary, dropout=0.1),
            {**fit, "learning_rate": 1e-3},
        ),
        Row(
            "MelodyLSTM, views",
            "told bar, echoes, held, pitch, degree, interval; tied output",
            network(views=ALL_VIEWS, tied=True, dropout=0.35, input_dropout=0.2),
            fit,
        ),
    ]


def _window_lstm(data: SongSplit) -> ts.WindowLSTM:
    size = len(data.vocabulary)
    return ts.WindowLSTM(size, 256, size, dropout=0.3, vocabulary=data.vocabulary)


def counted(data: SongSplit, order: int) -> Json:
    """A Markov chain of an order, blended with all shorter ones: its losses, in nats per step."""
    from tunesmith.learn.ppm import song_guesses, song_ppm

    started = time.monotonic()
    model = song_ppm(data.vocabulary, data.train, order, exclude=True)
    seconds = time.monotonic() - started
    return {
        "seed": 1,
        **{part: _loss(song_guesses(model, data.vocabulary, getattr(data, part))) for part in _PARTS},
    } | {"seconds": round(seconds)}


_PARTS = ("valid", "test")


def _loss(guesses) -> float:
    nats = steps = 0.0
    for log_p, ids in guesses:
        nats -= log_p[range(len(ids)), ids].sum()
        steps += len(ids)
    return round(float(nats / steps), 4)


def add(commands: Commands) -> None:
    command = new_command(
        commands, "compare", _compare, "measure Markov chains and networks of equal size on the same songs"
    )
    add_options(command, seeds=3)


def _compare(options: argparse.Namespace) -> None:
    chains = {f"Markov, order {order}": order for order in ORDERS}
    trained = {row.name: row for row in networks(options.batches)}
    wanted = wanted_rows([*chains, *trained], options.rows)
    data = song_split(options.source)

    def measure(name: str, seed: int) -> Json:
        if name in chains:
            return counted(data, chains[name])
        return train_row(trained[name], data, seed)

    settings = {"source": options.source, "batches": options.batches, "batch": 16, "window_batch": WINDOW_BATCH}
    seeds = {name: 1 if name in chains else options.seeds for name in wanted}
    print(table_text(grow_table(options.out, settings, seeds, measure)))
    print(f"written: {options.out}")
