"""events.py: writes docs/events.md from the comments of proto/seadesk/v1: one section per topic, one table per message.
usage: events.py PROTO_FOLDER SOURCE_OF_TOPICS"""
import re
import sys
from pathlib import Path

FIELD = re.compile(r"(repeated )?(map<[\w, ]+>|[\w.]+) (\w+) = (\d+);(?: *// ?(.*))?$")
VALUE = re.compile(r"(\w+) = (\d+);(?: *// ?(.*))?$")
OPENS = re.compile(r"(message|enum|oneof) (\w+) \{(\})?(?: *// ?(.*))?$")
INTRODUCTION = """# Events

Made by `cmake --build --preset dev --target docs` from the comments in `proto/seadesk/v1`; not edited by hand. How events
evolve, how "absent" is said and where sealed texts open: [proto/README.md](../proto/README.md). How to publish:
[integrating.md](integrating.md).

Every record's value is one of these messages, its headers are CloudEvents 1.0 (Kafka binding, binary mode):

| header | meaning |
|---|---|
| `content-type` | `application/protobuf` |
| `ce_specversion` | `1.0` |
| `ce_id` | id of the event, a UUID; the same event sent again has the same id |
| `ce_type` | full name of the message, such as `seadesk.v1.MessageReceived`; unknown ones are skipped |
| `ce_source` | who published it |
| `ce_time` | when it was written, RFC 3339 |
| `ce_originid` | the publisher's own id of a business event; else absent |
| `traceparent` | W3C trace context |
| `sd-root` | id of the event at the edge that it all began with |
| `sd-src`, `sd-pos` | place in the sender's order, by which readers drop repeats; absent from the edges |
"""


class Block:
    """A message, an enum or a oneof."""

    def __init__(self, kind, name, about):
        self.kind, self.name, self.about, self.rows = kind, name, about, []


def parse(path):
    """The header comment, and the blocks in the order of the file; nested ones have dotted names."""
    lines = path.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("syntax"))
    blocks, stack, pending = [], [], []
    for line in lines[start + 1:]:
        text, indent = line.strip(), len(line) - len(line.lstrip())
        if text.startswith("//"):
            comment = text[2:].strip()
            rows = stack[-1].rows if stack else []
            if rows and indent > 2 * len(stack) and not pending:
                rows[-1][-1] = f"{rows[-1][-1]} {comment}".strip()
            else:
                pending.append(comment)
        elif match := OPENS.match(text):
            kind, name, closed, beside = match.groups()
            outer = next((each for each in reversed(stack) if each.kind == "message"), None)
            about = " ".join([*pending, *([beside] if beside else [])])
            block = Block(kind, f"{outer.name}.{name}" if outer and kind != "oneof" else name, about)
            pending = []
            if kind == "oneof":
                block.rows = stack[-1].rows
            else:
                blocks.append(block)
            if not closed:
                stack.append(block)
        elif text == "}":
            stack.pop()
        elif stack and (match := (VALUE if stack[-1].kind == "enum" else FIELD).match(text)):
            stack[-1].rows.append(row_of(stack[-1], match, pending))
            pending = []
        elif text:
            pending = []
    return " ".join(line.removeprefix("//").strip() for line in lines[:start]), blocks


def row_of(block, match, pending):
    *start, comment = match.groups()
    words = [*pending, *([comment] if comment else [])]
    if block.kind == "enum":
        return [f"`{start[0]}`", start[1], " ".join(words)]
    repeated, kind, name, number = start
    if block.kind == "oneof":
        words.append("(may be absent)" if block.name == f"has_{name}" else f"(one of `{block.name}`)")
    return [f"`{name}`", ("list of " if repeated else "") + kind, number, " ".join(words)]


def show(blocks):
    for block in blocks:
        if block.kind == "oneof":
            continue
        head = "| value | number | meaning |\n|---|---|---|" if block.kind == "enum" else "| field | type | number | meaning |\n|---|---|---|---|"
        print(f"\n### {block.name}\n" + (f"\n{block.about}\n" if block.about else ""))
        if block.rows:
            print(head)
        for row in block.rows:
            print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
        if not block.rows:
            print("No fields.")


def main():
    folder, topics = Path(sys.argv[1]), Path(sys.argv[2]).read_text()
    order = re.findall(r'(?:INTAKE|TOPIC)\("(\w+)"|"seadesk\.(\w+)"', topics)
    names = [first or second for first, second in order]
    rest = sorted(path.stem for path in folder.glob("*.proto") if path.stem not in names)
    print(INTRODUCTION, end="")
    for name in [*(name for name in names if (folder / f"{name}.proto").exists()), *rest]:
        about, blocks = parse(folder / f"{name}.proto")
        title, _, words = about.partition(": ") if about.startswith("seadesk.") else (f"seadesk/v1/{name}.proto", "", about)
        print(f"\n## {title}\n\n{words[:1].upper()}{words[1:]}")
        show(blocks)


if __name__ == "__main__":
    main()
