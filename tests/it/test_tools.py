"""test_tools.py: what the tests themselves rely on: signatures as the providers compute them, and an honest count."""
import subprocess
import sys

from stack import CHECKOUT


def test_twilio_signature_is_the_one_of_twilios_own_example(sign_twilio):
    # Twilio, "Validating Signatures from Twilio": token 12345.
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    params = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
              "To": "+18005551212"}
    assert sign_twilio(url, params, "12345") == {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}


def test_whatsapp_signature_is_hmac_sha256_of_the_raw_body(sign_whatsapp):
    # RFC 4231, test case 2.
    expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign_whatsapp(b"what do ya want for nothing?", "Jefe") == {"X-Hub-Signature-256": expected}


CTEST = """<testsuite name="c"><testcase name="a" classname="a" status="run"/>
<testcase name="b" classname="b" status="fail"><failure message=""/></testcase>
<testcase name="c" classname="c" status="notrun"><skipped message="Not run"/></testcase>
<testcase name="s" classname="s" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
<testcase name="d" classname="d" status="disabled"/></testsuite>"""
PYTEST = """<testsuites><testsuite name="p"><testcase classname="m" name="ok"/>
<testcase classname="m" name="skip"><skipped message="x"/></testcase>
<testcase classname="m" name="twice"/><testcase classname="m" name="twice"><error message="teardown"/></testcase>
</testsuite></testsuites>"""


AGAIN = """<testsuite name="p"><testcase classname="m" name="twice"/></testsuite>"""


def count(folder):
    return subprocess.run([sys.executable, CHECKOUT / "deploy/dev/count_tests.py", folder], check=True,
                          capture_output=True, text=True).stdout.splitlines()


def test_the_closing_line_counts_each_case_once_and_misses_no_failure(tmp_path):
    for name, text in (("c.xml", CTEST), ("p.xml", PYTEST)):
        (tmp_path / name).write_text(text)
    out = count(tmp_path)
    assert out[0] == "2 3 3 0"
    assert set(out[1:]) == {"failed: b::b", "failed: c::c", "failed: m::twice"}


def test_what_passes_only_the_second_time_is_called_unsteady(tmp_path):
    for name, text in (("c.xml", CTEST), ("p.xml", PYTEST), ("p.again.xml", AGAIN)):
        (tmp_path / name).write_text(text)
    out = count(tmp_path)
    assert out[0] == "3 2 3 1"
    assert set(out[1:]) == {"failed: b::b", "failed: c::c", "unsteady: m::twice"}
