"""Compressed MusicXML (``.mxl``): a zip archive with a score in it, and a list that names the score.

The format: https://www.w3.org/2021/06/musicxml40/tutorial/compressed-mxl-files/
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import replace
from xml.etree import ElementTree

from tunesmith.music.draft import Parsed, SongError
from tunesmith.music.melody import Melody
from tunesmith.music.musicxml import musicxml_text, parse_musicxml
from tunesmith.music.text import decode

LIMIT = 20_000_000  # bytes of a score, unpacked; a tune has some ten thousand

_CONTAINER = "META-INF/container.xml"
_CONTAINER_TEXT = """<?xml version="1.0" encoding="UTF-8"?>
<container><rootfiles><rootfile full-path="score.musicxml"/></rootfiles></container>
"""


def parse_mxl(content: bytes, source: str = "") -> Parsed:
    """Read the score in a ``.mxl`` archive as `parse_musicxml` does. Lesson 03.

    No more than `LIMIT` bytes are ever unpacked. Raises SongError for a broken or encrypted archive,
    and for one without a score.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            score = _unpack(archive, _score_name(archive, source), source)
    except SongError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, KeyError) as error:
        message = "this is no whole .mxl archive: copy or export it anew"
        raise SongError(message, source=source) from error
    text, remarks = decode(score, source)
    parsed = parse_musicxml(text, source)
    return replace(parsed, remarks=(*remarks, *parsed.remarks))


def _score_name(archive: zipfile.ZipFile, source: str) -> str:
    """Which file of the archive is the score: as its container says, else the only one there is."""
    names = archive.namelist()
    if _CONTAINER in names:
        text, _ = decode(_unpack(archive, _CONTAINER, source), source)
        named = _named_in(text, source)
        if named in names:
            return named
        raise SongError(f"no score in the archive: {_CONTAINER} names {named[:60]!r}", source=source, cause="no song")
    scores = [name for name in names if name.lower().endswith((".musicxml", ".xml")) and "META-INF/" not in name]
    scores = [name for name in scores if not name.startswith("__MACOSX/")]
    if len(scores) == 1:
        return scores[0]
    found = f"{len(scores)} scores in the archive and no {_CONTAINER} that names one" if scores else ""
    raise SongError(found or "no score in the archive: it holds no .musicxml file", source=source, cause="no song")


def _named_in(container: str, source: str) -> str:
    """The path that a container's first rootfile names."""
    if "<!ENTITY" not in container:
        try:
            for element in ElementTree.fromstring(container).iter():
                if element.tag.rpartition("}")[2] == "rootfile":
                    return element.get("full-path", "")
        except (ElementTree.ParseError, ValueError):
            pass
    raise SongError(f"{_CONTAINER} in the archive does not name a score", source=source)


def _unpack(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    """A file of the archive; what is larger than allowed is left packed."""
    entry = archive.getinfo(name)
    if entry.flag_bits & 1:
        raise SongError("the archive is encrypted: save it without a password", source=source)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without a limit
        raise SongError("the archive is packed in a way that .mxl does not have: export it anew", source=source)
    with archive.open(entry) as file:
        content = file.read(LIMIT + 1)  # the size that the archive names may be a lie
    if len(content) > LIMIT:
        raise too_large(source)
    return content


def too_large(source: str) -> SongError:
    """The error for a score beyond `LIMIT`."""
    return SongError(f"larger than {LIMIT // 10**6} MB: this can be no melody", source=source, cause="too large")


def mxl_bytes(melody: Melody) -> bytes:
    """A melody as compressed MusicXML; the same melody gives the same bytes. Lesson 07."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in ((_CONTAINER, _CONTAINER_TEXT), ("score.musicxml", musicxml_text(melody))):
            entry = zipfile.ZipInfo(name)  # dated 1980, whenever it is written
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            archive.writestr(entry, text.encode("utf-8"))
    return buffer.getvalue()
