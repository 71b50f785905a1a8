"""From a file's bytes to its text."""

from __future__ import annotations

from tunesmith.music.draft import SongError


def decode(content: bytes, source: str = "") -> tuple[str, list[str]]:
    """The text, and a remark if it is not UTF-8. Raises SongError where there is none."""
    remarks = []
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, remarks = content.decode("utf-16", errors="replace"), ["UTF-16, not UTF-8"]
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text, remarks = content.decode("latin-1"), ["not UTF-8: read as Latin-1"]
    if not text.strip():
        raise SongError("the file is empty", source=source, cause="empty file")
    return text, remarks
