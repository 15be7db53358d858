"""``python -m portal.services {start|stop|status} DATA_DIR``, for the system operator."""

import argparse
import signal
import sys
from pathlib import Path

from portal import services


def main() -> int:
    """Run one command; 0 done, 1 not running or failed."""
    parser = argparse.ArgumentParser(prog="python -m portal.services", description=__doc__)
    parser.add_argument(
        "command",
        choices=["start", "stop", "status"],
        help="start: start the services and keep them until this command is ended;"
        " stop: end them now; status: say whether they run",
    )
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    given = parser.parse_args()
    try:
        return _run(given.command, given.data_dir)
    except services.ServiceError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's own output
        return 1


def _run(command: str, data_dir: Path) -> int:
    if command == "stop":
        services.stop(data_dir)
        return 0
    if command == "start":
        urls = services.ensure_running(data_dir)
        _say(urls)
        # Block first: a signal that comes before sigwait must not be lost.
        ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        signal.sigwait(ends)
        return 0
    if not services.is_running(data_dir):
        print("not running")  # noqa: T201
        return 1
    _say(services.locations(data_dir))
    for name, server in services.status(data_dir).get("servers", {}).items():
        print(f"{name}: process {server['pid']}, as {server['as']}, starts {server['starts']}")  # noqa: T201
    return 0


def _say(urls: services.ServiceUrls) -> None:
    print(f"DATABASE_URL={urls.database_url}\nREDIS_URL={urls.redis_url}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
