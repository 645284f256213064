"""Reads cases from standard input, one JSON document a line: {"name", "yaml", "json"}. Prints one line for each case
in which a YAML reader that CloudFormation's users trust does not get what the JSON says, then the number of cases.

The readers are cfn-lint's own and PyYAML's, both with dates as strings, as CloudFormation has them.
"""

import json
import sys

import yaml
from cfnlint.decode import cfn_yaml

TIMESTAMP = "tag:yaml.org,2002:timestamp"


class Loader(yaml.SafeLoader):
    """PyYAML with the short forms, and keys as they are written."""

    def construct_mapping(self, node, deep=False):
        self.flatten_mapping(node)
        return {
            key.value if isinstance(key, yaml.ScalarNode) else key: self.construct_object(value, deep=True)
            for key, value in node.value
        }

    def construct_yaml_map(self, node):
        return self.construct_mapping(node)


def short_form(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if name == "Fn::GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


def text(loader, node):
    return loader.construct_scalar(node)


Loader.add_multi_constructor("!", short_form)
Loader.add_constructor("tag:yaml.org,2002:map", Loader.construct_yaml_map)
for tag in (TIMESTAMP, "tag:yaml.org,2002:value", "!"):
    Loader.add_constructor(tag, text)
cfn_yaml.CfnFullLoader.add_constructor(TIMESTAMP, cfn_yaml.NodeConstructor.construct_yaml_str)
for tag in ("tag:yaml.org,2002:value", "!"):
    cfn_yaml.CfnFullLoader.add_constructor(tag, cfn_yaml.NodeConstructor.construct_yaml_str)


def plain(value):
    """Without the classes of cfn-lint, and keys as strings."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return value


def same(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def difference(a, b, path=""):
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return next(difference(a[key], b[key], f"{path}/{key}") for key in a if not same(a[key], b[key]))
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return next(difference(x, y, f"{path}/{i}") for i, (x, y) in enumerate(zip(a, b)) if not same(x, y))
    return f"{path}: read {a!r}, expected {b!r}"


def main():
    count = 0
    for line in sys.stdin.buffer:
        case = json.loads(line)
        expected = json.loads(case["json"])
        count += 1
        readers = {"PyYAML": lambda source: yaml.load(source, Loader), "cfn-lint": cfn_yaml.loads}
        for name, read in readers.items():
            try:
                found = plain(read(case["yaml"]))
            except Exception as error:  # pylint: disable=broad-except
                print(json.dumps(f"{case['name']}: {name} fails: {error}"))
                continue
            if name == "cfn-lint" and found == {} and expected is None:
                continue
            if not same(found, expected):
                print(json.dumps(f"{case['name']}: {name}: {difference(found, expected)}"))
    print(count)


main()
