"""Checks a run folder with nothing of the program: the plan hash, the digests, the CSVs, the summary as Markdown."""

import csv
import hashlib
import html.parser
import json
import pathlib
import sys

import cmarkgfm
from cmarkgfm.cmark import Options


def canonical(value):
    """RFC 8785 for what a plan holds: texts, nulls, lists, objects and integers. Keys are ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Markup(html.parser.HTMLParser):
    """Collects what the Markdown turned into."""

    def __init__(self):
        super().__init__()
        self.tags, self.rows, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1


def main(folder):
    plan = json.loads((folder / "fix_plan.json").read_text("utf-8"))
    assert hashlib.sha256(canonical(plan["plan"])).hexdigest() == plan["plan_hash"], "plan_hash"

    receipt = json.loads((folder / "receipt.json").read_text("utf-8"))
    names = {path.name for path in folder.iterdir()}
    assert names == set(receipt["files"]) | {"receipt.json", "apply_receipt.json"}, names
    for name, digest in receipt["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name

    for path in sorted(folder.glob("*.csv")):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        assert all(len(row) == len(rows[0]) for row in rows), path.name
        for row in rows:
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\n", "\r", "＝", "＋", "－", "＠")) for cell in row), (path.name, row)

    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    with (folder / "exceptions_by_account.csv").open(encoding="utf-8-sig", newline="") as file:
        accounts = list(csv.DictReader(file))
    for column, total in [
        ("total_issue_count", "total_issue_count"),
        ("prepared_action_count", "prepared_action_count"),
        ("blocked_action_count", "blocked_action_count"),
    ]:
        assert sum(int(row[column]) for row in accounts) == summary[total], column

    markup = Markup()
    text = (folder / "summary.md").read_text("utf-8")
    markup.feed(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE))
    allowed = {"h1", "h2", "p", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    assert set(markup.tags) <= allowed, set(markup.tags) - allowed
    assert set(markup.rows) <= {2, 3, 6}, markup.rows
    print(f"{folder.name}: plan hash, digests, tables and summary hold")


main(pathlib.Path(sys.argv[1]))
