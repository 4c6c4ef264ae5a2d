"""Renders the program's Markdown as GitHub's cmark-gfm does, and looks at what it turned into: our own tags and links only,
tables of one width, and every outside text in a code span or in a cell of its own, letter by letter. $1: the program."""

import html.parser
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import cmarkgfm
from cmarkgfm.cmark import Options

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The link text of what leads to an artifact, to the run, and to a record in Zendesk or Salesforce.
LINKS = {"download", "the run", "org", "user", "ticket", "account"}
TARGETS = ("https://github.com/", "https://all-codes.zendesk.com/agent/", "https://unknown.zendesk.invalid/agent/")
TAGS = {"h2", "h3", "p", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "blockquote", "a", "span"}
SPECIAL = re.compile(r"@[a-z]|#[0-9]|GH-[0-9]|:[a-z+0-9]+:", re.IGNORECASE)
WORKFLOW = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/support-identity",
    "GITHUB_RUN_ID": "9876543210",
    "PATH": "/usr/bin:/bin",
}
HOSTILE = [
    "@octocat @acme/support", "#123 GH-1 acme/drift#1", "[click](https://evil.example)", "![x](https://evil.example/x.png)",
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "a|b||c", "a\\|b\\\\|c", "`", "``|``", "a`|`b", "` `", "$`x`$", "$a$",
    "# heading", "- list", "> quote", "[^1]", "[^1]: note", "www.evil.example", "https://evil.example/a_b", "someone.at.evil.example",
    ":tada: :+1:", "**bold** _it_ ~~gone~~", "&lt;b&gt; &#x3c;", "<!-- g-gremlin -->", "</td></tr></table>", "</details>", "::error::x",
    "##[error]x", "    code", "\\", "a\\", "\\`", "0123456789abcdef0123456789abcdef01234567", "\u202etxt", "x" * 1000, "`" * 300, "|" * 300,
    "=1+1", "---", "| --- |", "\u00a0", "<a href='javascript:x'>x</a>", "http://evil.example`|",
]


class Markup(html.parser.HTMLParser):
    """Collects what the Markdown turned into."""

    def __init__(self):
        super().__init__()
        self.tags, self.tables, self.codes, self.links, self.cells, self.outside = set(), [], [], [], [], ""
        self.inside = []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.inside.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append(0)
        if tag in ("td", "th"):
            self.tables[-1][-1] += 1
            self.cells.append("")
        if tag == "code":
            self.codes.append("")
        if tag == "a":
            self.links.append([dict(attributes).get("href", ""), ""])
        for name, _ in attributes:
            assert (tag, name) in {("td", "align"), ("th", "align"), ("a", "href"), ("pre", "lang"), ("code", "class")}, (tag, name)

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if "code" in self.inside:
            self.codes[-1] += data
        elif "a" in self.inside:
            self.links[-1][1] += data
        else:
            self.outside += data
            if "td" in self.inside:
                self.cells[-1] += data
            # GitHub looks for these in each run of text by itself.
            assert not SPECIAL.search(data), data


def look(name, text, most, count, canary):
    """Parses a page and checks what holds for every page."""
    assert count(text) <= most, (name, count(text))
    markup = Markup()
    # All of GitHub's extensions, and nothing filtered: what is dangerous must show.
    markup.feed(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES))
    assert markup.tags <= TAGS, (name, markup.tags - TAGS)
    for rows in markup.tables:
        assert len(set(rows)) == 1, (name, rows)
    assert {label for _, label in markup.links} <= LINKS, (name, markup.links)
    assert all(target.startswith(TARGETS) for target, _ in markup.links), (name, markup.links)
    assert canary is None or canary not in markup.outside, (name, markup.outside)
    return markup


def program(binary, *arguments, codes=(0,)):
    done = subprocess.run([binary, "zendesk", "drift", *arguments], env=WORKFLOW, capture_output=True, check=False)
    assert done.returncode in codes, done.stderr.decode()
    return done.stdout.decode()


