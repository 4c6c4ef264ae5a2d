#!/usr/bin/env python3
"""Compares an audit by g-gremlin with one by DuckDB: first the findings, then time and peak memory.

    python -m pip install -r benches/duckdb/requirements.txt
    cargo run --release --example generate_world -- medium full target/worlds/medium_full
    python benches/duckdb/compare.py target/worlds/medium_full [--check] [--runs 5] [--own-snapshot DIR]

Both sides are whole processes that start from the same CSV and NDJSON files and end with their findings written; DuckDB
runs `findings.sql` on two threads. g-gremlin also plans, explains and hashes, which DuckDB does not; some 60 MiB of
DuckDB's memory are the Python interpreter and the library itself, which are there before it reads anything. With
`--own-snapshot` the same audit from a snapshot that g-gremlin saved is compared as a third side. `--check` stops after
the findings. Exit code 1: the findings differ.
"""

import argparse
import concurrent.futures
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
COLUMNS = ["issue_code", "sf_account_id", "org_id", "user_id", "ticket_id", "domain", "missing_domains"]

# What the DuckDB side runs, in a process of its own: variables as NAME=VALUE, then the script.
RUN_SQL = """
import sys, duckdb
connection = duckdb.connect()
for name, value in (argument.split("=", 1) for argument in sys.argv[2:]):
    connection.execute("SET VARIABLE %s = '%s'" % (name, value.replace("'", "''")))
connection.execute(open(sys.argv[1]).read())
"""


def main():
    options = parse_arguments()
    sides = {"DuckDB": duckdb_side(options), "g-gremlin": gremlin_side(options, options.folder)}
    if options.own_snapshot:
        sides["g-gremlin, own snapshot"] = gremlin_side(options, options.own_snapshot)

    if not findings_agree(sides):
        sys.exit(1)
    if options.check:
        return

    # The sides take turns, so that a busy minute of the machine hurts all of them.
    measured = {name: [] for name in sides}
    for _ in range(options.runs):
        for name, (command, _) in sides.items():
            with tempfile.TemporaryDirectory() as out:
                measured[name].append(run(command(Path(out)), out))
    print_table(measured)


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare g-gremlin with DuckDB on one folder.")
    parser.add_argument("folder", type=Path, help="salesforce_accounts.csv and the plain NDJSON export")
    parser.add_argument("--check", action="store_true", help="compare the findings only")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each side (default: 5)")
    parser.add_argument("--own-snapshot", type=Path, help="the same data as a snapshot saved by g-gremlin")
    parser.add_argument("--as-of", default="2026-04-17T22:15:30Z", help="the clock of both sides (default: %(default)s)")
    parser.add_argument("--binary", type=Path, default=REPOSITORY / "target/release/g-gremlin")
    parser.add_argument("--personal", type=Path, default=REPOSITORY / "src/model/data/personal_domains.txt")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    # The sides run in folders of their own.
    for name in ("folder", "own_snapshot", "binary", "personal"):
        path = getattr(options, name)
        if path is not None:
            if not path.exists():
                parser.error(f"{path} does not exist")
            setattr(options, name, path.resolve())
    return options


# A side is two functions of an empty folder: the command that fills it, and the findings in it as tuples of COLUMNS.


def duckdb_side(options):
    def command(out):
        variables = {
            "folder": options.folder,
            "personal": options.personal,
            "as_of": options.as_of,
            "findings": out / "findings.csv",
        }
        pairs = [f"{name}={value}" for name, value in variables.items()]
        return [sys.executable, "-c", RUN_SQL, HERE / "findings.sql", *pairs]

    return command, read_duckdb_findings


def gremlin_side(options, snapshot):
    def command(out):
        audit = [options.binary, "zendesk", "drift", "audit", "--quiet", "--as-of", options.as_of]
        accounts = options.folder / "salesforce_accounts.csv"
        return [*audit, "--snapshot", snapshot, "--sf-accounts", accounts, "--out", out]

    return command, read_gremlin_findings


def read_duckdb_findings(out):
    return [tuple(row[column] for column in COLUMNS) for row in read_csv(out / "findings.csv")]


def read_gremlin_findings(out):
    (run_folder,) = out.glob("*_audit")
    missing_domains = {row["issue_id"]: row["missing_domains"] for row in read_csv(run_folder / "org_issues.csv")}
    findings = []
    for row in read_csv(run_folder / "all_exceptions.csv"):
        row["missing_domains"] = missing_domains.get(row["issue_id"], "")
        findings.append(tuple(row[column] for column in COLUMNS))
    return findings


def read_csv(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


def findings_agree(sides):
    """Runs every side once and prints how its findings differ from those of the first."""
    with tempfile.TemporaryDirectory() as folder:
        outs = {}
        for name, (command, _) in sides.items():
            outs[name] = Path(folder) / str(len(outs))
            outs[name].mkdir()
            run(command(outs[name]), outs[name])
        # A process starts with the peak memory of the one it was forked from. The findings are therefore read in
        # another process, and this one stays smaller than anything it measures.
        with concurrent.futures.ProcessPoolExecutor(max_workers=1) as pool:
            readers = [(name, reader, outs[name]) for name, (_, reader) in sides.items()]
            agree, report = pool.submit(compare_findings, readers).result()
    print(report)
    return agree


def compare_findings(readers):
    (first_name, first_reader, first_out), *others = readers
    expected = Counter(first_reader(first_out))
    lines = [f"{sum(expected.values())} findings by {first_name}"]
    by_code = Counter(code for code, *_ in expected.elements())
    lines += [f"  {count:>8}  {code}" for code, count in sorted(by_code.items())]
    agree = True
    for name, reader, out in others:
        found = Counter(reader(out))
        if found == expected:
            lines.append(f"{name}: the same findings")
            continue
        agree = False
        for side, rows in ((first_name, expected - found), (name, found - expected)):
            lines.append(f"only by {side}: {sum(rows.values())}")
            lines += ["  " + ",".join(row) for row in sorted(rows)[:20]]
    return agree, "\n".join(lines)


def run(command, folder):
    """Runs a command in `folder` to its end; returns its seconds and its peak memory in MiB."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            message = errors.read().decode(errors="replace")
            sys.exit(f"{command[0]} ended with {process.returncode}:\n{message}")
    # Linux counts in KiB, macOS in bytes.
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss / unit


def print_table(measured):
    medians = {}
    for name, runs in measured.items():
        medians[name] = tuple(statistics.median(column) for column in zip(*runs))
    base_seconds, base_memory = next(iter(medians.values()))
    print(f"\n{'':<24}  {'median s':>9}  {'of DuckDB':>9}  {'peak MiB':>9}  {'of DuckDB':>9}")
    for name, (seconds, memory) in medians.items():
        ratios = seconds / base_seconds, memory / base_memory
        print(f"{name:<24}  {seconds:>9.2f}  {ratios[0]:>9.2f}  {memory:>9.0f}  {ratios[1]:>9.2f}")


if __name__ == "__main__":
    main()
