"""What `flask surveys tally CODE` prints. Apart from the command, which needs no services for a
file and imports no tables then."""

import json
from typing import Any

import click

from portal.cli import data_command
from portal.i18n import format_number, pick, use_language


def print_tally(
    code: str, rule: str, *, lang: str | None, as_json: bool, options: dict[str, Any]
) -> None:
    """Count every neighbourhood of a scheme and print it. Leaves with exit code 1 where the
    scheme is unknown or its vote is not over."""
    _print(code, rule, lang, as_json, options)


@data_command
def _print(code: str, rule: str, lang: str | None, as_json: bool, options: dict[str, Any]) -> None:
    from surveys.ballots.services import closing, counting, schemes

    with use_language(lang) as reader:
        scheme = schemes.by_code(code)
        if scheme is None:
            raise click.ClickException(f"There is no scheme {code!r}.")
        if scheme.state not in {"closed", "counted"} or not closing.boxes_open(scheme):
            raise click.ClickException(
                f"The vote of {scheme.code} is not over, or its boxes are not open yet."
            )
        found = []
        for area in scheme.areas:
            data = counting.tally_area(scheme, area, rule, **options)
            for project in data["projects"]:
                project["explanation"] = pick(project["explanation"], reader)
            found.append({"area": area.slug, "name": area.names, **data})
        if as_json:
            document = {"ok": True, "code": scheme.code, "rule": rule, "ballots": found}
            click.echo(json.dumps(document, ensure_ascii=False))
            return
        for each in found:
            click.echo(f"{pick(each['name'])} ({each['area']})")
            for project in each["projects"]:
                mark = "✓" if project["won"] else "✗"
                name = pick(project["name"])
                click.echo(f"{mark} {format_number(project['place'])}. {name}")
                click.echo(f"    {project['explanation']}")
