#!/usr/bin/env python3
"""How much of the sources the tests of a --enable-coverage build have run.

    coverage.py BUILD SOURCE DOCUMENT [--list]

Prints the share of lines per directory, then the lines of STRICT directories that
were never run and that DOCUMENT (docs/COVERAGE.md) does not explain, and what it
explains although it was run or is not there; any of those make it fail. --list
prints all lines of STRICT that were never run as entries of the document.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys

import reasons

STRICT = ("lmdb-store", "src/app", "src/domain")


def gcov(build, notes):
    """What gcov says about one object, as JSON."""
    done = subprocess.run([os.environ.get("GCOV", "gcov"), "--json-format", "--stdout", notes],
                          cwd=build, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


def counts(build, source):
    """{file: {line: (count, function)}}; a line of several objects counts once."""
    found = collections.defaultdict(dict)
    for notes in sorted(build.rglob("*.gcno")):
        for report in gcov(build, str(notes)):
            for file in report["files"]:
                path = (pathlib.Path(report["current_working_directory"]) / file["file"]).resolve()
                if not path.is_relative_to(source):
                    continue
                lines = found[str(path.relative_to(source))]
                for line in file["lines"]:
                    number = line["line_number"]
                    before = lines.get(number, (0, ""))[0]
                    lines[number] = (before + line["count"], line.get("function_name", ""))
    return found


def directory_of(file):
    """The layer: src/domain, lmdb-store, tests …"""
    parts = pathlib.PurePath(file).parts
    return "/".join(parts[:2]) if parts[0] == "src" else parts[0]


def table(found):
    """Lines in all and lines run, per directory."""
    sums = collections.defaultdict(lambda: [0, 0])
    for file, lines in found.items():
        total = sums[directory_of(file)]
        total[0] += len(lines)
        total[1] += sum(count > 0 for count, _ in lines.values())
    for name, (lines, run) in sorted(sums.items()):
        print(f"{name:16} {run:6} of {lines:6} lines  {100 * run / lines:5.1f} %")


def uncovered(found, source):
    """{entry: line number} of the strict directories."""
    missing = {}
    for file in sorted(found):
        if directory_of(file) not in STRICT:
            continue
        for number, (count, function) in sorted(found[file].items()):
            if count == 0:
                entry = reasons.Entry(file, f"{function}()", reasons.line_of(source, file, number))
                missing.setdefault(entry, number)
    return missing


def main(build, source, document, *options):
    """The exit status."""
    build, source = pathlib.Path(build).resolve(), pathlib.Path(source).resolve()
    found = counts(build, source)
    if not found:
        print("coverage: nothing was measured", file=sys.stderr)
        return 1
    missing = uncovered(found, source)
    if "--list" in options:
        print("\n".join(map(reasons.form, missing)))
        return 0
    table(found)
    unexplained, stale = reasons.compare(reasons.read(pathlib.Path(document)), missing)
    for entry in unexplained:
        print(f"{entry.file}:{missing[entry]}: never run in {entry.what}: {entry.text}")
    for entry in stale:
        print(f"{document}: explained, but run or not there: {reasons.form(entry)}")
    print(f"coverage: {len(missing)} lines of {', '.join(STRICT)} were never run, "
          f"{len(missing) - len(unexplained)} of them are explained")
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
