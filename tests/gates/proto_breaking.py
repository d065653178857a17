#!/usr/bin/python3
"""Fails when the events changed in a way that readers of yesterday's records don't survive.

Compares proto/ with proto/baseline.desc, the committed descriptor set. Additions are fine. What is removed must be
reserved, by number and by name; nothing is renumbered, renamed or retyped, and no field enters or leaves a oneof.
--accept writes the baseline anew: at a release, or after a break that was decided on and stands in CHANGELOG.md.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2

PROTO = Path(__file__).resolve().parents[2] / "proto"
BASELINE = PROTO / "baseline.desc"
FIELD = descriptor_pb2.FieldDescriptorProto


def compiled(folder):
    """The descriptor set of every .proto file below folder, as bytes."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", f"-I{folder}", f"--descriptor_set_out={out.name}", "--include_imports",
                        *sorted(map(str, folder.rglob("*.proto")))], check=True)
        return Path(out.name).read_bytes()


def types_of(data):
    """Messages and enums of a descriptor set by their full names."""
    messages, enums = {}, {}

    def add(prefix, message_types, enum_types):
        for enum in enum_types:
            enums[f"{prefix}.{enum.name}"] = enum
        for message in message_types:
            messages[f"{prefix}.{message.name}"] = message
            add(f"{prefix}.{message.name}", message.nested_type, message.enum_type)

    for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
        add(file.package, file.message_type, file.enum_type)
    return messages, enums


def type_of(field):
    kind = FIELD.Type.Name(field.type)[5:].lower()
    many = "repeated " if field.label == FIELD.LABEL_REPEATED else ""
    return many + (field.type_name.lstrip(".") or kind)


def oneof_of(message, field):
    return message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else "no oneof"


def numbers_of(ranges, end_is_inside):
    return {number for r in ranges for number in range(r.start, r.end + end_is_inside)}


def removals(name, what, old, new, end_is_inside):
    """What is gone without being reserved, and what was reserved and no longer is."""
    reserved, before = (numbers_of(each.reserved_range, end_is_inside) for each in (new, old))
    members = lambda each: {m.number: m.name for m in (each.field if what == "field" else each.value)}
    for number, member in members(old).items():
        if number in members(new):
            continue
        if number not in reserved:
            yield f"{name}.{member}: {what} {number} was removed and is not reserved"
        elif member not in new.reserved_name:
            yield f"{name}.{member}: {what} {number} was removed and its name is not reserved"
    for number in sorted(before - reserved):
        yield f"{name}: {number} is no longer reserved"
    for member in sorted(set(old.reserved_name) - set(new.reserved_name)):
        yield f"{name}: {member} is no longer reserved"


def message_breaks(name, old, new):
    yield from removals(name, "field", old, new, 0)
    fields = {field.number: field for field in new.field}
    for field in old.field:
        now = fields.get(field.number)
        if now is None:
            continue
        label = f"{name}.{field.name}"
        if now.name != field.name:
            yield f"{label}: field {field.number} was renamed to {now.name}"
        if type_of(now) != type_of(field):
            yield f"{label}: the type changed from {type_of(field)} to {type_of(now)}"
        if oneof_of(new, now) != oneof_of(old, field):
            yield f"{label}: moved from {oneof_of(old, field)} to {oneof_of(new, now)}"


def enum_breaks(name, old, new):
    yield from removals(name, "value", old, new, 1)
    values = {value.number: value.name for value in new.value}
    for value in old.value:
        now = values.get(value.number, value.name)
        if now != value.name:
            yield f"{name}.{value.name}: value {value.number} was renamed to {now}"


def breaks(old, new):
    """Every incompatible change between two descriptor sets, one line each."""
    (old_messages, old_enums), (new_messages, new_enums) = types_of(old), types_of(new)
    for kind, before, after, compare in (("message", old_messages, new_messages, message_breaks),
                                         ("enum", old_enums, new_enums, enum_breaks)):
        for name, old_type in before.items():
            if name not in after:
                yield f"{name}: the {kind} was removed"
            else:
                yield from compare(name, old_type, after[name])


def main():
    current = compiled(PROTO)
    found = list(breaks(BASELINE.read_bytes(), current)) if BASELINE.exists() else []
    for each in found:
        print(each, file=sys.stderr)
    if sys.argv[1:] == ["--accept"]:
        BASELINE.write_bytes(current)
        return 0
    if found:
        print("proto/README.md says how events evolve.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
