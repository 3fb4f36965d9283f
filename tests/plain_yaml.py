"""The part of YAML that docs/openapi.yaml keeps to, read strictly: what is outside of it is
an error, so that every other reader understands the file in the same way.

Mappings and lists in blocks (two blanks of indentation a level), [flow, lists] of scalars,
'single' and "double" quotes, >- folded text, comments in lines of their own. Scalars are
null, true, false, whole numbers and text; text that could be taken for something else is quoted.
"""
import json
import re


class Wrong(Exception):
    """Not the YAML that is understood here; with the line."""


_KEY = re.compile(r"""("[^"\\]*"|'[^']*'|[^\s"'#\[\]{}&*!|>%@`,:?-][^\s:#]*):(?: (.*))?$""")
_PLAIN = re.compile(r"""[^\s"'#\[\]{}&*!|>%@`,:?-].*$|-?[0-9]+$""")


def loads(text):
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line or line != line.rstrip():
            raise Wrong(f"line {number}: a tab, or blanks at its end")
        if line.strip() and not line.lstrip().startswith("#"):
            indent = len(line) - len(line.lstrip())
            lines.append((number, indent, line.lstrip()))
    value, rest = _block(lines, 0, 0)
    if rest != len(lines):
        raise Wrong(f"line {lines[rest][0]}: indentation")
    return value


def _block(lines, at, indent):
    if at >= len(lines) or lines[at][1] != indent:
        number = lines[at][0] if at < len(lines) else "end"
        raise Wrong(f"line {number}: indentation {indent} was expected")
    return (_list if lines[at][2].startswith("- ") else _mapping)(lines, at, indent)


def _list(lines, at, indent):
    out = []
    while at < len(lines) and lines[at][1] == indent:
        number, _, text = lines[at]
        if not text.startswith("- "):
            raise Wrong(f"line {number}: a list's element was expected")
        text = text[2:]
        if _KEY.match(text):
            lines[at] = (number, indent + 2, text)
            value, at = _mapping(lines, at, indent + 2)
        else:
            value, at = _scalar(text, number), at + 1
        out.append(value)
    return out, at


def _mapping(lines, at, indent):
    out = {}
    while at < len(lines) and lines[at][1] == indent and not lines[at][2].startswith("- "):
        number, _, text = lines[at]
        match = _KEY.match(text)
        if not match:
            raise Wrong(f"line {number}: no key: {text}")
        key, rest = match.group(1).strip("\"'"), match.group(2)
        if key in out:
            raise Wrong(f"line {number}: {key} is there twice")
        at += 1
        if rest is None:
            out[key], at = _block(lines, at, indent + 2)
        elif rest == ">-":
            out[key], at = _folded(lines, at, indent + 2)
        else:
            out[key] = _scalar(rest, number)
    return out, at


def _folded(lines, at, indent):
    words = []
    while at < len(lines) and lines[at][1] >= indent:
        words.append(lines[at][2])
        at += 1
    return " ".join(words), at


def _scalar(text, number):
    if text.startswith("[") and text.endswith("]"):
        inner = text[1:-1].strip()
        return [_scalar(item.strip(), number) for item in inner.split(",")] if inner else []
    if text.startswith('"'):
        return json.loads(text)
    if text.startswith("'"):
        if not re.fullmatch(r"'(?:[^']|'')*'", text):
            raise Wrong(f"line {number}: quotes")
        return text[1:-1].replace("''", "'")
    if not _PLAIN.match(text) or ": " in text or " #" in text:
        raise Wrong(f"line {number}: this needs quotes: {text}")
    if text in ("null", "true", "false"):
        return json.loads(text)
    if text.lower() in ("yes", "no", "on", "off", "~", "y", "n", "true", "false", "null"):
        raise Wrong(f"line {number}: readers don't agree on {text}")
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else text
