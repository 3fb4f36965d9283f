"""What a document explains, line by line: of the sources, of a checker's findings.

An entry names a line by its text, so that it stays right when lines move:

    - `file` `what` `` the line ``

The reason is in the text above it. File and what may be patterns: `lmdb-store/*` `*`.
"""
import collections
import fnmatch
import re

Entry = collections.namedtuple("Entry", "file what text")

FORM = re.compile(r"^- `(?P<file>[^`]+)` `(?P<what>[^`]+)` `` ?(?P<text>.+?) ?``$")


def read(document):
    """The set of entries in a document; a line that nearly is one is an error."""
    entries = set()
    for line in document.read_text(encoding="utf-8").splitlines():
        match = FORM.match(line)
        if match:
            entries.add(Entry(match["file"], match["what"], match["text"]))
        elif line.startswith("- `") and "` `" in line:
            raise SystemExit(f"{document}: not understood: {line}")
    return entries


def explains(entry, found):
    """Is what was found what an entry of a document is about?"""
    return (entry.text == found.text and fnmatch.fnmatchcase(found.file, entry.file)
            and fnmatch.fnmatchcase(found.what, entry.what))


def compare(entries, found):
    """What was found and no entry explains, and entries for which nothing was found."""
    return (sorted(f for f in found if not any(explains(e, f) for e in entries)),
            sorted(e for e in entries if not any(explains(e, f) for f in found)))


def form(entry):
    """An entry as it stands in a document."""
    return f"- `{entry.file}` `{entry.what}` `` {entry.text} ``"


def line_of(source, file, number, cache={}):  # pylint: disable=dangerous-default-value
    """The text of a line; "" if there is none (of a macro's inside, say)."""
    path = source / file
    if path not in cache:
        cache[path] = path.read_text(encoding="utf-8").splitlines()
    return cache[path][number - 1].strip() if 0 < number <= len(cache[path]) else ""
