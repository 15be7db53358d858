"""`flask surveys export --format xlsform`: the questionnaire, not the answers to it."""

import sys
from pathlib import Path

import click

from .export_package import export_package
from .services import CodeError, find_survey, load_version, normalise_code


def write_questionnaire(code: str, output: Path) -> None:
    """Write the newest version of a survey as a workbook, with its pictures as a .zip.

    Raises ClickException.
    """
    try:
        survey = find_survey(normalise_code(code))
    except CodeError:
        survey = None
    if survey is None or not survey.versions:
        raise click.ClickException(f"There is no survey {code!r}.")
    found = export_package(load_version(survey.versions[-1].id), survey.code)
    if output.suffix.lower() == ".xlsx" and found.suffix != ".xlsx":
        raise click.UsageError(f"The questionnaire has pictures: name the file {found.suffix}.")
    data = found.data
    if str(output) == "-":
        sys.stdout.buffer.write(data)
        return
    # Whole or not at all: a file cut short looks like a file.
    unfinished = output.with_name(f".{output.name}.part")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(output)
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
