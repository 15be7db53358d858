"""`flask surveys import`."""

from pathlib import Path

import click

from portal.cli import data_command, emit
from portal.db import db
from portal.i18n import _, use_language

from .cli import _LANGUAGES, _print_table, report
from .services import CodeError, import_survey
from .xlsform import Reading


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--code", required=True, help="Code of the survey, e.g. BUDGET-1405.")
@click.option("--lang", type=_LANGUAGES, help="Language of the messages.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@data_command
def import_command(file: Path, code: str, lang: str | None, as_json: bool) -> None:
    """Publish a questionnaire FILE as the next version of a survey.

    The same content as the newest version makes no new one. Exit code 0: published (there may be
    warnings); 1: it has errors, all are listed and nothing is stored; 2: wrong usage.
    """
    with use_language(lang):
        try:
            done = import_survey(code, file.read_bytes(), file.name, None)
        except CodeError:
            raise click.UsageError(
                _("A code has 2 to 40 letters A–Z, digits, - and _, e.g. BUDGET-1405.")
            ) from None
        db.session.commit()
        reading = Reading(None, done.problems, done.languages, done.question_count)
        checked = {**report(reading), "ok": done.version is not None}
        if done.version is None:
            if as_json:
                emit(checked)
            else:
                _print_table(file.name, reading)
            raise SystemExit(1)
        survey_code, number = done.version.survey.code, done.version.number
        if as_json:
            emit({"code": survey_code, "version": number, "is_new": done.is_new, **checked})
            return
        if done.problems:
            _print_table(file.name, reading)
        click.echo(
            _("%(code)s, version %(number)s: published", code=survey_code, number=number)
            if done.is_new
            else _("%(code)s, version %(number)s: unchanged", code=survey_code, number=number)
        )
