"""Where songs are: the collections in music21's corpus, and files in folders. None is read here."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from tunesmith.music import files
from tunesmith.music.draft import SongError

# Where a named collection stands in music21's corpus. The Essen files name the tonic, not the mode.
_ESSEN = {
    "erk": ("erk5", "erk10", "erk20", "erk30"),
    "kinder": ("kinder0",),
}
COLLECTIONS = tuple(sorted(_ESSEN))


@dataclass(frozen=True)
class Source:
    """One song of a file, waiting to be read; or why its file could not even be opened."""

    name: str
    ending: str
    source: str
    first_line: int
    text: str
    modes_named: bool
    remarks: tuple[str, ...] = ()
    error: tuple[str, str] | None = None  # cause, message


def find_sources(source: str | os.PathLike[str]) -> tuple[str, list[Source]]:
    """The name of what is loaded, and its songs in the order of files, none of them read yet."""
    if isinstance(source, str) and source in _ESSEN:
        folder = Path(find_spec("music21").origin).parent / "corpus" / "essenFolksong"
        paths = [folder / f"{stem}.abc" for stem in _ESSEN[source]]
        return source, [song for path in paths for song in _songs_of(path, path.name, modes_named=False)]
    root = Path(source)
    if root.is_file():
        return root.name, _songs_of(root, root.name)
    if not root.is_dir():
        known = ", ".join(COLLECTIONS)
        raise ValueError(f"{os.fspath(source)!r} is neither a collection ({known}) nor a folder or file")
    paths = sorted(
        (path for path in root.rglob("*") if path.suffix.lower() in files.READS and path.is_file()),
        key=lambda path: path.relative_to(root).as_posix(),
    )
    if not paths:
        raise ValueError(f"there are no songs in {root}: expected files ending in {' or '.join(files.READS)}")
    songs = [song for path in paths for song in _songs_of(path, path.relative_to(root).as_posix())]
    return root.resolve().name, _unique_names(songs)


def _songs_of(path: Path, source: str, modes_named: bool = True) -> list[Source]:
    """The songs of one file; one that can't be opened becomes an entry of its own."""
    ending = path.suffix.lower()
    try:
        text, remarks = files.read_text(path)
        songs = files.cut_songs(path, text)
    except OSError as error:
        failure = ("unreadable file", f"can't be opened: {error.strerror}")
        return [Source(path.stem, ending, source, 1, "", modes_named, error=failure)]
    except SongError as error:
        return [Source(path.stem, ending, source, 1, "", modes_named, error=(error.cause, str(error)))]
    several = len(songs) > 1
    return [
        Source(
            f"{path.stem}-{number:0{len(str(len(songs)))}d}" if several else path.stem,
            ending,
            f"{source}, tune {number}" if several else source,
            first_line,
            tune,
            modes_named,
            tuple(remarks),
        )
        for number, (_, first_line, tune) in enumerate(songs, 1)
    ]


def _unique_names(songs: list[Source]) -> list[Source]:
    """A name that two files share gets its folder and ending added: ``tune`` → ``jigs-tune-abc``."""
    shared = {name for name, count in Counter(song.name.lower() for song in songs).items() if count > 1}
    taken: set[str] = set()
    renamed = []
    for song in songs:
        name = song.name
        if name.lower() in shared:
            folder = Path(song.source.split(", tune ")[0]).parent.as_posix().replace("/", "-")
            name = f"{'' if folder == '.' else folder + '-'}{name}-{song.ending[1:]}"
        base, number = name, 2
        while name.lower() in taken:
            name, number = f"{base}-{number}", number + 1
        taken.add(name.lower())
        renamed.append(replace(song, name=name))
    return renamed
