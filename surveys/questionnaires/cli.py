"""`flask surveys check` and `flask surveys evaluate`. Neither needs the database or the queue."""

import json
import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from portal.i18n import _, _l, ngettext, use_language

from .expressions import (
    Context,
    EvaluationError,
    ExpressionError,
    NodeSet,
    Rows,
    Value,
    answers_lookup,
    evaluate,
    number_to_string,
    parse,
)
from .problems import Problem
from .xlsform import Reading, read

_LANGUAGES = click.Choice(["fa", "ar", "en"])
_SHAPE = ("sheet", "row", "column", "language", "severity", "message")


@click.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lang", type=_LANGUAGES, help="Language of the messages.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(file: Path, lang: str | None, as_json: bool) -> None:
    """List everything that is wrong with a questionnaire FILE.

    Exit code 0: it can be used (there may be warnings); 1: it cannot; 2: wrong usage.
    """
    reading = read(file.read_bytes(), file.name)
    with use_language(lang):
        if as_json:
            click.echo(json.dumps(report(reading), ensure_ascii=False))
        else:
            _print_table(file.name, reading)
    raise SystemExit(0 if reading.ok else 1)


def report(reading: Reading) -> dict[str, Any]:
    """The JSON of `surveys check`, messages in the language of the moment."""
    return {
        "ok": reading.ok,
        "languages": list(reading.languages),
        "questions": reading.question_count,
        "problems": [
            {key: _plain(getattr(problem, key)) for key in _SHAPE} for problem in reading.problems
        ],
    }


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, int) else str(value)


def _print_table(filename: str, reading: Reading) -> None:
    errors = sum(problem.severity == "error" for problem in reading.problems)
    warnings = len(reading.problems) - errors
    for problem in reading.problems:
        mark = _("error") if problem.severity == "error" else _("warning")
        click.echo(f"{_place(problem):<28}  {mark:<8}  {problem.message}")
    if reading.problems:
        click.echo()
    click.echo(
        f"{filename}: "
        + ", ".join(
            [
                ngettext("%(num)s question", "%(num)s questions", reading.question_count),
                " ".join(reading.languages) or "–",
                ngettext("%(num)s error", "%(num)s errors", errors),
                ngettext("%(num)s warning", "%(num)s warnings", warnings),
            ]
        )
    )


def _place(problem: Problem) -> str:
    parts = [problem.sheet, problem.row, problem.column]
    return ":".join(str(part) for part in parts if part is not None) or "–"


@click.command("evaluate")
@click.argument("expression")
@click.option(
    "--answers",
    "answers_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON file: {"name": answer, …}.',
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def evaluate_command(expression: str, answers_file: Path | None, as_json: bool) -> None:
    """The value of an EXPRESSION for the answers in a JSON file.

    A number that JSON cannot write is the text "NaN", "Infinity" or "-Infinity"; a node-set is
    the list of the texts of its nodes. `.` is the answer with the name ".".
    Exit code 1: the expression is wrong; what is wrong is printed on the error output.
    """
    answers = _read_answers(answers_file)
    try:
        parsed = parse(expression)
        context = Context(
            answers_lookup(answers), current=answers.get("."), table=partial(_rows, answers)
        )
        missing = sorted(name for name in parsed.tables() if _rows(answers, name) is None)
        if missing:
            raise ExpressionError(0, _l("There is no list “%(name)s”.", name=missing[0]))
        value = evaluate(parsed, context)
    except ExpressionError as error:
        click.echo(
            _(
                "Character %(position)s: %(message)s",
                position=error.position + 1,
                message=error.message,
            ),
            err=True,
        )
        if as_json:
            failed = {"value": None, "type": None, "error": str(error), "position": error.position}
            click.echo(json.dumps(failed, ensure_ascii=False))
        raise SystemExit(1) from None
    except EvaluationError:
        click.echo(_("The value is too long."), err=True)
        raise SystemExit(1) from None
    if as_json:
        click.echo(json.dumps(typed(value), ensure_ascii=False))
    else:
        shown = typed(value)
        text = shown["value"] if isinstance(value, str | NodeSet) else json.dumps(shown["value"])
        click.echo(f"{text}  ({shown['type']})")


def _rows(answers: Mapping[str, Any], name: str) -> Rows | None:
    """A list of objects among the answers also serves instance() and pulldata()."""
    found = answers.get(name.removesuffix(".csv"))
    is_table = isinstance(found, list) and all(isinstance(row, Mapping) for row in found)
    return found if is_table else None


def typed(value: Value) -> dict[str, Any]:
    """{"value", "type"} of an XPath value as JSON can hold it."""
    if isinstance(value, bool):
        return {"value": value, "type": "boolean"}
    if isinstance(value, NodeSet):
        return {"value": list(value.values), "type": "nodeset"}
    if isinstance(value, str):
        return {"value": value, "type": "string"}
    if not math.isfinite(value):
        return {"value": number_to_string(value), "type": "number"}
    return {"value": int(value) if value.is_integer() else value, "type": "number"}


def _read_answers(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        answers = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise click.UsageError(_("The file of answers is not JSON.")) from error
    if not isinstance(answers, dict):
        raise click.UsageError(_("The file of answers must hold one object of names and answers."))
    return answers
