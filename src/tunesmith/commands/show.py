"""``show``: songs as a page in the browser."""

from __future__ import annotations

import argparse
from pathlib import Path

import tunesmith as ts
from tunesmith.commands.parsing import COUNT, Commands, check_free, new_command
from tunesmith.music.files import READS, write_whole


def add(commands: Commands) -> None:
    command = new_command(commands, "show", _show, "show songs in the browser, as scores that play")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help=f"songs: {' '.join(READS)}")
    command.add_argument("--track", type=COUNT, metavar="N", help="of MIDI files: the track with the melody, from 1")
    command.add_argument("--channel", type=COUNT, metavar="N", help="of MIDI files: its channel, from 1")
    command.add_argument("--grid", metavar="QUARTERS", help="of MIDI files: what times are rounded to, such as 1/12")
    command.add_argument("--out", type=Path, metavar="PAGE.html", help="write the page there and open no browser")
    command.add_argument("--overwrite", action="store_true", help="replace the page if it is there")


def _show(options: argparse.Namespace) -> None:
    import tempfile
    import webbrowser

    from tunesmith.display.show import page, text_form

    if options.out:
        check_free(options.out, options.overwrite)
    choice = {"track": options.track, "channel": options.channel, "grid": options.grid}
    melodies = [ts.read(path, **choice) for path in options.files]
    for melody in melodies:
        print(text_form(melody), end="\n\n")
    content = page(melodies, title=", ".join(path.name for path in options.files)).encode("utf-8")
    if options.out:
        write_whole(options.out, content)
        print(f"written: {options.out}")
        return
    target = Path(tempfile.mkdtemp(prefix="tunesmith-")) / "show.html"
    target.write_bytes(content)
    if not webbrowser.open(target.as_uri()):
        print(f"no browser could be opened; the page is {target}")
