"""Judges documents by a JSON Schema, with a validator that is not ours.

Reads {"schema": {...}, "documents": [[name, document], ...]} and writes {"wrong": {name: [what is wrong]}, "unused": [values of
enumerations of the schema that no document has]}.
"""

import json
import sys

from jsonschema import validators

asked = json.load(sys.stdin)
schema = asked["schema"]
base = validators.validator_for(schema)
base.check_schema(schema)
seen = set()


def enum(validator, values, instance, whole):
    if instance in values:
        seen.add((id(values), instance))
    yield from base.VALIDATORS["enum"](validator, values, instance, whole)


def enumerations(node):
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield node["enum"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from enumerations(item)


judge = validators.extend(base, {"enum": enum})(schema)
wrong = {}
for name, document in asked["documents"]:
    errors = [f"{error.json_path}: {error.message[:300]}" for error in judge.iter_errors(document)]
    if errors:
        wrong[name] = errors
unused = [value for values in enumerations(schema) for value in values if (id(values), value) not in seen]
json.dump({"wrong": wrong, "unused": unused}, sys.stdout)
