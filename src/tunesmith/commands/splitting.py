"""How ``train`` and ``evaluate`` divide songs: the same split for both, and for what is measured against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import tunesmith as ts
from tunesmith.tokens.barred import encode_barred
from tunesmith.tokens.split import split_places
from tunesmith.tokens.steps import SIXTEENTH


def split_tokens(
    songs: Iterable[ts.Melody], step: Fraction = SIXTEENTH, *, collection: str = ""
) -> tuple[list[ts.BarredSong], list[ts.BarredSong], list[ts.BarredSong]]:
    """Training, validation and test songs as tokens with their metres, in C major or A minor."""
    parts = split_melodies(songs, step)
    train, valid, test = ([encode_barred(song, step, collection=collection) for song in part] for part in parts)
    return train, valid, test


def more_tokens(
    collections: Sequence[str], held_out: Sequence[ts.Melody], tokens: Iterable[str], step: Fraction = SIXTEENTH
) -> list[ts.BarredSong]:
    """Songs of other collections to learn from: without variants of those held out, and with the given tokens alone."""
    from tunesmith.learn.variants import without_variants

    tokens, added = set(tokens), []
    for name in collections:
        songs = [ts.to_empty_signature(song) for song in ts.load(name) if song.pitches]
        encoded = [encode_barred(song, step, collection=name) for song in without_variants(songs, held_out)]
        added += [song for song in encoded if tokens.issuperset(song)]
    return added


def split_melodies(
    songs: Iterable[ts.Melody], step: Fraction = SIXTEENTH
) -> tuple[list[ts.Melody], list[ts.Melody], list[ts.Melody]]:
    """The same training, validation and test songs as melodies, in C major or A minor."""
    songs = [ts.to_empty_signature(song) for song in songs]
    encoded = [ts.encode(song, step) for song in songs]
    parts = split_places(encoded, titles=[song.title for song in songs])
    train, valid, test = ([songs[place] for place in part] for part in parts)
    return train, valid, test
