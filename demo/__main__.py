"""`python -m demo`: the demonstration city. `--forget` removes it."""

import argparse
import shutil
import signal
import sys
import time
from types import FrameType

from demo import people
from demo.story import Story, say
from demo.world import FOLDER, DemoError, World
from portal import services

DOORS = """
Pasokh is up and stays up until Ctrl-C.

  All doors       {url}/demo              one click for each person of the story
  Home            {url}/fa/   {url}/ar/   {url}/en/
  Handsets        {url}/phone/            what the citizens' telephones show; open a link, reply 11
  Staff           {url}/staff/
  Results         {url}/staff/results/
  Contacts        {url}/staff/contacts/
  Campaigns       {url}/staff/campaigns/
  Cases           {url}/staff/cases/
  Operations      {url}/staff/operations/ the supervisor's telephone: {url}/staff/field/
  Calls           {url}/staff/calls/      {url}/staff/calls/figures
  Special         {url}/staff/special/    {url}/staff/letters/
  Workflows       {url}/staff/workflows/
  Call-ins        {url}/fa/callins        {url}/callins.ics
  Council         {url}/council/

Sign in with one of these addresses and the password  {password}
{people}
  Logs            {folder}/log
"""


def forget() -> None:
    """Stop the services of the demonstration and delete its folder."""
    if FOLDER.is_dir():
        services.stop(FOLDER)
        shutil.rmtree(FOLDER)
    say("The demonstration is forgotten.")


def show() -> None:
    """Bring the city up, tell the story, stay."""
    started = time.monotonic()
    world = World()
    say(f"Starting the city of the demonstration in {world.folder} …")
    with world.running():
        say(f"Web, workers, beat and a simulated {world.gateway} gateway are up: {world.url}")
        Story(world).tell()
        say(f"The story took {time.monotonic() - started:.0f} s.")
        names = "\n".join(f"  {email:<30}{role}" for email, _name, role in people.PEOPLE)
        sys.stdout.write(
            DOORS.format(url=world.url, password=people.PASSWORD, people=names, folder=world.folder)
        )
        sys.stdout.flush()
        while world.alive():
            time.sleep(1)
        raise DemoError(f"The processes ended. Their logs are in {world.folder / 'log'}.")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo")
    parser.add_argument("--forget", action="store_true", help="remove the demonstration")
    if parser.parse_args().forget:
        forget()
        return
    # Said anew: a shell that starts us in the background has SIGINT ignored.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        show()
    except KeyboardInterrupt:
        say("Stopped. `make demo` goes on from here; `make clean-demo` forgets everything.")
    except DemoError as error:
        sys.exit(f"The demonstration cannot go on: {error}")


if __name__ == "__main__":
    main()
