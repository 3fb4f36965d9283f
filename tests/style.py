#!/usr/bin/env python3
"""What clang-tidy, cppcheck and gcc -fanalyzer say of the sources.

    CC=gcc CPPFLAGS=… style.py SOURCE DOCUMENT [--list]

Prints the findings that DOCUMENT (docs/TESTING.md) does not explain, and what it
explains although nobody finds it; either makes it fail. --list prints all findings
as entries of the document. JOBS=2: that many at a time. Only what is installed runs;
nothing that is missing is taken for clean.
"""
import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import reasons

DIRECTORIES = ("ctl", "fcgi", "lmdb-store", "memory-store", "src")
#: file:line:column: kind: text [check]
FINDING = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+):\d+: (?:warning|error): (?P<text>.*?)(?: \[(?P<check>[^][]+)\])?$")
CPPFLAGS = shlex.split(os.environ.get("CPPFLAGS", ""))

#: What cppcheck must be told, since it does not read json-c's headers. (It splits -D at
#: semicolons.)
CPPCHECK_MACROS = ["-Djson_object_object_foreach(o,k,v)=while (there_is_more(o))"]


def gcc(_, file):
    return [*shlex.split(os.environ.get("CC", "gcc")), "-std=gnu11", "-O0", "-Wall", "-Wextra",
            "-fanalyzer", "-fdiagnostics-plain-output", "-fanalyzer-verbosity=0",
            *CPPFLAGS, "-S", "-o", os.devnull, str(file)]


def clang_tidy(source, file):
    return ["clang-tidy", "--quiet", f"--config-file={source / '.clang-tidy'}", str(file),
            "--", "-std=gnu11", *CPPFLAGS]


def cppcheck(_, file):
    return ["cppcheck", "--quiet", "--std=c11", "--enable=warning,performance,portability",
            "--template={file}:{line}:{column}: {severity}: {message} [{id}]",
            "--template-location=", *CPPCHECK_MACROS,
            *[flag for flag in CPPFLAGS if "/usr/include" not in flag],
            str(file)]


TOOLS = {"cppcheck": cppcheck, "clang-tidy": clang_tidy, "gcc": gcc}


def look(tool, source, file):
    """What a tool says of a file: {entry: (line, message)}."""
    done = subprocess.run(TOOLS[tool](source, file), capture_output=True, text=True, check=False)
    findings = {}
    for line in (done.stdout + done.stderr).splitlines():
        match = FINDING.match(line)
        if not match:
            continue
        path = pathlib.Path(match["file"]).resolve()
        name = str(path.relative_to(source)) if path.is_relative_to(source) else str(path)
        check = (match["check"] or tool).split(",")[0]
        text = reasons.line_of(source, name, int(match["line"]))
        findings[reasons.Entry(name, check, text)] = (match["line"], match["text"])
    if done.returncode and not findings:
        raise SystemExit(f"{tool} {file}: status {done.returncode}\n{done.stderr}")
    return findings


def look_at_all(tools, source):
    """The findings of all tools in all files; as many at a time as there are processors."""
    files = [file for name in DIRECTORIES for file in sorted((source / name).rglob("*.c"))]
    jobs = int(os.environ.get("JOBS") or os.cpu_count() or 1)
    findings = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        work = {pool.submit(look, tool, source, file): tool for file in files for tool in tools}
        for done in concurrent.futures.as_completed(work):
            findings.update(done.result())
    return len(files), findings


def main(source, document, *options):
    """The exit status."""
    source = pathlib.Path(source).resolve()
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    n_files, findings = look_at_all([tool for tool in TOOLS if tool not in missing], source)
    if "--list" in options:
        print("\n".join(map(reasons.form, sorted(findings))))
        return 0
    unexplained, stale = reasons.compare(reasons.read(pathlib.Path(document)), findings)
    if missing:
        print(f"check-style: not installed: {', '.join(missing)}")
        stale = []
    for entry in unexplained:
        line, text = findings[entry]
        print(f"{entry.file}:{line}: {text} [{entry.what}]")
    for entry in stale:
        print(f"{document}: explained, but nobody finds it: {reasons.form(entry)}")
    print(f"check-style: {n_files} files, {len(findings)} findings, "
          f"{len(findings) - len(unexplained)} of them are explained")
    return 1 if missing or stale or unexplained else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
