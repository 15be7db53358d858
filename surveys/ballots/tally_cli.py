"""`flask surveys tally`."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from portal.i18n import _, format_number, pick, use_language
from surveys.ballots import pabulib, scheme_tally
from surveys.ballots.rules import (
    COMPLETIONS,
    RULES,
    SATISFACTIONS,
    Completion,
    RuleName,
    Satisfaction,
    Tally,
    money,
    report,
    sentence,
    support,
    tally,
)
from surveys.questionnaires.problems import Problem

_SHAPE = ("sheet", "row", "column", "severity", "message")


@click.command("tally")
@click.argument("code", required=False)
@click.option(
    "--pb",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A Pabulib file, instead of a CODE.",
)
@click.option(
    "--rule", type=click.Choice(RULES), default="count", show_default=True, help="The rule."
)
@click.option("--winners", type=click.IntRange(1), help="count, greedy: at most so many win.")
@click.option(
    "--satisfaction",
    type=click.Choice(SATISFACTIONS),
    default="cost",
    show_default=True,
    help="equal-shares: what a funded project is worth to those who chose it.",
)
@click.option(
    "--completion",
    type=click.Choice(COMPLETIONS),
    default="none",
    show_default=True,
    help="equal-shares: how money that is left over is spent.",
)
@click.option(
    "--increment",
    type=click.IntRange(1),
    help="equal-shares: by how much a completion raises a share. Default: a hundredth of it.",
)
@click.option("--lang", type=click.Choice(["fa", "ar", "en"]), help="Language of the sentences.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def tally_command(
    *,
    code: str | None,
    file: Path | None,
    rule: RuleName,
    winners: int | None,
    satisfaction: Satisfaction,
    completion: Completion,
    increment: int | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Count the ballots of scheme CODE, or of a file, by a rule, and say of each project why it
    won or lost. A scheme is counted when its vote is over; nothing is stored or published.

    A file needs neither database nor queue. Exit code 0: counted; 1: the file has errors, all are
    listed, or the scheme cannot be counted; 2: wrong usage.
    """
    if (code is None) == (file is None):
        raise click.UsageError("Give either the CODE of a scheme or --pb FILE.")
    options: dict[str, Any] = {
        "most_winners": winners,
        "satisfaction": satisfaction,
        "completion": completion,
        "increment": None if increment is None else Fraction(increment),
    }
    if code is not None:
        scheme_tally.print_tally(code, rule, lang=lang, as_json=as_json, options=options)
        return
    assert file is not None  # noqa: S101
    with use_language(lang):
        reading = read_file(file, as_json=as_json)
        outcome = tally(
            reading.instance,
            reading.ballots,
            rule,
            **options,
        )
        show(outcome, as_json=as_json)


def read_file(file: Path, *, as_json: bool) -> pabulib.Election:
    """The election of a file; where it has errors, lists them and leaves with exit code 1."""
    if file.stat().st_size > pabulib.MAX_BYTES:
        raise click.UsageError(_("The file is too big: at most 64 MB are read."))
    reading = pabulib.read(file.read_bytes())
    election = reading.election
    if election is None and as_json:
        found = [_plain(problem) for problem in reading.problems]
        click.echo(json.dumps({"ok": False, "problems": found}, ensure_ascii=False))
    else:
        for problem in reading.problems:
            mark = _("error") if problem.severity == "error" else _("warning")
            place = ":".join(str(each) for each in (problem.sheet, problem.row) if each is not None)
            click.echo(f"{place or '–':<16}  {mark:<8}  {problem.message}", err=True)
        if reading.left_out:
            click.echo(_("Further problems are not listed."), err=True)
    if election is None:
        raise SystemExit(1)
    return election


def show(outcome: Tally, *, as_json: bool) -> None:
    """Print an outcome: one JSON document, or lines for people."""
    if as_json:
        click.echo(json.dumps({"ok": True, **report(outcome)}, ensure_ascii=False))
        return
    instance = outcome.instance
    for line in outcome.lines:
        mark = "✓" if line.won else "✗"
        name = pick(line.project.name) or line.project.id
        got = support(line.support, outcome.kind)
        click.echo(f"{mark} {format_number(line.place)}. {name} ({got})")
        click.echo(f"    {sentence(outcome, line)}")
    click.echo(
        _(
            "%(spent)s of %(budget)s spent, %(left)s left.",
            spent=money(instance, outcome.spent),
            budget=money(instance, instance.budget),
            left=money(instance, outcome.left),
        )
    )


def _plain(problem: Problem) -> dict[str, Any]:
    values = {key: getattr(problem, key) for key in _SHAPE}
    return {
        key: value if value is None or isinstance(value, int) else str(value)
        for key, value in values.items()
    }
