"""Where songs are: the collections in music21's corpus, and files in folders. None is read here."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from tunesmith.music import files
from tunesmith.music.draft import SongError


@dataclass(frozen=True)
class Collection:
    """Songs that come with music21. stems: files of its folder, without ending; none: all of them.

    terms: what music21 and the files say of what one may do with them.
    """

    folder: str
    terms: str
    stems: tuple[str, ...] = ()


_ESSEN_FOLDER = "essenFolksong"
_NON_COMMERCIAL = "in music21 by permission, for non-commercial use"
_UNSAID = (
    "their files name who transcribed them and no licence, music21 has the encoders' permission to distribute them, "
    "and its note says that some encodings may not be used commercially"
)


def _essen(*stems: str) -> Collection:
    return Collection(_ESSEN_FOLDER, _NON_COMMERCIAL, stems)


# Name → where its songs stand in music21's corpus. data/README.md says what they are.
COLLECTIONS: dict[str, Collection] = {
    "altdeu": _essen("altdeu10", "altdeu20"),
    "american": Collection("miscFolk", _UNSAID, ("americanfifeopus",)),
    "ballad": _essen(*(f"ballad{number}" for number in range(10, 81, 10))),
    "boehme": _essen("boehme10", "boehme20"),
    "dva": _essen("dva0"),
    "erk": _essen("erk5", "erk10", "erk20", "erk30"),
    "essen": _essen(),
    "fink": _essen("fink0"),
    "han": _essen("han1", "han2"),
    "haydn": _essen("folkHaydn"),
    "irish": Collection("oneills1850", _UNSAID),
    "irl": _essen("irl"),
    "kinder": _essen("kinder0"),
    "lot": _essen("lot"),
    "lux": _essen("lux"),
    "northumbrian": Collection("miscFolk", _UNSAID, ("northumbrianminstrelsyopus",)),
    "ryan": Collection("ryansMammoth", _UNSAID),
    "scottish": Collection("airdsAirs", _UNSAID),
    "variant": _essen("variant0"),
    "zuccal": _essen("zuccal0"),
}


def is_essen(collection: str) -> bool:
    """Whether a name is that of the Essen collection or a part of it, which are for non-commercial use."""
    return collection in COLLECTIONS and COLLECTIONS[collection].folder == _ESSEN_FOLDER


@dataclass(frozen=True)
class Source:
    """One song of a file, waiting to be read; or why its file could not even be opened."""

    name: str
    ending: str
    source: str
    first_line: int
    text: str | bytes
    modes_named: bool
    remarks: tuple[str, ...] = ()
    error: tuple[str, str] | None = None  # cause, message


def find_sources(source: str | os.PathLike[str]) -> tuple[str, list[Source]]:
    """The name of what is loaded, and its songs in the order of files, none of them read yet."""
    if isinstance(source, str) and source in COLLECTIONS:
        return source, _songs_of_collection(COLLECTIONS[source])
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
        raise ValueError(f"there are no songs in {root}: expected files ending in {' '.join(files.READS)}")
    songs = [song for path in paths for song in _songs_of(path, path.relative_to(root).as_posix())]
    return root.resolve().name, _unique_names(songs)


def _songs_of_collection(collection: Collection) -> list[Source]:
    """The songs of a collection: its files in the order of its stems, else of their names."""
    folder = Path(find_spec("music21").origin).parent / "corpus" / collection.folder
    if not folder.is_dir():
        raise ValueError(f"music21 was installed without its songs ({folder} is missing): install it from PyPI")
    paths = [folder / f"{stem}.abc" for stem in collection.stems] or sorted(folder.glob("*.abc"))
    # Of Essen's 31 files 30 have K: fields of a letter and a sign alone, over tunes in minor too; folkHaydn.abc
    # has "Dm", "Gm" and such in 13 of its 50. The other collections name modes: "Gm", "Dmix" (O'Neill), "Ador"
    # (Ryan), "E Minor", "A Dorian" (Aird, fife and Northumbrian tunes).
    whole_keys = collection.folder != _ESSEN_FOLDER
    return [song for path in paths for song in _songs_of(path, path.name, whole_keys or path.stem == "folkHaydn")]


def _songs_of(path: Path, source: str, modes_named: bool = True) -> list[Source]:
    """The songs of one file; one that can't be opened becomes an entry of its own."""
    ending = path.suffix.lower()
    try:
        content, remarks = files.read_content(path)
        songs = files.cut_songs(path, content)
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
