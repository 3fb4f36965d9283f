"""docs/openapi.yaml as the tests ask it: operations, what they may answer, which words."""
import dataclasses
import pathlib

import json_schema
import strict_yaml

FILE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
BEFORE = "x-responses-before-any-operation"
#: What every answer has.
USUAL_HEADERS = {"Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options"}


@dataclasses.dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    text: dict
    shared: list  # the path's own parameters

    @property
    def is_for_bearers(self):
        return any("bearer" in one for one in self.text["security"])


class Document:
    def __init__(self):
        self.text = strict_yaml.load(FILE.read_text(encoding="utf-8"))
        self.validator = json_schema.Validator(self.text)
        self.operations = {}
        for path, methods in self.text["paths"].items():
            for method in METHODS:
                if method in methods:
                    one = methods[method]
                    self.operations[one["operationId"]] = Operation(
                        one["operationId"], method.upper(), path, one, methods.get("parameters", []))

    def resolved(self, thing):
        """Responses, headers and parameters may be elsewhere in the file."""
        return self.validator.resolve(thing["$ref"]) if "$ref" in thing else thing

    def schema(self, name):
        return self.text["components"]["schemas"][name]

    def body_schema(self, operation_id):
        return self.operations[operation_id].text["requestBody"]["content"]["application/json"]["schema"]

    def parameters(self, operation_id, where):
        operation = self.operations[operation_id]
        every = [self.resolved(one) for one in operation.shared + operation.text.get("parameters", [])]
        return {one["name"]: one for one in every if one["in"] == where}

    def responses(self, operation_id):
        """By status; those before any operation have the id None."""
        found = self.operations[operation_id].text["responses"] if operation_id else self.text[BEFORE]
        return {int(status): self.resolved(one) for status, one in found.items()}

    def words(self, schema):
        """The reasons that a problem of that schema may have; None: it has none."""
        if "oneOf" in schema:
            return set().union(*(self.words(one) for one in schema["oneOf"]))
        reason = schema.get("properties", {}).get("reason")
        if reason is not None and "$ref" in reason:
            reason = self.resolved(reason)
        if reason is not None and "enum" in reason:
            return set(reason["enum"])
        return self.words(self.resolved(schema)) if "$ref" in schema else {None}

    def promised(self):
        """(operation's id, status, word) of all that may be answered."""
        out = set()
        for operation_id in [*self.operations, None]:
            for status, response in self.responses(operation_id).items():
                content = response["content"].get("application/problem+json")
                for word in self.words(content["schema"]) if content else {None}:
                    out.add((operation_id, status, word))
        return out

    def faults(self, exchange):
        """What in an answer is not as the file says, in words."""
        response = self.responses(exchange.operation_id).get(exchange.status)
        if response is None:
            yield f"the status {exchange.status} is not in the file"
            return
        media = exchange.headers["Content-Type"].partition(";")[0]
        if media not in response["content"]:
            yield f"the type {media} is not in the file"
            return
        yield from self.validator.errors(exchange.value, response["content"][media]["schema"])
        yield from self._header_faults(exchange, response.get("headers", {}))
        if media == "application/problem+json":
            yield from self._problem_faults(exchange)

    def _header_faults(self, exchange, documented):
        for name in exchange.headers.keys() - USUAL_HEADERS - documented.keys():
            yield f"the header {name} is not in the file"
        for name, header in documented.items():
            header = self.resolved(header)
            value = exchange.headers.get(name)
            if value is None:
                if header.get("required"):
                    yield f"the header {name} is missing"
                continue
            if header["schema"]["type"] == "integer":
                value = int(value)
            yield from self.validator.errors(value, header["schema"])

    @staticmethod
    def _problem_faults(exchange):
        word = exchange.value.get("reason")
        wanted = f"urn:livekit-telephony:problem:{word}" if word else "about:blank"
        if exchange.value["type"] != wanted:
            yield f"the type {exchange.value['type']} does not go with the reason {word}"
        if exchange.value["status"] != exchange.status:
            yield "the status in the body is another one"
