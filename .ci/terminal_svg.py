#!/usr/bin/env python3
"""Draws the README's picture of the terminal from the real output of the demo, with the clock fixed.

    python .ci/terminal_svg.py target/release/g-gremlin            # writes docs/images/terminal.svg
    python .ci/terminal_svg.py target/release/g-gremlin --check    # exit code 1: the picture is not what the program prints

Needs `rich` (.ci/requirements.txt). The picture loads nothing: it uses the fonts that a reader has.
"""

import argparse
import fcntl
import io
import os
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURE = Path(__file__).resolve().parent.parent / "docs/images/terminal.svg"
COLUMNS = 100
COMMAND = ["zendesk", "drift", "audit", "--demo"]
# Light gray on near black, and the eight colors of a terminal; all readable on the background.
THEME = TerminalTheme(
    (20, 23, 26),
    (230, 233, 236),
    [(20, 23, 26), (255, 138, 128), (127, 214, 162), (255, 185, 97), (124, 184, 255), (214, 160, 255), (120, 220, 232), (230, 233, 236)],
)
# `rich`'s own frame names fonts on the web; this one has the same places to fill.
FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>What g-gremlin prints for the demo</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
<rect width="{width}" height="{height}" rx="8" fill="#14171a" />
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main():
    parser = argparse.ArgumentParser(description="Draw the README's picture of the terminal.")
    parser.add_argument("program", type=Path)
    parser.add_argument("--check", action="store_true", help="compare with the picture instead of writing it")
    options = parser.parse_args()
    drawn = draw(output(options.program.resolve()))
    if not options.check:
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_text(drawn, encoding="utf-8")
    elif not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != drawn:
        sys.exit(f"{PICTURE.name} is not what the program prints; draw it again: python .ci/terminal_svg.py {options.program}")


def output(program):
    """What the demo prints on a terminal of this width."""
    terminal, program_side = os.openpty()
    fcntl.ioctl(program_side, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        command = [program, *COMMAND, "--as-of", "2026-04-17T22:15:30Z"]
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color"}
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=program_side, stderr=program_side)
        os.close(program_side)
        printed = b"".join(iter(lambda: read(terminal), b""))
        if process.wait() != 0:
            sys.exit(f"the demo failed:\n{printed.decode()}")
    return printed.decode().replace("\r\n", "\n")


def read(terminal):
    """The next bytes; none at the end, which a terminal reports as an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def draw(text):
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor", legacy_windows=False)
    console.print(Text(f"$ g-gremlin {' '.join(COMMAND)}", style="bold green"), highlight=False)
    console.print(Text.from_ansi(text.rstrip()), highlight=False)
    return console.export_svg(title="g-gremlin", theme=THEME, code_format=FRAME, unique_id="demo")


main()
