"""docs/openapi.yaml and the running service say the same, in both directions: paths and
methods, statuses, problems' words, members, parameters, headers.
"""
import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(HERE / "openapi")]

import json_schema  # noqa: E402
import strict_yaml  # noqa: E402
from document import FILE, Document  # noqa: E402
from program import PROGRAM  # noqa: E402
from traffic import CTL, Traffic  # noqa: E402

SOURCES = [*sorted((ROOT / "src" / "http").glob("*.c")), *sorted((ROOT / "fcgi").glob("*.c"))]

#: What is promised and needs more than this test can do, with the reason.
NOT_PRODUCED = {
    # A key lives for a day, a call that long at least.
    ("placeCall", 409, "call_forgotten"),
}
#: Names in the source that no answer has as its reason.
NO_REASONS = {"genuine", "verifier_failed"}
#: Members that no answer had a value in, with the reason.
NEVER_SET = set()
#: enumeration in the file -> array of names in the source
ENUMERATIONS = {
    "CallStatus": ("src/domain/call.c", "status_names"),
    "TelephonyCall.outcome": ("src/domain/call.c", "outcome_names"),
    "TelephonyCall.endedBy": ("src/domain/call.c", "by_names"),
    "Direction": ("src/domain/call.c", "direction_names"),
    "Transfer.state": ("src/domain/call.c", "transfer_state_names"),
    "TimelineEntry.source": ("src/domain/timeline.c", "source_names"),
    "WebhookReceipt.effect": ("src/domain/decide_event.c", "names"),
    "Guard": ("src/domain/guard.c", "texts"),
}


def names_in(path, array):
    """The words of an array of names, in their order."""
    text = (ROOT / path).read_text(encoding="utf-8")
    body = re.search(rf"\b{array}\[\w*\] = \{{(.*?)\}};", text, re.S).group(1)
    return re.findall(r'"([a-z_]+)"', body)


def routes():
    text = (ROOT / "src" / "http" / "answer.c").read_text(encoding="utf-8")
    return {(method, path) for method, path in re.findall(r'\{ "([A-Z]+)", "(/[^"]*)", tel_\w+ \}', text)}


def words_in_source():
    """Every reason that the program can give."""
    words = set()
    problem = re.compile(r"(?<!void )\b(?:tel_http_problem\w*|refuse)\((.*?)\);", re.S)
    for path in SOURCES:
        for call in problem.findall(path.read_text(encoding="utf-8")):
            words |= set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', call))
    words |= set(names_in("src/ports/webhook_verifier.c", "names"))
    words |= set(names_in("src/livekit/authenticator.c", "reasons"))
    words |= set(names_in("src/domain/guard.c", "texts"))
    return words - NO_REASONS


class Yaml(unittest.TestCase):
    def test_what_it_reads(self):
        text = ('# so\na: 1\n"b c": "x: \\u00e9"\nc:\n  - d: [a, "b, c", null, 7]\n    e: true\n  - two words\n'
                "f: |\n  one\n\n    two\ng: []\n")
        self.assertEqual({"a": 1, "b c": "x: é", "c": [{"d": ["a", "b, c", None, 7], "e": True}, "two words"],
                          "f": "one\n\n  two\n", "g": []}, strict_yaml.load(text))

    def test_what_it_refuses(self):
        for text in ("", "a", "a: 1\na: 2", "a: 'b'", "a: b: c", "a: b # c", "a: yes", "200: a", "a: 1.5", "a: 3.1.0",
                     "a: &b c", "a: *b", "a: {b: c}", "a: [b", "a: [[b]]", "a:\n   b: 1", "a:\n  b: 1\n    c: 2", "a:\n\tb: 1",
                     "a: 1 ", "a: |\nb: 1", "a:\n- b", "- a\nb: 1", "a: >-\n  b", "true: 1", "a: 007", "? a"):
            with self.subTest(text), self.assertRaises(strict_yaml.Error):
                strict_yaml.load(text)


