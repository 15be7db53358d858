"""The processes of a running portal, kept by supervisor from the Procfile.

`python -m portal.processes run` starts web, workers and beat and stays in the foreground;
`python -m portal.processes config` prints the supervisor configuration for an operator who wants
his own. Environment: HOST, PORT, WEB_WORKERS, WORKERS and everything of portal.config.
"""

import argparse
import ctypes
import os
import re
import shlex
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from portal.config import ROOT, ConfigurationError, Settings

DEFAULTS = {"HOST": "127.0.0.1", "PORT": "8000", "WEB_WORKERS": "2", "WORKERS": "2"}
STOP_WAIT_SECONDS = 75
"""Longer than the longest step of a job, so that a stop loses no step."""
PR_SET_PDEATHSIG = 1
LONGEST_SOCKET_PATH = 100


def read_procfile(text: str) -> dict[str, str]:
    """name -> command line. Raises ValueError for a line that is neither."""
    found: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = re.match(r"([a-z][a-z0-9_-]*):\s*(\S.*)$", line)
        if match is None:
            raise ValueError(f"Procfile line {number}: write `name: command`")
        found[match.group(1)] = match.group(2)
    return found


def _expand(command: str, environ: Mapping[str, str]) -> list[str]:
    parts = [
        re.sub(r"\$([A-Z_]+)", lambda m: environ.get(m.group(1), ""), part)
        for part in shlex.split(command)
    ]
    if parts[0] == "python":
        parts[0] = sys.executable
    return parts


def _quote(parts: list[str]) -> str:
    # supervisor splits like a shell, and expands %(…)s itself.
    return shlex.join(parts).replace("%", "%%")


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


def supervisor_config(
    commands: Mapping[str, str],
    *,
    environ: Mapping[str, str],
    data_dir: Path,
    directory: Path = ROOT,
) -> str:
    """The configuration file. Programs start in the order given and stop in reverse."""
    counts = {"worker": int(environ.get("WORKERS", DEFAULTS["WORKERS"]))}
    place, control = _escaped(data_dir), data_dir / "supervisor.sock"
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        "umask=027",
        f"logfile={place}/log/supervisor.log",
        f"pidfile={place}/supervisor.pid",
        f"directory={_escaped(directory)}",
    ]
    if os.geteuid() == 0:
        lines.append("user=root")
    if len(os.fsencode(control)) <= LONGEST_SOCKET_PATH:  # else: no supervisorctl
        lines += [
            "",
            "[unix_http_server]",
            f"file={_escaped(control)}",
            "chmod=0700",
            "",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
            "",
            "[supervisorctl]",
            f"serverurl=unix://{_escaped(control)}",
        ]
    for priority, (name, command) in enumerate(commands.items(), 1):
        guarded = [sys.executable, "-m", "portal.processes", "guard", *_expand(command, environ)]
        lines += [
            "",
            f"[program:{name}]",
            f"command={_quote(guarded)}",
            f"numprocs={counts.get(name, 1)}",
            f"process_name={name}-%(process_num)d",
            f"priority={priority * 100}",
            "autorestart=true",
            "startsecs=2",
            "startretries=1000000",
            "stopsignal=TERM",
            f"stopwaitsecs={STOP_WAIT_SECONDS}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={place}/log/{name}-%(process_num)d.log",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=3",
        ]
    return "\n".join(lines) + "\n"


def in_starting_order(commands: Mapping[str, str]) -> dict[str, str]:
    """Workers and beat before the web, so that the web stops first and takes no new work."""
    order = {"simulator": 0, "worker": 1, "beat": 2, "web": 3}
    return dict(sorted(commands.items(), key=lambda item: order.get(item[0], 1)))


def port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def guard(command: list[str]) -> None:
    """Become `command`, and end with the supervisor even if that is killed with -9 (Linux)."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)
    os.execvp(command[0], command)  # noqa: S606 (a command of our own Procfile)


def write_config(
    settings: Settings, environ: Mapping[str, str], extra: Mapping[str, str] | None = None
) -> Path:
    """Write the configuration under DATA_DIR and return its path."""
    commands = read_procfile((ROOT / "Procfile").read_text())
    commands = in_starting_order({**(extra or {}), **commands})
    logs = settings.data_dir / "log"
    logs.mkdir(parents=True, exist_ok=True)
    text = supervisor_config(commands, environ=environ, data_dir=settings.data_dir)
    path = settings.data_dir / "supervisor.conf"
    path.write_text(text)
    path.chmod(0o600)
    return path


def main(arguments: list[str] | None = None) -> None:
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["guard"]:
        guard(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m portal.processes")
    parser.add_argument("action", choices=("run", "config"))
    action = parser.parse_args(arguments).action
    environ = {**DEFAULTS, **os.environ}
    try:
        settings = Settings.from_environ(environ)
    except ConfigurationError as error:
        sys.exit(str(error))
    path = write_config(settings, environ)
    if action == "config":
        sys.stdout.write(path.read_text())
        return
    host, port = environ["HOST"], int(environ["PORT"])
    if not port_is_free(host, port):
        sys.exit(f"Port {port} on {host} is taken: choose another, e.g. PORT={port + 1} make run")
    os.environ.update({name: environ[name] for name in DEFAULTS})
    if "PUBLIC_URL" not in os.environ:
        os.environ["PUBLIC_URL"] = f"http://{host}:{port}"
    from portal.app import create_app
    from portal.cli import prepare_database

    prepare_database(create_app(Settings.from_environ()))
    sys.stderr.write(f"Pasokh: {os.environ['PUBLIC_URL']}   (logs: {settings.data_dir / 'log'})\n")
    os.execv(  # noqa: S606 (supervisor, from our own environment)
        sys.executable,
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)],
    )


if __name__ == "__main__":
    main()
