"""`flask workflows`: definitions checked, drawn and exported. None of it needs the database."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from portal.cli import emit
from portal.i18n import LANGUAGES, _, use_language
from workflows.calendars.nodes import MOST_BYTES

from . import catalogue, checks, diagram, scxml
from .model import Definition
from .problems import Problem
from .review import Review, review

group = AppGroup("workflows", help="Workflow definitions: check, draw, export.")

_LANGUAGE = click.Choice(list(LANGUAGES))
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@group.command("check")
@click.argument("file", type=_FILE)
@click.option("--lang", type=_LANGUAGE, default="fa", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(file: Path, lang: str, as_json: bool) -> None:
    """List everything that is wrong with the FILE of a definition.

    Exit code 0: it may be published, perhaps with warnings; 1: it has errors; 2: wrong usage.
    """
    found = _review(file)
    definition = found.definition
    with use_language(lang):
        if as_json:
            emit(
                {
                    "ok": found.ok,
                    "name": definition.name if definition else None,
                    "states": len(definition.states) if definition else 0,
                    "transitions": len(definition.transitions) if definition else 0,
                    "problems": [problem.as_json() for problem in found.problems],
                }
            )
        else:
            for problem in found.problems:
                click.echo(_line(problem))
            if found.ok:
                click.echo(_("The definition can be published."))
    raise SystemExit(0 if found.ok else 1)


def _review(file: Path) -> Review:
    # Bytes that are not UTF-8 are a problem of the file, told like any other.
    with file.open("rb") as opened:
        text = opened.read(MOST_BYTES + 1).decode("utf-8", "surrogateescape")
    return review(text, checks.world(tables=False))


def _line(problem: Problem) -> str:
    mark = _("error") if problem.severity == "error" else _("warning")
    place = ":".join(str(part) for part in (problem.line, problem.path) if part)
    return f"{place or '–':<28}  {mark:<8}  {problem.message}"


@group.command("list")
@click.option("--lang", type=_LANGUAGE, default="fa", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_command(lang: str, as_json: bool) -> None:
    """The shipped definitions."""
    found = catalogue.shipped().values()
    if as_json:
        emit({"workflows": [{"name": one.name, "titles": dict(one.titles)} for one in found]})
        return
    for one in found:
        click.echo(f"{one.name:<24}  {one.titles[lang]}")


@group.command("diagram")
@click.argument("name")
@click.option("--lang", type=_LANGUAGE, default="fa", show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    required=True,
    help="SVG file to write; - for standard output.",
)
def diagram_command(name: str, lang: str, output: Path) -> None:
    """Draw a workflow: the shipped one called NAME, or the file NAME.yaml.

    Exit code 0: written; 1: there is no such workflow or its file has errors; 2: wrong usage.
    """
    _write(diagram.to_svg(_find(name), lang), output)


@group.command("scxml")
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    default=Path("-"),
    help="File to write; standard output without it.",
)
def scxml_command(name: str, output: Path) -> None:
    """Export a workflow as SCXML: the shipped one called NAME, or the file NAME.yaml.

    Exit code 0: written; 1: there is no such workflow or its file has errors; 2: wrong usage.
    """
    _write(scxml.to_scxml(_find(name)), output)


def _find(name: str) -> Definition:
    if found := catalogue.shipped().get(name):
        return found
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"} or not path.is_file():
        known = ", ".join(catalogue.shipped())
        raise click.ClickException(f"There is no workflow {name!r}; there are: {known}.")
    reviewed = _review(path)
    if reviewed.definition is None or not reviewed.ok:
        for problem in reviewed.problems:
            click.echo(_line(problem), err=True)
        raise click.ClickException(f"{name} has errors.")
    return reviewed.definition


def _write(text: str, output: Path) -> None:
    if str(output) == "-":
        sys.stdout.buffer.write(text.encode())
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from None
