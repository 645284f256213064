"""Breaks good templates in one way each, and says what cfn-lint finds in what comes of it.

    mutate.py OUT SEED COUNT TEMPLATE...

Templates in which cfn-lint finds an error are left out. From the others, COUNT mutants are made by a fixed sequence of random
numbers and written to OUT as 0.json and so on; a line of JSON for each goes to the standard output: its file, what was done
to it, and the errors, each with its rule and its path in the long JSON form.
"""

import copy
import json
import logging
import multiprocessing
import random
import sys
from pathlib import Path

from cfnlint.config import ConfigMixIn, ManualArgs
from cfnlint.decode import decode, decode_str
from cfnlint.runner import Runner, run_template_by_data

# cfn-lint says on standard error what it could not resolve.
logging.disable(logging.CRITICAL)


CONFIG = ConfigMixIn(**ManualArgs(ignore_checks=["W", "I"], regions=["us-east-1"]))
# Made once: making them takes several times as long as using them on a template.
RULES = Runner(CONFIG).rules


def load(path):
    template, matches = decode(path)
    if matches or template is None:
        return None
    return json.loads(json.dumps(template, default=str))


def errors(template):
    found = []
    document, problems = decode_str(json.dumps(template, indent=1))
    for match in problems or run_template_by_data(document, CONFIG, RULES):
        if match.rule.id.startswith("E"):
            path = match.path if getattr(match, "path", None) is not None else []
            found.append([match.rule.id, [str(step) for step in path], match.message])
    return found


def places(node, path=()):
    """Every value below the resources, parameters, conditions and outputs, with its path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from places(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from places(value, (*path, index))
    if path:
        yield path, node


def parent(template, path):
    node = template
    for step in path[:-1]:
        node = node[step]
    return node


def misspell(rng, text):
    if len(text) < 3:
        return text + "x"
    index = rng.randrange(1, len(text) - 1)
    return text[:index] + text[index + 1 :]


def is_function(path):
    return any(isinstance(step, str) and (step.startswith("Fn::") or step in ("Ref", "Condition")) for step in path)


def mutate(rng, template):
    """One mutation; says what was done, or nothing if what was drawn cannot be done."""
    spots = [(path, node) for path, node in places(template) if path[0] in ("Resources", "Outputs", "Parameters", "Conditions")]
    # What makes an entry none breaks all that refers to it: one cause, of which cfn-lint speaks at each of these places.
    spots = [(path, node) for path, node in spots if len(path) > 2 and "Metadata" not in path]
    spots = [(path, node) for path, node in spots if not (len(path) == 3 and path[2] == "Type")]
    # Of a loop cfn-lint speaks where it has been unrolled, which is no place in the template.
    spots = [(path, node) for path, node in spots if not any(str(step).startswith("Fn::ForEach") for step in path)]
    if rng.random() < 0.03:
        section = rng.choice([it for it in ("Resources", "Parameters", "Conditions") if it in template])
        name = rng.choice(list(template[section]))
        del template[section][name]
        return f"remove at {section}/{name}"
    path, node = rng.choice(spots)
    owner, key = parent(template, path), path[-1]
    kinds = ["remove", "wrong kind", "nothing"]
    if isinstance(owner, dict):
        kinds += ["misspell key", "misspell key", "add key"]
    if isinstance(node, str):
        kinds += ["misspell value", "misspell value", "misspell value", "odd text", "long text", "empty text"]
    if isinstance(node, (int, float)) and not isinstance(node, bool):
        kinds += ["large number", "negative number", "text for number"]
    if isinstance(node, list):
        kinds += ["empty list", "twice", "many"]
    if isinstance(node, dict):
        kinds += ["empty map"]
    kind = rng.choice(kinds)
    if kind == "remove":
        del owner[key]
    elif kind == "misspell key":
        if len(path) == 2:
            return None
        items = list(owner.items())
        owner.clear()
        owner.update({(misspell(rng, name) if name == key else name): value for name, value in items})
    elif kind == "add key":
        owner["Unheard"] = "of"
    elif kind == "wrong kind":
        choices = [["a", "list"], {"a": "map"}, "text", 7, True]
        value = rng.choice([it for it in choices if type(it) is not type(node)])
        owner[key] = value
    elif kind == "nothing":
        owner[key] = None
    elif kind == "misspell value":
        owner[key] = misspell(rng, node)
    elif kind == "odd text":
        owner[key] = node + " !?"
    elif kind == "long text":
        owner[key] = (node or "x") * (2000 // max(len(node), 1) + 1)
    elif kind == "empty text":
        owner[key] = ""
    elif kind == "large number":
        owner[key] = node + 10_000_000
    elif kind == "negative number":
        owner[key] = -1
    elif kind == "text for number":
        owner[key] = "some"
    elif kind == "empty list":
        owner[key] = []
    elif kind == "twice":
        if not node:
            return None
        node.append(copy.deepcopy(node[0]))
    elif kind == "many":
        if not node:
            return None
        node.extend(copy.deepcopy(node[0]) for _ in range(120))
    elif kind == "empty map":
        owner[key] = {}
    return f"{kind} at {'/'.join(map(str, path))}"


def judge(job):
    file, done, template = job
    return {"file": file, "done": done, "errors": errors(template)}


def is_good(path):
    template = load(path)
    if template is None or errors(template):
        return None
    return template


def main():
    out, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    with multiprocessing.Pool(2) as pool:
        good = [it for it in pool.map(is_good, sys.argv[4:], chunksize=4) if it is not None]
        print(f"{len(good)} good templates", file=sys.stderr)
        jobs = []
        while len(jobs) < count:
            # Each template in its turn: the large ones would be drawn most often otherwise.
            template = copy.deepcopy(good[len(jobs) % len(good)])
            done = mutate(rng, template)
            if done is None:
                continue
            file = out / f"{len(jobs)}.json"
            file.write_text(json.dumps(template, indent=1))
            jobs.append((str(file), done, template))
        for result in pool.imap(judge, jobs, chunksize=8):
            print(json.dumps(result))


if __name__ == "__main__":
    main()
