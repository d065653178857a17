"""The gate of style names each planted fault, and lets what is right pass."""
import pytest

import style

GOOD = """/* sea_demo.c: counts what it is given. */
#include "sea_demo.h"

/* gets(line) in a comment and "gets(" in a string are no calls. */
int sea_demo_count(struct sea_buf *out, const char *text)
{
    sea_buf_printf(out, "%s gets( /* %d */", text, 'x');
    snprintf(out->text, sizeof out->text, is_long(text, ',') ? "%s" : "%.5s", text);
    demo->printf(text);
    return 0;
}
"""


@pytest.mark.parametrize("old, new, want", [
    ("/* sea_demo.c: counts", "/* counts", "does not begin with /* sea_demo.c: and its purpose"),
    ("/* sea_demo.c: counts", "#define A\n/* sea_demo.c: counts",
     "does not begin with /* sea_demo.c: and its purpose"),
    ("return 0;", "return gets(out->text) != NULL;", "calls gets"),
    ("return 0;", "return atoi (text) + atoi(text);", "calls atoi"),
    ("return 0;", "return sprintf(out->text, \"%s\", text);", "calls sprintf"),
    ('"%s gets( /* %d */"', "text", "sea_buf_printf with text as its format"),
    ('is_long(text, \',\') ? "%s" : "%.5s"', "text", "snprintf with text as its format"),
    ("demo->printf(text)", "printf(text)", "printf with text as its format"),
    ("return 0;", 'sea_log(SEA_LOG_WARN, "odd", SEA_F_STR("message_text", text));', "logs message_text"),
    ("return 0;", "return 0; " + "+" * 100, "a line of more than 100 columns: return 0; +++++"),
])
def test_names_a_fault_in_c(old, new, want):
    assert old in GOOD
    found = list(style.c_findings("common/sea_demo.c", GOOD.replace(old, new, 1)))
    assert [what for what in found if what.startswith(want)], found


def test_good_c_passes_and_columns_are_counted_as_they_are_seen():
    wide = 'static const char *WORDS = "' + "พัสดุอยู่ที่ไหน" * 5 + '";\n'
    assert len(wide) > 100
    assert not list(style.c_findings("common/sea_demo.c", GOOD + wide))


@pytest.mark.parametrize("line, want", [
    ("/* TODO: later */", "unfinished: TODO"),
    ("cp x /root/y", "names a machine's path or a registry: /root/"),
    ("curl https://registry.npmjs.org", "names a machine's path or a registry: registry.npmjs"),
    ("Co-Authored-By: somebody", "speaks of tools that the project doesn't have: Co-Authored-By"),
])
def test_names_what_no_file_may_say(line, want):
    assert list(style.text_findings("docs/demo.md", f"one\n{line}\n")) == [want]


def test_names_long_and_tangled_functions():
    output = "21\t21\t9\t1\t61\tcommon/a.c(7): tangled\n2\t2\t9\t1\t61\ttests/a.c(7): long_test\n"
    assert list(style.function_findings(output)) == ["common/a.c: tangled has a complexity of more than 20",
                                                     "common/a.c: tangled has more than 60 lines"]


def test_names_what_a_services_page_lacks(tmp_path):
    assert not list(style.readme_findings(tmp_path))
    (tmp_path / "main.c").touch()
    assert list(style.readme_findings(tmp_path)) == ["README.md is missing"]
    (tmp_path / "README.md").write_text("# demo\n| hears | a |\n| says | b |\n| limits | c |\n\nMetrics to look at\n")
    assert list(style.readme_findings(tmp_path)) == ["README.md lacks decides", "README.md lacks ## When something fails"]
