"""One file in, one file out: `read` and `write`, which go by the name's ending.

Lessons 03 and 07.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from tunesmith.music.abc import parse_abc, split_tunes
from tunesmith.music.draft import Parsed, SongError
from tunesmith.music.kern import kern_text, parse_kern
from tunesmith.music.melody import Melody
from tunesmith.music.midi import midi_bytes
from tunesmith.music.musicxml import musicxml_text

READS = (".krn", ".abc")

# Ending → what writes it. `tunesmith/__init__` adds the endings that the display room writes.
WRITERS: dict[str, Callable[[Melody], str | bytes]] = {
    ".krn": kern_text,
    ".mid": midi_bytes,
    ".midi": midi_bytes,
    ".musicxml": musicxml_text,
}


def read(path: str | os.PathLike[str]) -> Melody:
    """Read a file with one song: ``.krn`` or ``.abc``. Lesson 03.

    What was lost or is doubtful is kept in no melody: it is given as a warning, one line each.
    Raises SongError (a ValueError) with file and line for what can't be read, FileNotFoundError for
    what is not there.
    """
    import warnings

    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    text, remarks = read_text(path)
    songs = cut_songs(path, text)
    if len(songs) > 1:
        remarks.append(f"{len(songs)} tunes: only the first is read; load() gives them all")
    parsed = parse_song(path.suffix, *songs[0])
    for remark in (*remarks, *parsed.remarks):
        warnings.warn(f"{path.name}: {remark}", stacklevel=2)
    return parsed.melody


def read_text(path: Path) -> tuple[str, list[str]]:
    """The text of a file, and a remark if it is not UTF-8. Raises SongError for an empty file."""
    content = path.read_bytes()
    remarks = []
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, remarks = content.decode("utf-16", errors="replace"), ["UTF-16, not UTF-8"]
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text, remarks = content.decode("latin-1"), ["not UTF-8: read as Latin-1"]
    if not text.strip():
        raise SongError("the file is empty", source=path.name, cause="empty file")
    return text, remarks


def cut_songs(path: Path, text: str) -> list[tuple[str, int, str]]:
    """The songs of a file: (source, first line, text) each. Raises SongError for an unknown ending."""
    ending = path.suffix.lower()
    if ending == ".krn":
        return [(path.name, 1, text)]
    if ending == ".abc":
        tunes = split_tunes(text)
        if len(tunes) == 1:
            return [(path.name, *tunes[0])]
        return [(f"{path.name}, tune {number}", *tune) for number, tune in enumerate(tunes, 1)]
    raise SongError(f"can't read {ending or 'a file without an ending'}: {' or '.join(READS)}", source=path.name)


def parse_song(ending: str, source: str, first_line: int, text: str, modes_named: bool = True) -> Parsed:
    """Read one song of a file that `cut_songs` cut. Raises SongError."""
    if ending.lower() == ".krn":
        return parse_kern(text, source)
    return parse_abc(text, source, first_line=first_line, modes_named=modes_named)


def write(melody: Melody, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a melody; the ending decides the format: ``.krn .mid .musicxml .svg .mp3``. Lesson 07.

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

    Raises FileNotFoundError if its folder does not exist.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}: make it first")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
