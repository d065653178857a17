"""schemas.py: writes docs/schemas from the declarations of business events: a JSON Schema for each type, the table of cases that
publishers and tests run, and the AsyncAPI file of the topics.
usage: schemas.py ROOT [--check]   --check: writes nothing, fails when a file is not what it should be"""
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import events  # noqa: E402

TEXT_MAX = 512
TIME = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})"
SAMPLES = {"customer_ref": "c-77", "locale": "pt-BR", "language": "pt-BR", "preferred_language": "pt-BR", "phone": "+5511912345678",
           "number": "+5511912345678", "email": "joao@example.com", "channel": "whatsapp", "account": "demo", "platform": "demo",
           "id": "5511912345678", "currency": "BRL", "market": "BR", "markets": ["BR"], "tier": "gold", "handset": "smart", "rating": 4,
           "url": "https://shop.example.com/x", "reason": "missing_tax_id", "agent": "ana", "name": "João D'Ávila"}


class Rules:
    """ingest_events.def: rows NAME("argument", …)."""

    def __init__(self, path):
        rows = re.findall(r"^([A-Z]+)\((.*)\)$", path.read_text(), re.M)
        self.rows = [(name, [part.strip().strip('"') for part in re.findall(r'"[^"]*"|[^,]+', arguments)]) for name, arguments in rows]
        self.types = [row for name, row in self.rows if name == "EVENT"]

    def of(self, name, kind):
        """The paths of NEED or NEVER for this kind."""
        return [path for row, (of_kind, *rest) in ((r, a) for r, a in self.rows if r == name) for path in rest if of_kind == kind]

    def at(self, name, path):
        """What a rule says of a path, or None."""
        return next((row[1:] for rule, row in self.rows if rule == name and row[0] == path), None)

    def has(self, name, path):
        return any(rule == name and row[0] == path for rule, row in self.rows)


