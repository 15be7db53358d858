"""`flask audit …`"""

import sys

import click
from flask.cli import AppGroup

from portal.audit import queries, services
from portal.cli import data_command, emit
from portal.db import db

group = AppGroup("audit", help="The audit trail.")


@group.command("verify")
@click.option("--json", "as_json", is_flag=True)
@data_command
def verify(as_json: bool) -> None:
    """Walk the chain; exit 1 and list every problem where an entry was altered or removed.

    `head` is the digest at the chain's end. Noted outside this machine, it also shows when
    somebody cuts off the end.
    """
    found = services.verify()
    head = queries.head()
    if as_json:
        emit(
            {
                "ok": found.ok,
                "sealed": found.sealed,
                "unsealed": found.unsealed,
                "erased": found.erased,
                "head": head.hex() if head else None,
                "problems": list(found.problems),
            }
        )
    else:
        click.echo(
            f"{found.sealed} sealed, {found.unsealed} not sealed yet, "
            f"{found.erased} with erased details"
        )
        if head:
            click.echo(f"head {head.hex()}")
        for problem in found.problems:
            click.echo(problem, err=True)
        click.echo("The chain is whole" if found.ok else "The chain is broken", err=not found.ok)
    sys.exit(0 if found.ok else 1)


@group.command("erase")
@click.argument("entry", type=int)
@click.option("--reason", required=True, help="Why, e.g. the number of the citizen's request.")
@click.option("--json", "as_json", is_flag=True)
@data_command
def erase(entry: int, reason: str, as_json: bool) -> None:
    """Erase the details of ENTRY for good; the entry itself stays and the chain still verifies."""
    try:
        erased = queries.erase_payload(entry, reason)
    except LookupError as error:
        if as_json:
            emit({"ok": False, "problems": [str(error)]})
        click.echo(str(error), err=True)
        sys.exit(1)
    db.session.commit()
    if as_json:
        emit({"ok": True, "erased": erased})
    else:
        click.echo("erased" if erased else "nothing was left to erase")
