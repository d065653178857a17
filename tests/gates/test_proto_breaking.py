"""The gate of breaking changes names each planted one, and lets additions pass."""
import pytest

import proto_breaking

BASE = """syntax = "proto3";
package demo.v1;
enum Mood { MOOD_UNSPECIFIED = 0; MOOD_GLAD = 1; MOOD_SAD = 2; reserved 9; }
message Note {
  message Line { string text = 1; }
  reserved 8; reserved "old";
  string name = 1;
  uint32 size = 2;
  repeated Line lines = 3;
  oneof about { string order = 4; string parcel = 5; }
  Mood mood = 6;
}
message Second { string name = 1; }
"""


def compiled(folder, text):
    folder.mkdir()
    (folder / "demo.proto").write_text(text, encoding="utf-8")
    return proto_breaking.compiled(folder)


def found(tmp_path, *changes):
    text = BASE
    for old, new in changes:
        assert text.count(old) == 1, f"{old} is not in the sample once"
        text = text.replace(old, new)
    return list(proto_breaking.breaks(compiled(tmp_path / "old", BASE), compiled(tmp_path / "new", text)))


@pytest.mark.parametrize("old, new, want", [
    ("  uint32 size = 2;\n", "", "demo.v1.Note.size: field 2 was removed and is not reserved"),
    ("  uint32 size = 2;\n", "  reserved 2;\n", "demo.v1.Note.size: field 2 was removed and its name is not reserved"),
    ("uint32 size = 2", "uint32 size = 7", "demo.v1.Note.size: field 2 was removed and is not reserved"),
    ("uint32 size = 2", "uint32 length = 2", "demo.v1.Note.size: field 2 was renamed to length"),
    ("uint32 size = 2", "uint64 size = 2", "demo.v1.Note.size: the type changed from uint32 to uint64"),
    ("uint32 size = 2", "repeated uint32 size = 2",
     "demo.v1.Note.size: the type changed from uint32 to repeated uint32"),
    ("repeated Line lines", "repeated Second lines",
     "demo.v1.Note.lines: the type changed from repeated demo.v1.Note.Line to repeated demo.v1.Second"),
    ("string parcel = 5; }", "} string parcel = 5;", "demo.v1.Note.parcel: moved from about to no oneof"),
    ("Mood mood = 6;", "oneof maybe { Mood mood = 6; }", "demo.v1.Note.mood: moved from no oneof to maybe"),
    ("reserved 8; ", "", "demo.v1.Note: 8 is no longer reserved"),
    ('reserved "old";', "", "demo.v1.Note: old is no longer reserved"),
    ("message Second { string name = 1; }", "", "demo.v1.Second: the message was removed"),
    ("  message Line { string text = 1; }", "  message Line { }",
     "demo.v1.Note.Line.text: field 1 was removed and is not reserved"),
    ("MOOD_SAD = 2; ", "", "demo.v1.Mood.MOOD_SAD: value 2 was removed and is not reserved"),
    ("MOOD_SAD", "MOOD_BLUE", "demo.v1.Mood.MOOD_SAD: value 2 was renamed to MOOD_BLUE"),
    ("reserved 9;", "", "demo.v1.Mood: 9 is no longer reserved"),
])
def test_names_a_planted_break(tmp_path, old, new, want):
    assert want in found(tmp_path, (old, new))


def test_additions_and_reserved_removals_are_no_breaks(tmp_path):
    assert found(tmp_path,
                 ("Mood mood = 6;", "Mood mood = 6; string more = 10; oneof maybe { uint32 count = 11; }"),
                 ("string parcel = 5;", "string parcel = 5; string box = 12;"),
                 ("MOOD_SAD = 2; reserved 9;", "MOOD_CALM = 3; reserved 2, 9; reserved \"MOOD_SAD\";"),
                 ("  uint32 size = 2;\n", "  reserved 2; reserved \"size\";\n"),
                 ("message Second", "message Third {} enum Shade { SHADE_UNSPECIFIED = 0; } message Second")) == []


def test_the_baseline_names_every_topic():
    messages, _ = proto_breaking.types_of(proto_breaking.BASELINE.read_bytes())
    assert {"seadesk.v1.MessageReceived", "seadesk.v1.Draft", "seadesk.v1.Command"} <= messages.keys()
