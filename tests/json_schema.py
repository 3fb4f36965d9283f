"""As much of JSON Schema 2020-12 as docs/openapi.yaml uses; a keyword that is not known here
is an error, so that none is there for nothing."""
import re

_TYPES = {
    "null": lambda v: v is None, "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "string": lambda v: isinstance(v, str), "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}
_FORMATS = {
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "date-time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z",
}
_KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "const",
          "minimum", "maximum", "minLength", "maxLength", "minItems", "pattern", "format",
          "anyOf", "description", "default", "$ref"}


def problems(value, schema, document, where="$"):
    """What is wrong, as texts; [] if the value obeys the schema."""
    if "$ref" in schema:
        return problems(value, resolve(schema["$ref"], document), document, where)
    unknown = set(schema) - _KNOWN
    if unknown:
        raise ValueError(f"{where}: {unknown} is not understood")
    if "anyOf" in schema:
        tried = [problems(value, one, document, where) for one in schema["anyOf"]]
        return [] if any(not found for found in tried) else sum(tried, [])
    kinds = schema.get("type", list(_TYPES))
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not any(_TYPES[kind](value) for kind in kinds):
        return [f"{where}: {value!r} is no {kinds}"]
    found = list(_scalar_problems(value, schema, where))
    if isinstance(value, dict):
        found += _object_problems(value, schema, document, where)
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            found.append(f"{where}: too short")
        for at, item in enumerate(value):
            found += problems(item, schema.get("items", {}), document, f"{where}[{at}]")
    return found


def _scalar_problems(value, schema, where):
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{where}: length {len(value)}"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{where}: {value!r} is not {schema['pattern']}"
        if "format" in schema and not re.fullmatch(_FORMATS[schema["format"]], value):
            yield f"{where}: {value!r} is no {schema['format']}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{where}: {value} is out of range"


def _object_problems(value, schema, document, where):
    known = schema.get("properties", {})
    found = [f"{where}: {name} is missing" for name in schema.get("required", []) if name not in value]
    if schema.get("additionalProperties") is False:
        found += [f"{where}: {name} is not described" for name in value if name not in known]
    for name, one in known.items():
        if name in value:
            found += problems(value[name], one, document, f"{where}.{name}")
    return found


def resolve(reference, document):
    at = document
    for part in reference.removeprefix("#/").split("/"):
        at = at[part]
    return at