class Schemas:
    def __init__(self, root):
        self.rules = Rules(root / "services/ingest/ingest_events.def")
        blocks = events.parse(root / "proto/seadesk/v1/business.proto")[1] + events.parse(root / "proto/seadesk/v1/types.proto")[1]
        self.messages = {block.name: block for block in blocks if block.kind == "message"}

    def fields(self, message):
        """(name, type, is_list, meaning) of each field."""
        for name, kind, _, meaning in self.messages[message].rows:
            yield name.strip("`"), kind.removeprefix("list of "), kind.startswith("list of "), meaning.removesuffix("(may be absent)").strip()

    def value(self, kind, path):
        """The schema of one value that isn't null."""
        if kind in self.messages:
            return self.object(kind, path)
        if kind == "bool":
            return {"type": "boolean"}
        if kind == "int64":
            low, high = self.rules.at("RANGE", path) or (-2**63, 2**63 - 1)
            return {"type": "integer", "minimum": int(low), "maximum": int(high)}
        if words := self.rules.at("WORDS", path):
            return {"type": "string", "enum": ["", *words[0].split("|")]}
        if letters := self.rules.at("LETTERS", path):
            return {"type": "string", "pattern": f"^(|[A-Za-z]{{{letters[0]}}})$"}
        if path.endswith("_at"):
            return {"type": "string", "pattern": f"^(|{TIME})$"}
        longest = self.rules.at("LONG", path)
        return {"type": "string", "maxLength": int(longest[0]) if longest else TEXT_MAX, "pattern": r"^[^\u0000]*$"}

    def object(self, message, path):
        properties, required = {}, []
        for name, kind, is_list, meaning in self.fields(message):
            inner = f"{path}/{name}"
            schema = self.value(kind, inner)
            if is_list:
                schema = {"type": "array", "maxItems": 20, "items": schema}
            if self.rules.has("INSIDE", inner):
                required.append(name)
                schema = {**schema, "pattern": schema["pattern"].replace("(|", "(")} if "pattern" in schema else schema
            else:
                schema = {**schema, "type": [schema["type"], "null"]}
                if "enum" in schema:
                    schema["enum"] = [*schema["enum"], None]
            properties[name] = {**({"description": meaning} if meaning else {}), **schema}
        return {"type": "object", **({"required": required} if required else {}), "properties": properties}

    def need(self, path, kind="BusinessData", at=""):
        """A schema that wants something at the path."""
        name, _, rest = path.lstrip("/").partition("/")
        of, is_list = next((k, many) for n, k, many, _ in self.fields(kind) if n == name)
        if rest:
            inner = {"type": "object", **self.need(rest, of, f"{at}/{name}")}
        else:
            inner = {"bool": {"type": "boolean"}, "int64": {"type": "integer"}}.get(of, {"type": "string", "minLength": 1})
        return {"required": [name], "properties": {name: inner}}

    def data(self, kind):
        wants = [self.need("/occurred_at")]
        for path in self.rules.of("NEED", kind):
            choices = [self.need(each) for each in path.split("|")]
            wants.append(choices[0] if len(choices) == 1 else {"anyOf": choices})
        for path in self.rules.of("NEVER", kind):
            wants.append({"properties": {path.lstrip("/"): {"enum": [False, None]}}})
        return {"allOf": [{"$ref": "data.json"}, *wants]}

    def event(self, name, kind, about):
        text = {"type": "string", "minLength": 1, "maxLength": TEXT_MAX, "pattern": r"^[^\u0000]*$"}
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name,
                "description": about + " A CloudEvent with JSON data. Lengths are counted in bytes of UTF-8 by the service, 512 unless "
                "said; an event may have 192 KiB; null and absent mean the same, and so do an empty text and an absent one.",
                "type": "object", "required": ["specversion", "id", "source", "type", "data"],
                "properties": {"specversion": {"const": "1.0"}, "id": text, "source": text, "type": {"const": name},
                               "subject": {"description": "order/{order_id}, customer/{customer_ref} and so on"},
                               "time": {"description": "RFC 3339", "type": ["string", "null"], "pattern": f"^(|{TIME})$"},
                               "datacontenttype": {"description": "application/json"},
                               "data": self.data(kind)}}

    def whole(self):
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "data of a business event",
                "description": "What every type's data have in common; the type's own schema says what it needs.",
                **self.object("BusinessData", "")}

    # ---- the table of cases ----

    def sample(self, kind, name, path):
        if kind in self.messages:
            return {n: [self.sample(k, n, f"{path}/{n}")] if many and n not in SAMPLES else self.sample(k, n, f"{path}/{n}")
                    for n, k, many, _ in self.fields(kind)}
        if name in SAMPLES:
            return SAMPLES[name]
        if kind == "bool":
            return True
        if kind == "int64":
            return 7
        if words := self.rules.at("WORDS", path):
            return words[0].split("|")[0]
        return "2026-11-22T08:14:10Z" if name.endswith("_at") else f"kit-{name}"

    def full(self, kind):
        """Data with everything that this kind may say, as back-fill where that is possible."""
        sections = {"customer"} | {path.split("/")[1] for needs in self.rules.of("NEED", kind) for path in needs.split("|")}
        data = {}
        for name, of, is_list, _ in self.fields("BusinessData"):
            if of not in self.messages or name in sections or (name == "amount" and kind in ("ORDER", "PARCEL")):
                data[name] = self.sample(of, name, f"/{name}")
        for path in self.rules.of("NEVER", kind):
            data[path.lstrip("/")] = False
        return data

    def least(self, kind):
        data = {"occurred_at": "2026-11-22T08:14:10+08:00"}
        if not self.rules.of("NEVER", kind):
            data["historical"] = True
        for path in self.rules.of("NEED", kind):
            put(data, path.split("|")[0], get(self.full(kind), path.split("|")[0]))
        return data

    def cases(self):
        """What is done to the least or full data of each type, and the field that is then refused. Of the types of one kind the
        first alone has every wrong value."""
        kinds = set()
        for name, kind, _, _ in self.rules.types:
            yield case(name, "least")
            yield case(name, "full")
            yield case(name, "least", {"/location": None, "/sequence": None, "/amount": None})
            yield case(name, "least", {"/colour": {"of": ["blue"]}})
            for path in ["/occurred_at", *self.rules.of("NEED", kind)]:
                paths = path.split("|")
                yield case(name, "least", {}, paths[0], paths)
                yield case(name, "least", {each: None for each in paths}, paths[0])
                if self.kind_of(paths[0]) == "string":
                    yield case(name, "least", {each: "" for each in paths}, paths[0])
            for path in self.rules.of("NEVER", kind):
                yield case(name, "least", {path: True}, path)
            for path, wrong in [] if kind in kinds else self.wrongs(kind):
                yield case(name, "full", {path: wrong}, path)
            kinds.add(kind)

    def kind_of(self, path):
        kind = "BusinessData"
        for part in path.lstrip("/").split("/"):
            kind = next(k for n, k, _, _ in self.fields(kind) if n == part)
        return kind

    def wrongs(self, kind, message="BusinessData", at=""):
        """(path, value): wrong values for everything that full data of this kind have."""
        for name, of, is_list, _ in self.fields(message):
            path = f"{at}/{name}"
            if get(self.full(kind), path) is None:
                continue
            if is_list:
                yield path, "one"
                yield path, [self.sample(of, "x", path)] * 21
                continue
            yield path, "a text" if of != "string" else 7
            if of in self.messages:
                yield from self.wrongs(kind, of, path)
            elif of == "int64":
                low, high = map(int, self.rules.at("RANGE", path) or (-2**63, 2**63 - 1))
                yield path, high + 1
                if low > -2**63:
                    yield path, low - 1
            elif of == "string":
                yield from ((path, wrong) for wrong in self.wrong_texts(path))
            if self.rules.has("INSIDE", path):
                yield path, None

    def wrong_texts(self, path):
        if self.rules.at("WORDS", path):
            return ["love"]
        if self.rules.at("LETTERS", path):
            return ["R$", "BRLX"]
        if path.endswith("_at"):
            return ["yesterday", "2026-11-22T08:14:10"]
        longest = self.rules.at("LONG", path)
        return ["x" * ((int(longest[0]) if longest else TEXT_MAX) + 1), "a\0b"]


