"""test_docs.py: every command of docs/integrating.md runs as it stands, in its order, and does what the page says."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stack import CHECKOUT, Desk

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAGE = CHECKOUT / "docs" / "integrating.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
COMMANDS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": ["/usr/bin/python3", "-c"], "java": ["java"]}


def shown_after(number):
    """The JSON that the page shows as what the block prints, or None."""
    after = BLOCKS[number + 1] if number + 1 < len(BLOCKS) else ("", "")
    return json.loads(after[1]) if after[0] == "json" else None


def first_lines():
    return [pytest.param(number, id=f"{number}-{kind}") for number, (kind, _) in enumerate(BLOCKS) if kind in COMMANDS]


@pytest.fixture(scope="module", autouse=True)
def suite(env):
    """The page promises what the whole suite does."""
    if not (Path(env["SEADESK_BIN_DIR"]) / "order-tracker").exists():
        pytest.skip("the services are not built")


@pytest.mark.parametrize("number", first_lines())
def test_a_block_of_the_page_runs(env, tmp_path, number):
    kind, text = BLOCKS[number]
    argument = text
    if kind == "java":
        if not shutil.which("javac"):
            pytest.skip("no JDK here")
        argument = tmp_path / "Publish.java"
        argument.write_text(text)
    ran = subprocess.run([*COMMANDS[kind], argument], cwd=CHECKOUT, env={**os.environ, **env}, capture_output=True,
                         text=True, timeout=200)
    assert ran.returncode == 0, f"{text}\n{ran.stdout}\n{ran.stderr}"
    if shown := shown_after(number):
        printed = json.loads(ran.stdout)
        assert printed["ids"] == shown["ids"]
        assert printed["accepted"] + printed["duplicate"] == shown["accepted"] + shown["duplicate"]


def test_every_block_of_the_page_is_run_or_is_an_output(env):
    assert {kind for kind, _ in BLOCKS} <= {*COMMANDS, "html", "json", "yaml"}
    assert len(first_lines()) >= 13


def test_the_sources_that_the_page_shows_can_be_loaded(env, tmp_path):
    """Its files of secrets are put in place; the rest stands as it is."""
    text = next(text for kind, text in BLOCKS if kind == "yaml")
    for name, secret in (("new", "k-new"), ("old", "k-old"), ("signing", SIGNING), ("rejects", SIGNING)):
        (tmp_path / f"erp-{name}").write_text(secret)
    shutil.copytree(CHECKOUT / "deploy/config", tmp_path / "config")
    page = tmp_path / "config/channels.yaml"
    page.write_text("accounts: []\n" + text.replace("/run/secrets", str(tmp_path)))
    ran = subprocess.run([Path(env["SEADESK_BIN_DIR"]) / "ingest", "--check"], capture_output=True, text=True, timeout=60,
                         env={"SEADESK_CONFIG": str(tmp_path / "config"), "SEADESK_MASTER_KEY": "0" * 64, "SEADESK_PEPPER": "0" * 64})
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_the_page_published_has_arrived(env, eventually):
    desk = Desk(env["SEADESK_DESK_URL"])

    def order():
        answer = desk.get("/orders/F-1001")
        return answer.status_code == 200 and answer.json()

    # What went through Kafka may come after what went over HTTP; it is listed all the same.
    eventually(lambda: order() and {each["name"] for each in order()["milestones"]} >= {"paid", "dispatched", "out_for_delivery"}, 60)
    assert order()["parcels"][0]["state"] == "out_for_delivery"
    assert eventually(lambda: desk.message("whatsapp", "wamid.first"), 60)["text"] == "Oi!"
    assert eventually(lambda: desk.message("form", "form-77"), 60)["market"] == "MX"
