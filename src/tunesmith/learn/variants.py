"""Songs of other collections to learn from, without the variants of songs that a model is tested on. Lesson 11."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tunesmith.learn.originality import CopiedRuns
from tunesmith.music.melody import Melody
from tunesmith.tokens.split import incipit, title_mark

COPIED = 12  # a song that shares so many notes in a row with a tested song counts as its variant


def without_variants(songs: Iterable[Melody], tested: Sequence[Melody]) -> list[Melody]:
    """Those songs that are no variants of the tested ones. Lesson 11.

    Pitches alone are looked at, so that another rhythm hides nothing. A song is left out that has a tested song's
    first eight intervals, or its title, or shares `COPIED` notes in a row with one, in any key.
    """
    runs = CopiedRuns(_even(song) for song in tested)
    incipits = {_incipit(song) for song in tested}
    titles = {title_mark(song.title) for song in tested} - {""}
    return [
        song
        for song in songs
        if _incipit(song) not in incipits
        and title_mark(song.title) not in titles
        and runs.song_with(_even(song), COPIED) is None
    ]


def _even(song: Melody) -> Melody:
    """The same pitches, all of one length."""
    return Melody.of((pitch, 1) for pitch in song.pitches)


def _incipit(song: Melody) -> tuple:
    return incipit([str(pitch) for pitch in song.pitches])