class Schemas(unittest.TestCase):
    def errors(self, value, schema):
        return json_schema.Validator({"thing": {"type": "integer"}}).errors(value, schema)

    def test_what_fits(self):
        closed = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"],
                  "additionalProperties": False}
        for value, schema in ((True, {"type": "boolean"}), (1, {"type": "number", "minimum": 1, "maximum": 1}),
                              ({"a": None}, closed), ({"b": 1}, {"additionalProperties": {"$ref": "#/thing"}}),
                              (["x"], {"items": {"minLength": 1, "maxLength": 1}, "minItems": 1, "maxItems": 1}),
                              (1, {"oneOf": [{"type": "null"}, {"$ref": "#/thing"}]}), (None, {"enum": ["a", None]}),
                              ("2026-11-23T11:48:22.123Z", {"format": "date-time"}), ("é", {"pattern": "^[^a-z]$"})):
            with self.subTest(value=value, schema=schema):
                self.assertEqual([], self.errors(value, schema))

    def test_what_does_not(self):
        for value, schema in ((True, {"type": "integer"}), (1, {"const": True}), (1.5, {"type": "integer"}),
                              (None, {"type": "object"}), ({}, {"required": ["a"]}), ({"a": 1}, {"additionalProperties": False}),
                              ({"a": "x"}, {"additionalProperties": {"$ref": "#/thing"}}), ("x", {"$ref": "#/thing"}),
                              ("x", {"$ref": "#/thing", "type": "string"}), (1, {"$ref": "#/thing", "minimum": 2}),
                              (1, {"oneOf": [{"type": "integer"}, {"$ref": "#/thing"}]}), (1, {"oneOf": [{"type": "null"}]}),
                              ("a\n", {"pattern": "^a$"}), ("", {"minLength": 1}), ("xx", {"maxLength": 1}), ([], {"minItems": 1}),
                              ([1, 2], {"maxItems": 1}), ([1], {"items": {"type": "null"}}), (3, {"maximum": 2}),
                              ({"a": 1}, {"properties": {"a": False}}), ("x", {"enum": ["y"]}), ("11:48", {"format": "date-time"}),
                              ("2026-11-23T11:48:22", {"format": "date-time"}), ("x", {"format": "uuid"})):
            with self.subTest(value=value, schema=schema):
                self.assertNotEqual([], self.errors(value, schema))

    def test_keywords_it_does_not_know(self):
        with self.assertRaises(ValueError):
            self.errors(1, {"multipleOf": 2})


class File(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = Document()

    def test_routes_are_those_of_the_program(self):
        self.assertEqual(routes(), {(one.method, one.path) for one in self.document.operations.values()})

    def test_placeholders_are_parameters(self):
        for operation_id, operation in self.document.operations.items():
            with self.subTest(operation_id):
                self.assertEqual(set(re.findall(r"\{(\w+)\}", operation.path)),
                                 self.document.parameters(operation_id, "path").keys())

    def test_words_are_those_of_the_source(self):
        documented = {word for _, _, word in self.document.promised() if word}
        self.assertEqual(words_in_source(), documented)

    def test_enumerations_are_those_of_the_source(self):
        for name, (path, array) in ENUMERATIONS.items():
            schema, _, member = name.partition(".")
            found = self.document.schema(schema)
            found = found["properties"][member] if member else found
            with self.subTest(name):
                self.assertEqual(names_in(path, array), [word for word in found["enum"] if word is not None])

    def test_references_and_what_they_lead_to(self):
        """Every one leads somewhere, and nothing is there for nobody."""
        found = set(re.findall(r'\$ref: "#/components/([^"]+)"', FILE.read_text(encoding="utf-8")))
        there = {f"{kind}/{name}" for kind, things in self.document.text["components"].items()
                 if kind != "securitySchemes" for name in things}
        self.assertEqual(there, found)
        security = {name for one in self.document.operations.values() for each in one.text["security"] for name in each}
        self.assertEqual(security, set(self.document.text["components"]["securitySchemes"]))

    def test_objects_are_closed_and_complete(self):
        """What the service sends has no member that may be missing, but for people's details."""
        for name, schema in self.document.text["components"]["schemas"].items():
            if schema.get("type") != "object" or name in ("WebhookEvent", "AgentConfig", "CallOrder", "TransferOrder"):
                continue
            with self.subTest(name):
                self.assertIs(False, schema["additionalProperties"])
                self.assertEqual(set(schema["properties"]) - {"detail"}, set(schema["required"]) - {"detail"})

    def test_examples_and_defaults_fit(self):
        def walk(at, schema):
            if isinstance(schema, dict):
                for value in schema.get("examples", []) + ([schema["default"]] if "default" in schema else []):
                    with self.subTest(at, value=value):
                        self.assertEqual([], self.document.validator.errors(value, schema))
                for key, value in schema.items():
                    walk(f"{at}.{key}", value)
            elif isinstance(schema, list):
                for i, value in enumerate(schema):
                    walk(f"{at}[{i}]", value)
        walk("", self.document.text)


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for program in (PROGRAM, pathlib.Path(CTL)):
            if not program.exists():
                raise unittest.SkipTest(f"no {program.name}: build it first")
        cls.document = Document()
        cls.exchanges = Traffic(cls.document).play()

    def test_answers_are_as_the_file_says(self):
        wrong = {}
        for one in self.exchanges:
            for fault in self.document.faults(one):
                wrong.setdefault((one.operation_id, one.status, fault), one.asked)
        self.assertEqual({}, wrong)

    def test_what_is_promised_happens(self):
        happened = {(one.operation_id, one.status, one.word) for one in self.exchanges}
        self.assertEqual(self.document.promised() - NOT_PRODUCED, happened)
        statuses = {(operation_id, status) for operation_id, status, _ in happened}
        for operation_id in [*self.document.operations, None]:
            for status in self.document.responses(operation_id):
                self.assertIn((operation_id, status), statuses)

    def test_every_member_has_had_a_value(self):
        for one in self.exchanges:
            list(self.document.faults(one))
        seen = self.document.validator.seen
        sent = {(name, member) for name, schema in self.document.text["components"]["schemas"].items()
                if schema.get("additionalProperties") is False for member in schema["properties"]
                if name not in ("CallOrder", "TransferOrder")}
        self.assertEqual(NEVER_SET, sent - seen)


if __name__ == "__main__":
    unittest.main()
