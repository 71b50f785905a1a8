"""Many songs at once: named collections and folders, read on all cores, cached, with a report.

Lessons 03 and 04.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from tunesmith.music import cache, files
from tunesmith.music.cache import Result
from tunesmith.music.draft import SongError
from tunesmith.music.melody import Melody, exact
from tunesmith.music.progress import progress
from tunesmith.music.report import Outcome, Report, Songs
from tunesmith.music.sources import Source, find_sources

# The note values of the introduction project, in quarter notes: sixteenth to whole note.
DURATIONS = tuple(Fraction(value) for value in ("1/4", "1/2", "3/4", "1", "3/2", "2", "3", "4"))

_CHUNK = 16  # songs that a worker takes at a time


def load(
    source: str | os.PathLike[str],
    *,
    durations: Iterable[Fraction | float | str] | None = DURATIONS,
    jobs: int | None = None,
) -> Songs:
    """Read a collection that comes with music21, a folder, or a file. Lessons 03 and 04.

    Collections: ``"erk"``, ``"kinder"``, ``"irish"`` and more, see `COLLECTIONS` and data/README.md.
    Of a folder all files that `read` can read are read, its subfolders' too, whatever the mixture; of
    a file with several tunes each is a song of its own. The first reading of a collection takes a
    while and shows a bar; later ones come from the cache. A song that can't be read, or has a note
    value outside `durations` (quarter notes, judged before ties are joined; None admits all), is
    left out, and ``.report`` says why. A ``.txt`` without any line of numbers, such as a README, and
    an ``.xml`` that is no score are listed there as "no song".

    jobs: processes, by default one a core.
    Raises ValueError for a name that is no collection and no folder, and for a folder without songs.
    """
    name, sources = find_sources(source)
    key = cache.fingerprint(sources)
    results = cache.from_cache(key, len(sources))
    if results is None:
        results = _parse_all(sources, name, jobs)
        cache.to_cache(key, results)
    allowed = None if durations is None else {exact(value) for value in durations}
    melodies, outcomes = [], []
    for result in results:
        melody, outcome = _judge(result, allowed)
        outcomes.append(outcome)
        if melody is not None:
            melodies.append(melody)
    return Songs(name, melodies, Report(name, outcomes))


def _judge(result: Result, allowed: set[Fraction] | None) -> tuple[Melody | None, Outcome]:
    """Apply the filter of durations, and say what became of the song."""
    if result.parsed is None:
        return None, Outcome(result.name, "", result.cause, result.detail)
    song = result.parsed
    for duration, bar in song.written.items():
        if allowed is not None and duration not in allowed:
            detail = f"bar {bar} has a note value of {duration} quarters"
            return None, Outcome(result.name, song.melody.title, "durations", detail)
    detail = "; ".join(remark.replace("; ", ", ") for remark in song.remarks)
    return song.melody, Outcome(result.name, song.melody.title, "", detail)


def _parse_all(sources: list[Source], name: str, jobs: int | None) -> list[Result]:
    """Read the songs, in their order; several processes where that pays."""
    chunks = [sources[i : i + _CHUNK] for i in range(0, len(sources), _CHUNK)]
    jobs = min(jobs or os.cpu_count() or 1, len(chunks))
    label = f"reading {name}"
    if jobs == 1 or not any(files.READERS[song.ending].slow for song in sources if not song.error):
        return [_parse(song) for song in progress(sources, label)]
    from joblib import Parallel, delayed

    done = Parallel(n_jobs=jobs, return_as="generator")(delayed(_parse_chunk)(chunk) for chunk in chunks)
    return [result for chunk in progress(done, label, total=len(chunks)) for result in chunk]


def _parse_chunk(sources: list[Source]) -> list[Result]:
    return [_parse(source) for source in sources]


def _parse(song: Source) -> Result:
    if song.error:
        return Result(song.name, None, *song.error)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # music21's own; what matters is in the remarks
            where = (song.ending, song.source, song.first_line)
            parsed = files.parse_song(*where, song.text, modes_named=song.modes_named)
    except SongError as error:
        return Result(song.name, None, error.cause, str(error))
    return Result(song.name, replace(parsed, remarks=song.remarks + parsed.remarks))
