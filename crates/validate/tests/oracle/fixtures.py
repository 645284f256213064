"""Fetches cfn-lint's own fixtures, and writes those that its rules accept as JSON.

    fixtures.py FOLDER OUT

The source distribution of cfn-lint carries them; it is fetched from the package index once, checked against its hash, and kept
in FOLDER. In OUT each accepted template is a file of JSON in the long form. If OUT is there, it has been done.
"""

import json
import logging
import multiprocessing
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from mutate import decode, errors

VERSION = "1.58.0"
HASH = "ba02cd7f7e06c8bc160936051a03ec931af52943fcc9cc72ad2748caa0f2a103"
TEMPLATES = f"cfn_lint-{VERSION}/test/fixtures/templates"

logging.disable(logging.CRITICAL)


def fetch(folder):
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"cfn_lint-{VERSION}.tar.gz"
    if not archive.exists():
        requirements = folder / "requirements.txt"
        requirements.write_text(f"cfn-lint=={VERSION} --hash=sha256:{HASH}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        options = ["--no-binary", ":all:", "--require-hashes", "--dest", str(folder), "--requirement", str(requirements)]
        subprocess.run(pip + options, check=True, stdout=sys.stderr)
    if not (folder / TEMPLATES).exists():
        with tarfile.open(archive) as tar:
            tar.extractall(folder, [it for it in tar.getmembers() if it.name.startswith(TEMPLATES)])
    return folder / TEMPLATES


def accepted(path):
    try:
        template, problems = decode(str(path))
        if problems or not isinstance(template, dict) or "Resources" not in template:
            return None
        template = json.loads(json.dumps(template, default=str))
        return None if errors(template) else template
    except Exception:  # Some fixtures break cfn-lint itself.
        return None


def main():
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    if out.exists():
        return
    templates = fetch(folder)
    # It gets its name when it is whole.
    unfinished = folder / f"unfinished-{os.getpid()}"
    unfinished.mkdir(parents=True, exist_ok=True)
    paths = [it for it in sorted(templates.rglob("*")) if it.suffix in (".json", ".yaml", ".yml")]
    paths = [it for it in paths if "bad" not in it.relative_to(templates).parts]
    with multiprocessing.Pool(2) as pool:
        for path, template in zip(paths, pool.map(accepted, paths, chunksize=4)):
            if template is not None:
                name = "-".join(path.relative_to(templates).with_suffix("").parts)
                (unfinished / f"{name}.json").write_text(json.dumps(template, indent=1))
    if not out.exists():
        unfinished.rename(out)


if __name__ == "__main__":
    main()
