"""One file in, one file out: `read` and `write`, which go by the name's ending.

Lessons 03 and 07. What each format keeps: docs/formats.md.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from tunesmith.music.abc import abc_text, parse_abc, split_tunes
from tunesmith.music.draft import Parsed, SongError
from tunesmith.music.kern import kern_text, parse_kern
from tunesmith.music.melody import Melody
from tunesmith.music.midi import midi_bytes, parse_midi
from tunesmith.music.musicxml import musicxml_text, parse_musicxml
from tunesmith.music.mxl import LIMIT, mxl_bytes, parse_mxl, too_large
from tunesmith.music.numbers import parse_numbers, split_lines
from tunesmith.music.text import decode


class Reader(NamedTuple):
    """How a format is read.

    parse: the song's text, or its bytes where `binary`, and its source's name → `Parsed`; it raises
    SongError. cut: a file's text and its name → (first line, text) of each song; None: a file is one
    song. options: what `parse` takes besides. slow: several processes read a folder faster.
    limit: bytes that a file may have, None for any number.
    """

    parse: Callable[..., Parsed]
    cut: Callable[[str, str], list[tuple[int, str]]] | None = None
    options: tuple[str, ...] = ()
    binary: bool = False
    slow: bool = True
    limit: int | None = None


_MIDI = Reader(parse_midi, options=("track", "channel", "grid"), binary=True)
_MUSICXML = Reader(parse_musicxml, limit=LIMIT)

# Ending → how it is read.
READERS: dict[str, Reader] = {
    ".krn": Reader(parse_kern, slow=False),
    ".abc": Reader(
        parse_abc, cut=lambda text, source: split_tunes(text), options=("first_line", "modes_named"), limit=LIMIT
    ),
    ".mid": _MIDI,
    ".midi": _MIDI,
    ".musicxml": _MUSICXML,
    ".xml": _MUSICXML,
    ".mxl": Reader(parse_mxl, binary=True, limit=LIMIT),
    ".txt": Reader(parse_numbers, cut=split_lines, options=("first_line",), slow=False),
}
READS = tuple(READERS)

# Ending → what writes it. `tunesmith/__init__` adds the endings that the display room writes.
WRITERS: dict[str, Callable[[Melody], str | bytes]] = {
    ".krn": kern_text,
    ".abc": abc_text,
    ".mid": midi_bytes,
    ".midi": midi_bytes,
    ".musicxml": musicxml_text,
    ".mxl": mxl_bytes,
}


def read(
    path: str | os.PathLike[str],
    *,
    track: int | None = None,
    channel: int | None = None,
    grid: Fraction | float | str | None = None,
) -> Melody:
    """Read a file with one song: ``.krn .abc .mid .midi .musicxml .xml .mxl .txt``. Lesson 03.

    What was lost or is doubtful is kept in no melody: it is given as a warning, one line each.
    track, channel, grid: for MIDI alone, see `parse_midi`: which track and channel hold the melody,
    and the grid, in quarter notes, that its times are moved to.
    Raises SongError (a ValueError) with file and line for what can't be read, FileNotFoundError for
    what is not there, ValueError for `track`, `channel` or `grid` with another format.
    """
    import warnings

    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    if path.is_dir():
        raise SongError(f"{path} is a folder: load() reads it")
    chosen = {"track": track, "channel": channel, "grid": grid}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    for name in chosen:
        if name not in _reader(path).options:
            raise ValueError(f"{path.name}: {name}= is for MIDI files alone: leave it out")
    content, remarks = read_content(path)
    songs = cut_songs(path, content)
    if len(songs) > 1:
        remarks.append(f"{len(songs)} tunes: only the first is read; load() gives them all")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21's own; what matters is in the remarks
        parsed = parse_song(path.suffix, *songs[0], **chosen)
    for remark in (*remarks, *parsed.remarks):
        warnings.warn(f"{path.name}: {remark}", stacklevel=2)
    return parsed.melody


def _reader(path: Path) -> Reader:
    """What reads a file of that name. Raises SongError for an unknown ending."""
    ending = path.suffix.lower()
    if ending not in READERS:
        what = ending or "a file without an ending"
        raise SongError(f"can't read {what}: choose one of {' '.join(READS)}", source=path.name)
    return READERS[ending]


def read_content(path: Path) -> tuple[str | bytes, list[str]]:
    """What a file holds: bytes for a binary format, else text, with a remark if it is not UTF-8.

    Raises SongError for an unknown ending, an empty file, and one that is too large for a score.
    """
    reader = _reader(path)
    if reader.limit and path.stat().st_size > reader.limit:
        raise too_large(path.name)
    content = path.read_bytes()
    if not content.strip():
        raise SongError("the file is empty", source=path.name, cause="empty file")
    return (content, []) if reader.binary else decode(content, path.name)


def cut_songs(path: Path, content: str | bytes) -> list[tuple[str, int, str | bytes]]:
    """The songs of a file: (source, first line, text) each. Raises SongError where there is none."""
    cut = _reader(path).cut
    songs = cut(content, path.name) if cut else [(1, content)]
    if len(songs) == 1:
        return [(path.name, *songs[0])]
    return [(f"{path.name}, tune {number}", *song) for number, song in enumerate(songs, 1)]


def parse_song(ending: str, source: str, first_line: int, content: str | bytes, **options: Any) -> Parsed:
    """Read one song of a file that `cut_songs` cut; an option that its format lacks is passed over.

    Raises SongError.
    """
    reader = READERS[ending.lower()]
    options["first_line"] = first_line
    return reader.parse(content, source, **{name: options[name] for name in reader.options if name in options})


def write(melody: Melody, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a melody; the ending decides the format. Lesson 07.

    ``.krn .abc .mid .midi .musicxml .mxl`` are notes, ``.svg`` is a picture, ``.mp3`` a sound.

    Gives the path. Raises FileExistsError where a file stands already, unless `overwrite`;
    ValueError for an ending that can't be written or a melody without notes.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ValueError(f"can't write {path.suffix or 'a file without an ending'}: choose one of {' '.join(WRITERS)}")
    if not melody.pitches:
        raise ValueError("the melody has no notes: there is nothing to write")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already: choose another name, or say overwrite=True")
    content = writer(melody)
    write_whole(path, content.encode("utf-8") if isinstance(content, str) else content)
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, even if the power fails.

    Raises FileNotFoundError if its folder does not exist, another OSError, which names the file, if it
    can't be written.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}: make it first")
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = os.fspath(path)  # not the temporary one: it is this file that can't be written
        raise
