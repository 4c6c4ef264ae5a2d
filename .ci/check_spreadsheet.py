#!/usr/bin/env python3
"""Opens every CSV of a run folder in LibreOffice and compares each cell with what was written: accents, ids, lists and hostile names.

    python .ci/check_spreadsheet.py RUN_DIR

Needs `soffice` and `openpyxl` (.ci/requirements.txt). A person's LibreOffice sees the byte order mark; without a window it must be
told that the text is UTF-8. Exit code 1: a cell reads differently.
"""

import csv
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl

# Comma, double quote, UTF-8, from line 1.
# Source: https://help.libreoffice.org/latest/en-US/text/shared/guide/csv_params.html
FILTER = "--infilter=Text - txt - csv (StarCalc):44,34,76,1"


def main():
    tables = sorted(Path(sys.argv[1]).glob("*.csv"))
    if not tables:
        sys.exit(f"{sys.argv[1]} holds no CSV")
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = ["soffice", profile, "--headless", FILTER, "--convert-to", "xlsx", "--outdir", folder, *tables]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        different = [line for table in tables for line in compare(table, Path(folder) / f"{table.stem}.xlsx")]
    if different:
        sys.exit("\n".join(different))


def compare(table, sheet):
    """A line for each cell that reads differently."""
    with open(table, newline="", encoding="utf-8-sig") as file:
        written = list(csv.reader(file))
    read = list(openpyxl.load_workbook(sheet).active.iter_rows(values_only=True))
    if len(read) != len(written):
        yield f"{table.name}: {len(written)} rows were written, {len(read)} are read"
    for number, (row, cells) in enumerate(zip(written, read), start=1):
        for column, text, cell in itertools.zip_longest(written[0], row, cells):
            if as_text(cell) != text:
                yield f"{table.name}, row {number}, {column}: {text!r} is read as {cell!r}"


def as_text(cell):
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


main()
