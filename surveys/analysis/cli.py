"""`flask surveys export`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from portal.cli import data_command
from surveys.analysis import downloads, services
from surveys.analysis import export as files
from surveys.questionnaires.export_cli import write_questionnaire
from surveys.questionnaires.services import CodeError, normalise_code


@click.command("export")
@click.argument("code")
@click.option(
    "--format",
    "kind",
    default="csv",
    show_default=True,
    help="csv, xlsx, sav or ddi; or xlsform: the questionnaire itself",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    required=True,
    help="File to write; - for standard output.",
)
@click.option("--bom", is_flag=True, help="csv: begin with a byte order mark, as Excel wants it.")
@click.option(
    "--lang",
    type=click.Choice(["fa", "ar", "en"]),
    help="sav: language of the labels. xlsx: write the labels of choices, not their names.",
)
@data_command
def export(*, code: str, kind: str, output: Path, bom: bool, lang: str | None) -> None:
    """Write the complete responses of survey CODE, one row each.

    Exit code 0: written; 1: there is no such survey; 2: wrong usage.
    """
    if kind == "xlsform":
        write_questionnaire(code, output)
        return
    if kind not in downloads.FORMATS:
        supported = ", ".join(downloads.FORMATS)
        raise click.UsageError(f"The format {kind!r} is not supported. Supported: {supported}.")
    try:
        survey = services.find(normalise_code(code))
    except CodeError:
        survey = None
    if survey is None:
        raise click.ClickException(f"There is no survey {code!r}.")
    if kind == "csv":
        # A byte order mark is asked for by itself here, whatever the language.
        table = files.table(survey.id)
        texts = files.lines(survey.id, table, bom=bom)
        pieces: Iterator[bytes] = (text.encode() for text in texts)
    else:
        pieces = downloads.FORMATS[kind].make(survey, None, lang)
    if str(output) == "-":
        sys.stdout.buffer.writelines(pieces)
        return
    # Whole or not at all: a file cut short looks like a file.
    unfinished = output.with_name(f".{output.name}.part")
    try:
        with unfinished.open("wb") as file:
            file.writelines(pieces)
        unfinished.replace(output)
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
