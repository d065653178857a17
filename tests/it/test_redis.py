"""test_redis.py: the connection to Redis (common/redis) against the stack's Redis: order, bounds, scripts, loss, time-outs."""
import os
import subprocess
from pathlib import Path
from urllib.parse import urlparse


def test_the_connection_to_redis(env):
    url = urlparse(env["SEADESK_REDIS"])
    ran = subprocess.run(
        [Path(env["SEADESK_BIN_DIR"]) / "it_redis"], capture_output=True, text=True, timeout=120,
        env={**os.environ, "REDIS_URL": f"redis://{url.netloc}", "REDIS_PORT": str(url.port)})
    assert ran.returncode == 0, ran.stdout + ran.stderr
