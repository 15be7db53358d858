"""`flask messages …`"""

import json
import sys

import click
from flask.cli import AppGroup

from portal.cli import data_command, emit
from portal.messaging import segments

messages = AppGroup("messages", help="Messages out and in.")


@messages.command("segments", with_appcontext=False)
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def segments_command(text: str, as_json: bool) -> None:
    """Count the SMS segments of TEXT ("-" reads it from standard input)."""
    if text == "-":
        text = _standard_input()
    elif any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise click.BadParameter("the text is not valid UTF-8", param_hint="TEXT")
    found = segments.count(text)
    if as_json:
        click.echo(
            json.dumps(
                {"encoding": found.encoding, "units": found.units, "segments": found.segments}
            )
        )
        return
    click.echo(f"{found.encoding}: {found.units} units, {found.segments} segments")
    if found.first_non_gsm is not None:
        code = f"U+{ord(found.first_non_gsm):04X}"
        click.echo(f"UCS-2 because of {found.first_non_gsm} ({code})", err=True)


def _standard_input() -> str:
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter("the text is not valid UTF-8", param_hint="TEXT") from error
    return text.removesuffix("\n")  # the one that echo and editors add


@messages.command("dispatch")
@click.option("--seconds", type=click.FloatRange(min=1), default=3600.0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def dispatch_command(seconds: float, as_json: bool) -> None:
    """Settle what is unknown and send until nothing waits, or for so many SECONDS."""
    from portal.messaging import account, dispatch, reconcile

    if not account.accounts():
        raise click.ClickException("SMS_GATEWAY is empty: messages wait in the database")
    settled = reconcile.run()
    accepted, more = dispatch.run(seconds)
    if as_json:
        emit({"accepted": accepted, "more": more, "settled": settled})
    else:
        click.echo(f"{accepted} accepted{', more may wait' if more else ''}")


@messages.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def status_command(as_json: bool) -> None:
    """Count the messages by state and say how the gateway stands."""
    from portal.messaging import overview

    found = overview.status()
    if as_json:
        emit(found)
        return
    for each in found["gateways"] or [{"name": "none", "standing": "messages wait"}]:
        click.echo(f"gateway {each['name']}: {each['standing']}")
    for state, number in found["messages"].items():
        click.echo(f"{state:>12} {number}")
