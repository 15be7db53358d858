"""python -m portal.messaging.simulator"""

import argparse
import os
import signal
import sys
import threading
from dataclasses import fields
from pathlib import Path

from portal.messaging.simulator.behaviour import Behaviour, add_options
from portal.messaging.simulator.dialects import DIALECTS
from portal.messaging.simulator.server import Simulator


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m portal.messaging.simulator",
        description="A simulated SMS gateway that speaks the API of one provider. Receptors "
        "ending in 99 are not reached (11), in 98 blocked (14), in 97 failed (6).",
    )
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="kavenegar")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8025, help="0: any free one, printed")
    parser.add_argument("--data", type=Path, required=True, help="the ledger, an SQLite file")
    parser.add_argument(
        "--api-key",
        default=os.environ.get("SIMULATOR_API_KEY", "simulated-api-key"),
        help="also from SIMULATOR_API_KEY, which other users of the machine cannot see",
    )
    parser.add_argument("--seed", type=int, help="makes the chances repeatable")
    parser.add_argument(
        "--until-eof", action="store_true", help="stop when standard input is closed"
    )
    add_options(parser)
    given = parser.parse_args(arguments)
    os.umask(0o077)  # the ledger holds telephone numbers
    behaviour = Behaviour(**{f.name: getattr(given, f.name) for f in fields(Behaviour)})
    try:
        simulator = Simulator(
            given.host,
            given.port,
            given.data,
            api_key=given.api_key,
            behaviour=behaviour,
            seed=given.seed,
            dialect=given.dialect,
        )
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        sys.stderr.write(f"cannot listen on {given.host}:{given.port}: {error}\n")
        return 1

    def stop(*_: object) -> None:
        # not in this thread: `shutdown` waits for the loop that a signal interrupts
        threading.Thread(target=simulator.shutdown, daemon=True).start()

    def watch_input() -> None:
        while os.read(0, 4096):  # not sys.stdin: its lock would be held at the exit
            pass
        stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if given.until_eof:
        threading.Thread(target=watch_input, daemon=True).start()
    sys.stdout.write(f"listening on {simulator.url}\n")
    sys.stdout.flush()
    simulator.serve_forever(poll_interval=0.1)
    simulator.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
