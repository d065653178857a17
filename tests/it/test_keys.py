"""test_keys.py: the key store's client (common/privacy) against the stack's key store: sealing across services, destroyed
keys and new generations, races, roles, rotation, day keys."""
import os
import subprocess
from pathlib import Path
from urllib.parse import urlparse


def test_the_key_store_and_its_client(env):
    url = urlparse(env["SEADESK_KEYS_POSTGRES"])
    secrets = Path(env["SEADESK_STATE_DIR"]) / "secrets"
    ran = subprocess.run(
        [Path(env["SEADESK_BIN_DIR"]) / "it_keys"], capture_output=True, text=True, timeout=120,
        env={**os.environ, "KEYS_URL": f"postgresql://{url.hostname}:{url.port}{url.path}",
             "KEYS_PASSWORD": (secrets / "postgres-services").read_text().strip(),
             "KEYS_MASTER": (secrets / "master-key").read_text().strip()})
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_no_key_lies_in_the_store_unwrapped_or_after_its_end(keys_pg):
    """Wrapped keys are 77 bytes; what was destroyed is NULL."""
    for table in ("wrapping_key", "contact_key", "day_key"):
        rows = keys_pg.query(f"SELECT octet_length(wrapped), destroyed_at FROM keys.{table}")
        assert rows, table
        assert all(size == 77 if destroyed_at is None else size is None for size, destroyed_at in rows), table
