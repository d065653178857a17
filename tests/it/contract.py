"""contract.py: docs/schemas/openapi.yaml, and whether what ingest answered stands in it."""
import re
from urllib.parse import urlsplit

import yaml

from stack import CHECKOUT

FOLDER = CHECKOUT / "docs" / "schemas"
OPENAPI = yaml.safe_load((FOLDER / "openapi.yaml").read_text())
EVERYWHERE = {"connection", "content-length", "content-type", "date", "transfer-encoding"}  # HTTP's own headers


def resolved(node, whole=None):
    """A node of the OpenAPI file, its reference followed."""
    while "$ref" in node:
        found = whole or OPENAPI
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def operations(whole=None):
    """{(path, method): operation}; whoever is asked with GET may be asked with HEAD."""
    return {(path, method): operation for path, methods in (whole or OPENAPI)["paths"].items()
            for method, operation in methods.items() if method != "parameters"}


def path_of(target, whole=None):
    """The documented path that a target is of, or None."""
    asked = urlsplit(target).path
    return next((path for path in (whole or OPENAPI)["paths"] if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), asked)), None)


def undocumented(method, target, status, headers, whole=None):
    """What of an answer the file doesn't say; empty where it says all."""
    path = path_of(target, whole)
    if path is None:
        return [] if status == 404 else [f"{target} isn't documented and answered {status}"]
    operation = operations(whole).get((path, {"head": "get"}.get(method.lower(), method.lower())))
    if operation is None:
        return [] if status == 405 else [f"{method} {path} isn't documented and answered {status}"]
    of_connection = resolved(operation["responses"]["default"], whole)
    said = [resolved(operation["responses"][str(status)], whole)] if str(status) in operation["responses"] else []
    if status in of_connection["x-statuses"]:
        said.append(of_connection)
    names = {name.lower() for answer in said for name in answer.get("headers", {})} | EVERYWHERE
    wrong = [f"{method} {path} answered with {name}: {headers[name]}" for name in headers if name.lower() not in names]
    return wrong if said else [f"{method} {path} answered {status}"]