def pages(binary, folder, *more):
    artifact = [*more, "--artifact-name=g-gremlin-audit-1", "--artifact-url=https://github.com/acme/support-identity/actions/runs/1/artifacts/2"]
    yield program(binary, "report", folder, "--to=job-summary", *artifact), 1_000_000, lambda text: len(text.encode())
    yield program(binary, "report", folder, "--to=comment", *artifact), 60_000, lambda text: len(text.encode("utf-16-le")) // 2


def shown(text):
    """How a text must look in a code span: what misleads is spelled out, as are backticks where there are very many."""
    text = text.replace("##[", r"##\u{5b}")
    if text.startswith("::"):
        text = r":\u{3a}" + text[2:]
    if "`" * 21 in text:
        text = text.replace("`", r"\u{60}")
    return "".join(c if c.isprintable() or c == "\u00a0" else f"\\u{{{ord(c):x}}}" for c in text)


def main(binary):
    looked = 0
    for fixture in ("demo", "all_codes"):
        for page in pages(binary, ROOT / "fixtures" / fixture / "expected"):
            look(fixture, *page, None)
            looked += 1

    # A reference whose every name is hostile, and each has a letter that is nowhere else.
    canary = "\u0416"
    draw = random.Random(1)
    names = HOSTILE + ["".join(draw.choices(HOSTILE, k=3)) for _ in range(300)]
    names = [canary + name + canary if at % 2 else name + canary for at, name in enumerate(names)]
    quoted = lambda cell: '"' + cell.replace('"', '""') + '"'
    # An id of white space or invisible characters is refused, so the ids are plain.
    rows = [f"H{at},{quoted(name)},a{at}.example" for at, name in enumerate(names)]
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        csv = work / "accounts.csv"
        csv.write_text("sf_account_id,account_name,account_domains\n" + "\n".join(rows) + "\n", "utf-8")
        source = [f"--snapshot={ROOT / 'fixtures/demo'}", f"--sf-accounts={csv}", "--as-of=2026-04-17T22:15:30Z"]
        program(binary, "audit", "--quiet", *source, f"--out={work / 'out'}")
        (run,) = (work / "out").glob("*_audit")
        for text, most, count in pages(binary, run):
            markup = look("hostile", text, most, count, None)
            looked += 1
            # Cut at 200 characters; what is shown of a name is exactly the name.
            whole = {shown(name.strip()) for name in names if len(shown(name)) < 200}
            cells = [cell.strip() for cell in markup.cells if canary in cell and "\u2026" not in cell]
            assert cells and all(cell in whole for cell in cells), [cell for cell in cells if cell not in whole][:3]
            assert markup.outside.count(canary) == sum(cell.count(canary) for cell in markup.cells)

        # The same as a change of the demo's reference.
        base = [f"--snapshot={ROOT / 'fixtures/demo'}", f"--sf-accounts={ROOT / 'fixtures/demo/salesforce_accounts.csv'}"]
        program(binary, "audit", "--quiet", *base, "--as-of=2026-04-17T22:15:30Z", f"--out={work / 'base'}")
        (before,) = (work / "base").glob("*_audit")
        for page in pages(binary, run, f"--baseline={before}", "--command=diff"):
            look("change", *page, canary)
            looked += 1

        # The receipt of a dry run, with ids and values of a hostile hand.
        program(binary, "audit", "--quiet", "--demo", f"--out={work / 'demo'}")
        (run,) = (work / "demo").glob("*_audit")
        program(binary, "apply", "--quiet", f"--plan={run / 'fix_plan.json'}", f"--out={work / 'demo'}")
        (run,) = (work / "demo").glob("*_apply")
        path = run / "apply_receipt.json"
        receipt = json.loads(path.read_text("utf-8"))
        first = receipt["results"][0]
        receipt["results"] = [
            first | {"action_id": name, "sf_account_id": name, "before": name, "after": [name, {"x": name}, None][at % 3]}
            for at, name in enumerate(names)
        ]
        receipt["source_plan_hash"] = receipt["run_id"] = receipt["started_at"] = names[5]
        path.write_text(json.dumps(receipt), "utf-8")
        for page in pages(binary, run):
            look("receipt", *page, canary)
            looked += 1
    print(f"reports: {looked} pages hold under cmark-gfm")


main(sys.argv[1])
