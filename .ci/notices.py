"""Writes THIRD-PARTY-NOTICES.md: every crate that is linked into a release, with its license and the texts that it ships.

Usage: notices.py [--check]. With --check it fails when the committed file is not what it would write."""

import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "THIRD-PARTY-NOTICES.md"
TARGETS = [
    "x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "x86_64-apple-darwin", "aarch64-apple-darwin", "x86_64-pc-windows-msvc",
]
NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE")


def linked():
    """The crates that a release links, by id: normal dependencies only, on any of its targets."""
    found = {}
    for target in TARGETS:
        command = ["cargo", "metadata", "--locked", "--format-version=1", f"--filter-platform={target}"]
        metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
        nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
        packages = {package["id"]: package for package in metadata["packages"]}
        root = metadata["resolve"]["root"]
        open_ids, seen = [root], {root}
        while open_ids:
            for dependency in nodes[open_ids.pop()]["deps"]:
                is_normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
                if is_normal and dependency["pkg"] not in seen:
                    seen.add(dependency["pkg"])
                    open_ids.append(dependency["pkg"])
        found |= {id: packages[id] for id in seen - {root}}
    return sorted(found.values(), key=lambda package: (package["name"], package["version"]))


def texts(package):
    """The license texts that a crate ships."""
    folder = pathlib.Path(package["manifest_path"]).parent
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.upper().startswith(NAMES):
            yield "\n".join(line.rstrip() for line in path.read_text("utf-8", "replace").strip().splitlines())


def page():
    packages = linked()
    lines = [
        "# Third-party notices", "",
        f"A release of g-gremlin links the {len(packages)} crates below. The texts that they ship follow, each once.",
        "This page is written by `.ci/notices.py`.", "",
        "| crate | version | license |", "| --- | --- | --- |",
    ]
    users = collections.defaultdict(list)
    for package in packages:
        lines.append(f"| {package['name']} | {package['version']} | {package['license'] or 'see its text'} |")
        for text in texts(package):
            users[text].append(package["name"])
    for text, names in sorted(users.items(), key=lambda item: item[1]):
        lines += ["", f"## {', '.join(sorted(set(names)))}", "", "```text", text.replace("```", "'''"), "```"]
    return "\n".join(lines) + "\n"


def main():
    written = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(written, "utf-8")
    elif PAGE.read_text("utf-8") != written:
        sys.exit("THIRD-PARTY-NOTICES.md is out of date; run python3 .ci/notices.py")
    print("third-party notices: up to date")


main()
