#!/usr/bin/env python3
"""contract_kit.py: shows a publisher whether an ingest and a key do what Seadesk's contract says: posts the table of cases
(docs/schemas/cases.json), valid and invalid events of every type, and compares each answer. Needs Python 3.9 and nothing else.

What it publishes is marked `historical` where the type allows it, and its ids begin with kit-: no notice goes out. Reviews become
tickets: leave them out with --skip seadesk.review where that matters. Run it against a test stack."""
import argparse
import copy
import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "cases.json"
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


class Ingest:
    """The edge that is tried, asked with one key."""

    def __init__(self, url, key, source):
        self.url, self.key, self.source = url.rstrip("/") + "/v1/events", key, source

    def post(self, payload, content_type=STRUCTURED, key=None, **headers):
        """(status, answer as a dict); waits where the rate of the key says so."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = {"Content-Type": content_type, "Authorization": f"Bearer {key or self.key}",
                   **{name.replace("_", "-"): value for name, value in headers.items()}}
        while True:
            request = urllib.request.Request(self.url, body, headers)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, parsed(answer.read())
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503):
                    return error.code, parsed(error.read())
                time.sleep(min(int(error.headers.get("Retry-After", 1)), 60))

    def event(self, kind, data):
        return {"specversion": "1.0", "id": f"kit-{uuid.uuid4()}", "source": self.source, "type": kind,
                "datacontenttype": "application/json", "data": data}


def parsed(body):
    try:
        return json.loads(body) if body else {}
    except ValueError:
        return {"unreadable": body[:200].decode(errors="replace")}


def data_of(table, case):
    """The data of a case: the least or full data of its type, with what the case changes."""
    data = copy.deepcopy(table["types"][case["type"]][case["base"]])
    changes = {**case.get("set", {}), **{path: "x" * length for path, length in case.get("long", {}).items()}}
    for path, value in changes.items():
        *parts, last = path.strip("/").split("/")
        inner = data
        for part in parts:
            inner = inner.setdefault(part, {})
        inner[last] = value
    for path in case.get("remove", ()):
        *parts, last = path.strip("/").split("/")
        inner = data
        for part in parts:
            inner = inner.get(part, {})
        inner.pop(last, None)
    return data


def compare(case, status, answer):
    """What is wrong with the answer, or None."""
    if status != case["status"]:
        return f"answered {status} {answer.get('detail', '')} ({answer.get('field', '')}), expected {case['status']}"
    if status == 202 and (answer.get("accepted", 0) + answer.get("duplicate", 0), len(answer.get("ids", ()))) != (1, 1):
        return f"answered {answer}, expected one event and its id"
    if status == 422 and (answer.get("type"), answer.get("field")) != ("urn:seadesk:problem:invalid", case["field"]):
        return f"the problem is {answer.get('type')} at {answer.get('field')}, expected invalid at {case['field']}"
    return None


def check_ways(ingest, table):
    """(what, whether it held): the ways of sending that don't depend on the type."""
    kind = next(iter(table["types"]))
    least = table["types"][kind]["least"]
    one, two = ingest.event(kind, least), ingest.event(kind, least)
    yield "a wrong key is answered 401", ingest.post(one, key="not-a-key")[0] == 401
    status, answer = ingest.post([one, two], BATCH)
    yield "a batch is taken whole", status == 202 and answer["accepted"] == 2
    status, again = ingest.post([two, one], BATCH)
    yield "sent again it is a duplicate with the same ids", status == 202 and again["ids"] == answer["ids"][::-1]
    status, answer = ingest.post([ingest.event(kind, least), {**two, "id": ""}], BATCH)
    yield "a batch is refused whole, by index and field", (status, answer.get("index"), answer.get("field")) == (422, 1, "/id")
    status, answer = ingest.post([one] * 101, BATCH)
    yield "101 events are too many", (status, answer.get("type")) == (422, "urn:seadesk:problem:too-many")
    new = ingest.event(kind, least)
    attributes = {f"ce_{name}": new[name] for name in ("specversion", "id", "source", "type")}
    yield "binary mode is taken", ingest.post(least, "application/json", **attributes)[0] == 202
    new = ingest.event(kind, least)
    attributes = {f"ce_{name}": f'"{new[name]}"' for name in ("specversion", "id", "source", "type")}
    yield "binary mode's headers may be quoted", ingest.post(least, "application/json", **attributes)[0] == 202
    status, answer = ingest.post({**ingest.event(kind, least), "time": "yesterday"})
    yield "a time that is none is refused by its name", (status, answer.get("field")) == (422, "/time")
    yield "what is no JSON is malformed", ingest.post(b"{")[0] == 400
    yield "another content type is 415", ingest.post(b"<a/>", "application/xml")[0] == 415
    name = f"kit-{uuid.uuid4()}"
    ingest.post(one, Idempotency_Key=name)
    status, answer = ingest.post(two, Idempotency_Key=name)
    yield "an Idempotency-Key belongs to one body", (status, answer.get("type")) == (422, "urn:seadesk:problem:key-reused")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="of ingest, such as http://127.0.0.1:8080")
    parser.add_argument("key", help="of a registered source")
    parser.add_argument("--source", default="/contract-kit", help="CloudEvents source that the key may speak for")
    parser.add_argument("--only", default="", help="types that begin with this")
    parser.add_argument("--skip", default="-", help="but not those that begin with this")
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args()
    table = json.loads(options.table.read_text())
    ingest = Ingest(options.url, options.key, options.source)
    wrong, count = [], 0
    for case in table["cases"]:
        if case["type"].startswith(options.only) and not case["type"].startswith(options.skip):
            count += 1
            if said := compare(case, *ingest.post(ingest.event(case["type"], data_of(table, case)))):
                wrong.append(f"{case['name']}: {said}")
    for what, is_good in check_ways(ingest, table):
        count += 1
        if not is_good:
            wrong.append(what)
    for line in wrong:
        print("WRONG", line)
    print(f"{count} cases, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