def case(name, base, changes=None, field=None, remove=()):
    long = {path: len(value) for path, value in (changes or {}).items() if isinstance(value, str) and len(value) > 100}
    changes = {path: value for path, value in (changes or {}).items() if path not in long}
    words = [f"{path} is {json.dumps(value)}" if len(json.dumps(value)) < 40 else f"{path} too long" for path, value in changes.items()]
    words += [f"{path} of {length} bytes" for path, length in long.items()] + [f"without {path}" for path in remove]
    return {"name": ", ".join([f"{name}: {base}", *words]), "type": name, "base": base,
            **({"set": changes} if changes else {}), **({"long": long} if long else {}), **({"remove": list(remove)} if remove else {}),
            **({"status": 422, "field": "/data" + field} if field else {"status": 202})}


def get(data, path):
    for part in path.lstrip("/").split("/"):
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


def put(data, path, value):
    *parts, last = path.lstrip("/").split("/")
    for part in parts:
        data = data.setdefault(part, {})
    data[last] = value


def asyncapi(root, schemas):
    """The topics: those that companies write, with the schemas of their events; ours with their protobuf messages."""
    source = (root / "common/kafka/sea_topics.c").read_text()
    listed = re.findall(r'= (?:TOPIC|INTAKE)\("(\w+)"(?:, (\d+))?', source)
    listed += re.findall(r'\.name = "seadesk\.(\w+)".*?DAYS\((\d+)\)', source, re.S)[:1]
    headers = {"type": "object", "required": ["content-type"], "properties": {
        "content-type": {"description": "application/json or application/protobuf (binary mode: attributes as ce_ headers), "
                                        "application/cloudevents+json or +protobuf (structured mode)"},
        **{f"ce_{name}": {"type": "string"} for name in ("specversion", "id", "source", "type", "subject", "time")}}}
    messages = {name: {"name": name, "title": about, "contentType": "application/cloudevents+json", "headers": headers,
                       "payload": {"$ref": f"events/{name}.json"}} for name, _, _, about in schemas.rules.types}
    every = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    kafka = {"kafka": {"partitions": 12, "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": 7 * 86400000}}}
    channels = {
        "business": {"address": "seadesk.business", "bindings": kafka, "messages": every,
                     "description": "Events of company systems. Key, advised: order id or customer_ref."},
        "business.source": {"address": "seadesk.business.{source}", "messages": every,
                            "parameters": {"source": {"description": "name of a registered source; its scope holds"}},
                            "description": "A topic of one source's own: create it, and let only that source write there."}}
    for name, days in listed:
        if name != "business":
            channels[name] = internal(root, name, int(days or 7))
    return {"asyncapi": "3.0.0",
            "info": {"title": "Seadesk: topics", "version": "1.0.0",
                     "description": "Company systems write seadesk.business and seadesk.business.{source}. The other topics are "
                                    "Seadesk's own; they may grow with a minor version (docs/events.md)."},
            "defaultContentType": "application/protobuf", "channels": channels,
            "operations": {"publish": {"action": "receive", "channel": {"$ref": "#/channels/business"},
                                       "summary": "Seadesk reads business events."},
                           "publishOwn": {"action": "receive", "channel": {"$ref": "#/channels/business.source"},
                                          "summary": "Seadesk reads a source's own topic."}},
            "components": {"messages": messages}}


