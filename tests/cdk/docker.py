"""A made-up container client: keeps what it is called with, and plays as much of a client as publishing needs.

What it does is in the folder that MADE_UP_DOCKER names: `calls.jsonl` gets each call, `images` and `logins` what it remembers. It says no where a client
would: to a name that it does not know, to a push without a login. A push puts the image into the repository of the AWS at MADE_UP_DOCKER_ENDPOINT.
"""

import json
import os
import pathlib
import sys

folder = pathlib.Path(os.environ["MADE_UP_DOCKER"])
arguments = sys.argv[1:]
stdin = sys.stdin.read() if "--password-stdin" in arguments else None
call = {
    "arguments": arguments,
    "folder": os.getcwd(),
    "stdin": stdin,
    "attestations": os.environ.get("BUILDX_NO_DEFAULT_ATTESTATIONS"),
}
with open(folder / "calls.jsonl", "a") as file:
    file.write(json.dumps(call) + "\n")


def known(name):
    path = folder / name
    return path.read_text().split("\n") if path.exists() else []


def remember(name, line):
    with open(folder / name, "a") as file:
        file.write(line + "\n")


def refuse(message, code=1):
    print(message, file=sys.stderr)
    sys.exit(code)


match arguments:
    case ["build", *options]:
        # What a client shows of itself.
        print("#1 building", file=sys.stderr)
        print("#2 done")
        remember("images", options[options.index("--tag") + 1])
    case ["inspect", name]:
        if name not in known("images"):
            refuse(f"Error: No such object: {name}")
    case ["tag", name, other]:
        if name not in known("images"):
            refuse(f"Error response from daemon: No such image: {name}")
        remember("images", other)
    case ["login", "--username", _, "--password-stdin", registry]:
        remember("logins", registry)
    case ["push", name]:
        registry, _, rest = name.partition("/")
        if name not in known("images") or registry not in known("logins"):
            refuse("no basic auth credentials")
        import boto3

        repository, _, tag = rest.rpartition(":")
        ecr = boto3.client(
            "ecr",
            endpoint_url=os.environ["MADE_UP_DOCKER_ENDPOINT"],
            region_name=registry.split(".")[3],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        ecr.put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps({"name": name}))
    case _:
        refuse(f"unknown command: docker {arguments[:1]}", 125)
