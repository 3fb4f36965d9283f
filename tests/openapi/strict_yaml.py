"""A strict reader for a small part of YAML, which any other reader takes as well.

Mappings and sequences in blocks, two blanks deeper each; within one line
"double-quoted" texts (as in JSON), plain words, whole numbers, true, false, null,
and lists of those in brackets; texts of several lines after "|". Comments have
lines of their own. What is not clearly one of these is an error, and so is a key
that is there twice.
"""
import json
import re

KEY = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_$./{}-][^:"#]*)):(?: (.+))?\Z')
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"\Z')
#: Nothing that YAML could take for something else.
PLAIN = re.compile(r"[A-Za-z/](?:[^#:]|:(?! |\Z)|(?<! )#)*\Z")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
#: Some readers take these for true and false.
AMBIGUOUS = {"yes", "no", "on", "off", "y", "n", "~"}
WORDS = {"true": True, "false": False, "null": None}


class Error(ValueError):
    pass


class _Reader:
    def __init__(self, text):
        self.lines = text.split("\n")
        self.at = 0

    def fail(self, why):
        raise Error(f"line {self.at + 1}: {why}: {self.lines[self.at] if self.at < len(self.lines) else ''!r}")

    def skip(self):
        """To the next line that says something; its depth, or -1 at the end."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and not line.lstrip().startswith("#"):
                if "\t" in line or line != line.rstrip():
                    self.fail("a tab, or blanks at the end")
                return len(line) - len(line.lstrip(" "))
            self.at += 1
        return -1

    def block(self, depth):
        """The mapping or sequence whose lines begin at `depth`."""
        if self.skip() != depth:
            self.fail(f"{depth} blanks are expected")
        if self.lines[self.at][depth:].startswith("- "):
            return self.sequence(depth)
        return self.mapping(depth)

    def sequence(self, depth):
        items = []
        while self.skip() == depth and self.lines[self.at][depth:].startswith("- "):
            rest = self.lines[self.at][depth + 2:]
            if KEY.match(rest):
                # A mapping that begins behind the dash.
                self.lines[self.at] = " " * (depth + 2) + rest
                items.append(self.mapping(depth + 2))
            else:
                items.append(self.scalar(rest))
                self.at += 1
        self.ends(depth)
        return items

    def mapping(self, depth):
        out = {}
        while self.skip() == depth and not self.lines[self.at][depth:].startswith("- "):
            found = KEY.match(self.lines[self.at][depth:])
            if not found:
                self.fail("no key")
            quoted, plain, rest = found.groups()
            key = json.loads(f'"{quoted}"') if quoted is not None else plain
            if quoted is None and (NUMBER.match(key) or key in WORDS or key in AMBIGUOUS):
                self.fail("this key needs quotes")
            if key in out:
                self.fail("this key is there twice")
            out[key] = self.value(depth, rest)
        self.ends(depth)
        return out

    def ends(self, depth):
        if self.skip() > depth:
            self.fail("too many blanks")

    def value(self, depth, rest):
        if rest is None:
            self.at += 1
            return self.block(depth + 2)
        if rest == "|":
            return self.literal(depth + 2)
        value = self.scalar(rest)
        self.at += 1
        return value

    def literal(self, depth):
        self.at += 1
        text = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and not line.startswith(" " * depth):
                break
            text.append(line[depth:])
            self.at += 1
        while text and not text[-1]:
            text.pop()
        if not text:
            self.fail("no text")
        return "\n".join(text) + "\n"

    def scalar(self, text):
        if text.startswith("["):
            return self.list(text)
        if QUOTED.match(text):
            return json.loads(text)
        if NUMBER.match(text):
            return int(text)
        if text in WORDS:
            return WORDS[text]
        if text in AMBIGUOUS or not PLAIN.match(text):
            self.fail("this needs quotes")
        return text

    def list(self, text):
        if not text.endswith("]"):
            self.fail("a list has to end in its line")
        items = re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^",\[\]{}]+)', text[1:-1])
        items = [item.strip() for item in items if item.strip()]
        if "[" + ", ".join(items) + "]" != text:
            self.fail("no list of scalars")
        return [self.scalar(item) for item in items]


def load(text):
    """What the text says, as json.loads() would give it."""
    reader = _Reader(text)
    out = reader.block(0)
    if reader.skip() != -1:
        reader.fail("nothing can be here")
    return out