def internal(root, topic, days):
    """One of our own topics: the messages of the proto file that names it."""
    path = next(p for p in sorted((root / "proto/seadesk/v1").glob("*.proto"))
                if re.search(rf"\bseadesk\.{topic}:", p.read_text().partition("syntax")[0]))
    about, blocks = events.parse(path)
    names = [block.name for block in blocks if block.kind == "message" and "." not in block.name]
    return {"address": f"seadesk.{topic}", "description": about,
            "bindings": {"kafka": {"partitions": 1 if topic == "privacy" else 12,
                                   "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": days * 86400000}}},
            "messages": {name: {"name": f"seadesk.v1.{name}", "contentType": "application/protobuf"} for name in names}}


def files(root):
    schemas = Schemas(root)
    made = {f"events/{name}.json": schemas.event(name, kind, about) for name, kind, _, about in schemas.rules.types}
    made["events/data.json"] = schemas.whole()
    made["events/any.json"] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "any business event",
                               "oneOf": [{"$ref": f"{name}.json"} for name, *_ in schemas.rules.types]}
    made["cases.json"] = {"types": {name: {"least": schemas.least(kind), "full": schemas.full(kind)} for name, kind, _, _ in schemas.rules.types},
                          "cases": list(schemas.cases())}
    made["asyncapi.json"] = asyncapi(root, schemas)
    return {name: text(content) for name, content in made.items()}


def text(content):
    if "cases" in content:
        lines = [f"  {json.dumps(name)}: {json.dumps(data, ensure_ascii=False)}" for name, data in content["types"].items()]
        cases = ["  " + json.dumps(each, ensure_ascii=False) for each in content["cases"]]
        return '{"types": {\n' + ",\n".join(lines) + '\n},\n"cases": [\n' + ",\n".join(cases) + "\n]}\n"
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def main():
    root, folder = Path(sys.argv[1]), Path(sys.argv[1]) / "docs/schemas"
    made = files(root)
    if "--check" not in sys.argv:
        for name, content in made.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        return 0
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.json")}
    stale = [name for name, content in made.items() if not (folder / name).exists() or (folder / name).read_text() != content]
    stale += sorted(there - made.keys())
    if stale:
        print(f"docs/schemas is not what its declarations say ({', '.join(stale[:5])}); run cmake --build --preset dev --target docs",
              file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
