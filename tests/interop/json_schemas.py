"""Holds what `pamctl` prints against docs/schema with the package jsonschema.

Takes the path of pamctl; its settings come from the environment.
"""

import json
import pathlib
import subprocess
import sys

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = pathlib.Path("docs/schema")
SCHEMAS = {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
REGISTRY = Registry().with_resources(
    (name, Resource.from_contents(schema, default_specification=DRAFT202012))
    for name, schema in SCHEMAS.items()
)


def pamctl(*arguments):
    run = subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True, check=False)
    if not run.stdout:
        sys.exit(f"pamctl {' '.join(arguments)}: {run.stderr}")
    return run.stdout


def hold(name, document):
    options = {"registry": REGISTRY}
    validator = Draft202012Validator({"$ref": name}, **options)
    for error in validator.iter_errors(document):
        sys.exit(f"{name}: {error.json_path}: {error.message}")


def main():
    for name, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
    ids = pamctl("session", "list", "--active", "-o", "ids").split()
    whole = [
        ("session-list.json", ["session", "list"]),
        ("session.json", ["session", "get", ids[0]]),
        ("termination-list.json", ["session", "terminate", ids[0], "99999", "--yes"]),
        ("auth-explain.json", ["auth", "explain", "GET", "https://vault.example.com/x?a=b"]),
        ("auth-header.json", ["auth", "header", "GET", "https://vault.example.com/x"]),
        ("explain.json", ["explain", "500"]),
        ("audit-record-list.json", ["audit", "list"]),
        ("audit-verify.json", ["audit", "verify"]),
    ]
    lines = [
        ("session.json", ["session", "list"]),
        ("session-event.json", ["session", "watch", "--initial", "--for", "5s"]),
        ("termination.json", ["session", "terminate", ids[0], ids[1], "--yes"]),
    ]
    count = 0
    for name, arguments in whole:
        hold(name, json.loads(pamctl(*arguments, "-o", "json")))
        count += 1
    for name, arguments in lines:
        for line in pamctl(*arguments, "-o", "ndjson").splitlines():
            hold(name, json.loads(line))
            count += 1
    print(f"{len(SCHEMAS)} schemas are of the 2020-12 draft; {count} documents are as they say")


main()
