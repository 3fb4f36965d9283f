"""Is a value what a JSON Schema (2020-12) says? For the keywords that docs/openapi.yaml
uses; any other one is an error, so that none is thought to be checked and is not.
"""
import datetime
import re
import uuid

TYPES = {
    "null": lambda v: v is None,
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "string": lambda v: isinstance(v, str),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}
FORMATS = {
    "date-time": lambda v: datetime.datetime.fromisoformat(v).tzinfo is not None,
    "uuid": lambda v: str(uuid.UUID(v)) == v,
}
#: They say something to people only.
SAY_NOTHING = {"description", "examples", "default"}


def same(a, b):
    """As JSON has it: 1 is not true."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


class Validator:
    """Schemas of one document, which "$ref" leads to.

    `seen` has the members that had a value, as (schema's name, member), of all
    values that were valid.
    """

    def __init__(self, document):
        self.document = document
        self.seen = set()

    def resolve(self, ref):
        if not ref.startswith("#/"):
            raise ValueError(f"{ref}: it leads out of the file")
        at = self.document
        for step in ref[2:].split("/"):
            at = at[step]
        return at

    def errors(self, value, schema):
        """What is wrong with it, in words; nothing if all is well."""
        seen = set()
        errors = list(self._check(value, schema, "$", "", seen))
        if not errors:
            self.seen |= seen
        return errors

    def _check(self, value, schema, at, name, seen):
        if schema is False:
            yield f"{at}: nothing can be here"
            return
        if "$ref" in schema:
            ref = schema["$ref"]
            yield from self._check(value, self.resolve(ref), at, ref.rpartition("/")[2], seen)
        for keyword, wanted in schema.items():
            if keyword in SAY_NOTHING or keyword == "$ref":
                continue
            check = getattr(self, "_" + keyword, None)
            if check is None:
                raise ValueError(f"{at}: the keyword {keyword} is not known here")
            yield from check(value, wanted, at, schema, name, seen)

    # ---- of any value

    def _type(self, value, wanted, at, *_):
        names = wanted if isinstance(wanted, list) else [wanted]
        if not any(TYPES[name](value) for name in names):
            yield f"{at}: {value!r} is no {' or '.join(names)}"

    def _enum(self, value, wanted, at, *_):
        if not any(same(value, one) for one in wanted):
            yield f"{at}: {value!r} is none of {wanted}"

    def _const(self, value, wanted, at, *_):
        if not same(value, wanted):
            yield f"{at}: {value!r} is not {wanted!r}"

    def _oneOf(self, value, wanted, at, _schema, name, seen):
        found, why = 0, []
        for schema in wanted:
            seen_here = set()
            errors = list(self._check(value, schema, at, name, seen_here))
            found += not errors
            why += errors
            if not errors:
                seen |= seen_here
        if found != 1:
            yield f"{at}: {found} of the alternatives fit; {'; '.join(why)}"

    # ---- of texts

    def _minLength(self, value, wanted, at, *_):
        if isinstance(value, str) and len(value) < wanted:
            yield f"{at}: {value!r} has less than {wanted} characters"

    def _maxLength(self, value, wanted, at, *_):
        if isinstance(value, str) and len(value) > wanted:
            yield f"{at}: {value[:40]!r}… has more than {wanted} characters"

    def _pattern(self, value, wanted, at, *_):
        # In JSON Schema "$" is the very end.
        if isinstance(value, str) and not re.search(re.sub(r"\$\Z", r"\\Z", wanted), value):
            yield f"{at}: {value!r} does not match {wanted}"

    def _format(self, value, wanted, at, *_):
        try:
            if not isinstance(value, str) or FORMATS[wanted](value):
                return
        except ValueError:
            pass
        yield f"{at}: {value!r} is no {wanted}"

    # ---- of numbers

    def _minimum(self, value, wanted, at, *_):
        if TYPES["number"](value) and value < wanted:
            yield f"{at}: {value} is less than {wanted}"

    def _maximum(self, value, wanted, at, *_):
        if TYPES["number"](value) and value > wanted:
            yield f"{at}: {value} is more than {wanted}"

    # ---- of lists

    def _minItems(self, value, wanted, at, *_):
        if isinstance(value, list) and len(value) < wanted:
            yield f"{at}: less than {wanted} items"

    def _maxItems(self, value, wanted, at, *_):
        if isinstance(value, list) and len(value) > wanted:
            yield f"{at}: more than {wanted} items"

    def _items(self, value, wanted, at, _schema, name, seen):
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from self._check(item, wanted, f"{at}[{i}]", name, seen)

    # ---- of objects

    def _required(self, value, wanted, at, *_):
        if isinstance(value, dict):
            for member in wanted:
                if member not in value:
                    yield f"{at}: {member} is missing"

    def _properties(self, value, wanted, at, _schema, name, seen):
        if not isinstance(value, dict):
            return
        for member, schema in wanted.items():
            if member not in value:
                continue
            if value[member] is not None:
                seen.add((name, member))
            yield from self._check(value[member], schema, f"{at}.{member}", f"{name}.{member}", seen)

    def _additionalProperties(self, value, wanted, at, schema, name, seen):
        if not isinstance(value, dict):
            return
        for member in value.keys() - schema.get("properties", {}).keys():
            if wanted is False:
                yield f"{at}.{member}: there is no such member"
            elif wanted is not True:
                yield from self._check(value[member], wanted, f"{at}.{member}", name, seen)
