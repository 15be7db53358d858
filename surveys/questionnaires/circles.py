"""Conditions and values that depend on themselves."""

from collections import Counter
from collections.abc import Mapping

from portal.i18n import _l

from .columns import Record
from .expressions import parse
from .logic import dependencies, in_order
from .problems import ProblemList
from .schema import Questionnaire
from .survey_rows import Survey


def check_groups(survey: Survey, problems: ProblemList) -> None:
    """Report every group whose condition looks at what is inside it, and take the condition away.

    Other tools of ODK refuse such a form too: while the condition does not hold, nobody is asked
    what would make it hold."""
    looked_at = {
        id(group): parse(group.relevant).references() for group in survey.groups if group.relevant
    }
    inside: dict[int, list[str]] = {}
    around = [(item.key, item.name, item.groups) for item in survey.items]
    around += [
        (group.key, group.name, (*group.parents, group))
        for group in survey.groups
        if group.container == "repeat"
    ]
    for key, name, groups in around:
        for group in groups:
            if key in looked_at.get(id(group), ()):
                inside.setdefault(id(group), []).append(name)
    for group in survey.groups:
        if not (names := inside.get(id(group))):
            continue
        group.relevant = ""
        problems.add(
            "cycle",
            _l(
                "The condition of “%(group)s” looks at “%(names)s”, which is inside it and is not "
                "asked before the condition holds. Move that question before the group, or move "
                "the condition to the questions that follow it.",
                group=group.name,
                names=", ".join(names),
            ),
            group.record.table.name,
            group.record.number,
            group.record.header("relevant"),
        )


def check_cycles(
    questionnaire: Questionnaire, records: Mapping[str, Record], problems: ProblemList
) -> None:
    """Report every set of questions whose relevance or value depends on itself."""
    reported: set[frozenset[str]] = set()
    # A name used twice is a problem of its own, and any circle through it may be a delusion.
    twice = {
        name for name, many in Counter(q.name for q in questionnaire.questions).items() if many > 1
    }

    def report(cycle: list[str]) -> None:
        if frozenset(cycle) in reported or twice & set(cycle):
            return
        reported.add(frozenset(cycle))
        record = min(
            (records[name] for name in cycle if name in records), key=lambda record: record.number
        )
        column = "calculation" if record.get("calculation") else "relevant"
        problems.add(
            "cycle",
            _l(
                "These depend on each other in a circle: %(names)s. Remove one of the references.",
                names=" → ".join([*cycle, cycle[0]]),
            ),
            record.table.name,
            record.number,
            record.header(column),
        )

    in_order(dependencies(questionnaire), report)
