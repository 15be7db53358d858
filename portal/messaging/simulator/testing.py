"""A simulator in its own process, for tests."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import portal

API_KEY = "simulated-api-key"


class RunningSimulator:
    """A child process; it ends with the test's process even when that is killed."""

    def __init__(self, folder: Path, api_key: str, options: dict[str, Any]) -> None:
        self.data = folder / "simulator.sqlite"
        self.api_key = api_key
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self._start(0)

    @property
    def base_url(self) -> str:
        """The adapter's base_url setting."""
        return f"{self.url}/v1"

    @property
    def settings(self) -> dict[str, str]:
        """Settings for `gateways.create("kavenegar", …)`."""
        return {"api_key": self.api_key, "url": self.url, "line": "10004346"}

    @property
    def pid(self) -> int:
        assert self._process is not None  # noqa: S101
        return self._process.pid

    def _start(self, port: int) -> None:
        command = [sys.executable, "-m", "portal.messaging.simulator", "--until-eof"]
        command += ["--port", str(port), "--data", str(self.data)]
        for name, value in self._options.items():
            option = "--" + name.replace("_", "-")
            if value is True:
                command.append(option)
            elif value is not False:
                command.append(f"{option}={value}")
        root = str(Path(portal.__file__).resolve().parents[1])
        paths = [root, os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "SIMULATOR_API_KEY": self.api_key,
            },
        )
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        if not line.startswith("listening on "):
            self.stop()
            raise RuntimeError("the simulator did not start")
        self.url = line.removeprefix("listening on ").strip()

    def stop(self) -> None:
        """End it in order; again does nothing."""
        self._end(kill=False)

    def kill(self) -> None:
        """kill -9."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    def restart(self, **options: Any) -> None:
        """Start again at the same address, on the same ledger; stops it first if it runs."""
        self.stop()
        self._options |= options
        self._start(urlsplit(self.url).port or 0)

    # What it saw and does

    def ledger(self) -> dict[str, Any]:
        """The counts of /sim/ledger.json."""
        return self._document("GET", "/sim/ledger.json")

    def messages(self) -> list[dict[str, Any]]:
        """Every accepted SMS, oldest first."""
        found: list[dict[str, Any]] = []
        after = 0
        while page := self._document("GET", f"/sim/messages.json?after={after}&limit=10000"):
            if not page["messages"]:
                break
            found += page["messages"]
            after = page["cursor"]
        return found

    def behaviour(self, **changes: Any) -> dict[str, Any]:
        """Change the behaviour at run time; the whole of it."""
        return self._document("POST", "/sim/behaviour", changes)

    def handset(self, number: str) -> dict[str, Any]:
        return self._document("GET", f"/sim/handset/{number}.json")

    def reply(
        self, number: str, text: str, line: str | None = None, at: int | None = None
    ) -> dict[str, Any]:
        given = {"text": text, "line": line, "at": at}
        body = {name: value for name, value in given.items() if value is not None}
        return self._document("POST", f"/sim/handset/{number}/reply", body)

    def call(self, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
        """A raw call of Kavenegar's API by form POST: (HTTP status, document)."""
        return self.request("POST", f"/v1/{self.api_key}/{method}.json", urlencode(params))

    def request(
        self, verb: str, path: str, body: str = "", kind: str = "application/x-www-form-urlencoded"
    ) -> tuple[int, dict[str, Any]]:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        try:
            connection.request(verb, path, body.encode(), {"Content-Type": kind})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def _document(self, verb: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        text = "" if body is None else json.dumps(body)
        status, document = self.request(verb, path, text, "application/json")
        if status != 200:
            raise ValueError(document.get("error", f"HTTP {status}"))
        return document


@contextmanager
def running_simulator(
    folder: Path, *, api_key: str = API_KEY, **options: Any
) -> Iterator[RunningSimulator]:
    """A simulator on a free port of the loopback interface, its ledger in `folder`.

    Options are the command line's with underscores, e.g. timeout_rate=0.05.
    """
    simulator = RunningSimulator(folder, api_key, options)
    try:
        yield simulator
    finally:
        simulator.stop()
