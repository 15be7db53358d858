"""The demonstration's surroundings: its folder, its settings, its processes."""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from portal.config import ROOT, Settings
from portal.messaging.gateways import catalog
from portal.messaging.simulator.wiring import WIRING, environment
from portal.processes import DEFAULTS, port_is_free, write_config

FOLDER = Path(os.environ.get("DEMO_DIR", ROOT / "var" / "demo")).resolve()
CITY = {
    "CITY_NAME_FA": "شهرداری منطقهٔ ۱۲ تهران",
    "CITY_NAME_AR": "بلدية المنطقة ١٢ في طهران",
    "CITY_NAME_EN": "Tehran Municipality, District 12",
}
USUAL_GATEWAY = "kavenegar"
START = 600
"""Seconds that a busy machine may take to start everything."""
PATIENCE = 900
"""Seconds that one step may take where others use the machine too. Where a process has ended the
story stops at once."""
ARRIVAL = 600
"""Seconds within which an SMS of a citizen is surely here: some gateways are asked for them only
twice a minute."""


class DemoError(Exception):
    """The demonstration cannot go on; the message says why and what to do."""


def _free_port(first: int, host: str = "127.0.0.1") -> int:
    for port in range(first, first + 50):
        if port_is_free(host, port):
            return port
    raise DemoError(f"No free port between {first} and {first + 49} on {host}.")


def _wanted_gateway() -> str:
    """SMS_GATEWAY; empty where nothing is wanted."""
    wanted = os.environ.get("SMS_GATEWAY", "").strip()
    if wanted and wanted not in WIRING:
        raise DemoError(
            f"SMS_GATEWAY={wanted} is not among the gateways that are simulated. Choose one of "
            f"{', '.join(sorted(WIRING))}; without SMS_GATEWAY it is {USUAL_GATEWAY}."
        )
    return wanted


def _kept(folder: Path, wanted: str) -> dict[str, str]:
    """Gateway, secrets and port of this demonstration: links in old SMS still open next time."""
    path = folder / "demo.json"
    if not path.exists():
        made = {
            "SMS_GATEWAY": wanted or USUAL_GATEWAY,
            "GATEWAY_KEY": secrets.token_hex(24),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "SMS_HOOK_SECRET": secrets.token_urlsafe(24),
            "PORT": os.environ.get("PORT", ""),
        }
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(made))
    kept: dict[str, str] = json.loads(path.read_text())
    # Folders of before there was a choice.
    kept.setdefault("SMS_GATEWAY", USUAL_GATEWAY)
    kept.setdefault("GATEWAY_KEY", kept.get("KAVENEGAR_API_KEY", ""))
    begun = kept["SMS_GATEWAY"]
    if wanted not in {"", begun}:
        raise DemoError(
            f"The demonstration in {folder} was begun with {begun}, and its SMS lie there. "
            f"Go on with it (SMS_GATEWAY={begun} make demo, or without SMS_GATEWAY), forget it "
            f"(make clean-demo), or begin another one: DEMO_DIR=/some/folder "
            f"SMS_GATEWAY={wanted} make demo"
        )
    return kept


class World:
    """Paths, environment and processes; `with World().running():` starts and stops them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        kept = _kept(folder, _wanted_gateway())
        self.gateway = kept["SMS_GATEWAY"]
        self.wiring = WIRING[self.gateway]
        wanted = int(os.environ.get("PORT") or kept.get("PORT") or 8000)
        self.port = _free_port(wanted)
        if kept.get("PORT") != str(self.port):
            kept["PORT"] = str(self.port)
            (folder / "demo.json").write_text(json.dumps(kept))
        self.simulator_port = _free_port(self.port + 25)
        self.url = f"http://127.0.0.1:{self.port}"
        self.simulator_url = f"http://127.0.0.1:{self.simulator_port}"
        self.hook = kept["SMS_HOOK_SECRET"]
        self.environ = {
            **os.environ,
            **DEFAULTS,
            **CITY,
            **{name: kept[name] for name in ("SECRET_KEY", "SMS_HOOK_SECRET")},
            **self._gateway_settings(kept["GATEWAY_KEY"]),
            "TZ": "UTC",
            "PASOKH_ENV": "demo",
            "DATA_DIR": str(folder),
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "SIMULATOR_URL": self.simulator_url,
            "SIMULATOR_API_KEY": kept["GATEWAY_KEY"],
            "QUIET_HOURS": "",
            "CLOSED_DAYS": "send",
            "PYTHONPATH": str(ROOT),
        }
        self._supervisor: subprocess.Popen[bytes] | None = None

    def settings(self) -> Settings:
        return Settings.from_environ(self.environ)

    def _gateway_settings(self, key: str) -> dict[str, str]:
        """All of the gateway's settings: what the surroundings say of a real one must not count."""
        options = catalog.known()[self.gateway].all_options()
        return {
            **{f"{self.gateway}_{option.name}".upper(): "" for option in options},
            **environment(self.gateway, self.simulator_url, key),
            "SMS_GATEWAY": self.gateway,
            "SMS_LINE": self.wiring.line,
        }

    def _simulator_command(self) -> str:
        hooks = f"{self.url}/hooks/sms/{self.gateway}/{self.hook}"
        return (
            f"python -m portal.messaging.simulator --dialect {self.gateway} --host 127.0.0.1 "
            f"--port {self.simulator_port} --data $DATA_DIR/simulator.sqlite --latency-ms 20 "
            f"--delivery-seconds 4 --status-callback {hooks}/status "
            f"--inbound-callback {hooks}/inbound"
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start everything, wait until it answers, and take it down again afterwards."""
        self._lock = (self.folder / "demo.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoError(
                f"A demonstration already runs in {self.folder}. Stop it with Ctrl-C in its "
                "window, or give this one a folder of its own: DEMO_DIR=/some/folder make demo"
            ) from None
        os.environ.update(self.environ)
        self._prepare()
        config = write_config(
            self.settings(), self.environ, {"simulator": self._simulator_command()}
        )
        self._supervisor = subprocess.Popen(  # noqa: S603 (our own processes)
            [
                *(sys.executable, "-m", "portal.processes", "guard"),
                *(sys.executable, "-m", "supervisor.supervisord", "-c", str(config)),
            ],
            cwd=ROOT,
            env=self.environ,
            start_new_session=True,  # Ctrl-C reaches us alone; we stop the rest in order
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log" / "start.log").open("wb"),
        )
        try:
            self.wait_for("the web server", lambda: self._answers(self.url + "/healthz"), START)
            self.wait_for(
                "the simulated gateway",
                lambda: self._answers(self.simulator_url + "/sim/health"),
                START,
            )
            yield
        finally:
            self.stop()

    def _prepare(self) -> None:
        from portal.app import create_app
        from portal.cli import prepare_database

        self.app = create_app(self.settings())
        prepare_database(self.app)

    def stop(self) -> None:
        """Ask the supervisor to stop everything in order; wait."""
        process, self._supervisor = self._supervisor, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()

    def alive(self) -> bool:
        return self._supervisor is not None and self._supervisor.poll() is None

    def wait_for(self, what: str, ready: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Poll until `ready()` is truthy; DemoError with the logs' place when it never is."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.alive():
                break
            if found := ready():
                return found
            time.sleep(0.2)
        raise DemoError(f"{what} did not come up. Its log is in {self.folder / 'log'}.")

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            return requests.get(url, timeout=2).ok
        except requests.RequestException:
            return False
