"""Checks the `run:` bodies of an action and of workflows with shellcheck, and that no expression is pasted into one."""

import pathlib
import subprocess
import sys

import yaml


def bodies(document):
    """Every step's body with its name, an action's and a workflow's alike."""
    jobs = document.get("jobs", {"": document.get("runs", {})})
    for job, content in jobs.items():
        for step in content.get("steps", []):
            if "run" in step:
                yield f"{job}/{step.get('name', step['run'].splitlines()[0])}", step


def main(paths):
    failed = checked = 0
    for path in paths:
        for name, step in bodies(yaml.safe_load(pathlib.Path(path).read_text("utf-8"))):
            checked += 1
            if "${{" in step["run"]:
                print(f"{path}: {name}: an expression in a script; pass it by env", file=sys.stderr)
                failed += 1
            # Without a dialect line: a step's shell is bash. The step's environment is assigned elsewhere.
            environment = "".join(f"export {key}=x\n" for key in step.get("env", {}))
            # SC2154: assigned by the runner. SC1091: checked as a file of its own.
            command = ["shellcheck", "--shell=bash", "--exclude=SC1091,SC2154", "-"]
            done = subprocess.run(command, input="set -eo pipefail\n" + environment + step["run"], text=True, capture_output=True)
            if done.returncode != 0:
                print(f"{path}: {name}:\n{done.stdout}", file=sys.stderr)
                failed += 1
    print(f"run bodies: {checked} checked, {failed} findings")
    return 1 if failed or not checked else 0


sys.exit(main(sys.argv[1:]))
