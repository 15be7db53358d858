"""What the README promises to whoever brings no make: `flask --app wsgi run`, and pages come."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from portal import services
from portal.config import ROOT

pytestmark = [pytest.mark.processes]


def test_flask_run_alone_serves_pages_with_data(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PASOKH_ENV": "development",
        "DATA_DIR": str(tmp_path / "city"),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PLUGINS": "",
    }
    for name in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(name, None)
    server = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "run", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        # A page that reads tables is the first that is asked for.
        assert get(port, "/fa/accessibility").status_code == 200
        assert get(port, "/readyz").json()["checks"]["migrations"] == "ok"
    finally:
        server.kill()
        server.wait()
        services.stop(tmp_path / "city")


def get(port: int, path: str) -> requests.Response:
    deadline = time.monotonic() + 60
    while True:
        try:
            return requests.get(f"http://127.0.0.1:{port}{path}", timeout=60)
        except requests.ConnectionError:
            assert time.monotonic() < deadline, "nothing listens"
            time.sleep(0.1)
