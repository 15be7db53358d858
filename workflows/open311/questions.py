"""Questions of categories as attributes of services: what citizens are asked on our own form.

Questions for staff alone are not asked here. The code of an attribute is the question's name,
which stays through its versions.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from portal.db import db
from portal.formats import local
from portal.i18n import _l
from portal.packet import in_every_language
from workflows.cases.models import Case, Category
from workflows.cases.moves import InputRefused
from workflows.cases.questions import asking, services
from workflows.cases.questions.models import CaseQuestion
from workflows.open311 import attributes
from workflows.open311.attributes import Attribute
from workflows.open311.errors import ApiError, Fault

DATATYPES: Final = {
    "text": "text",
    "choice": "singlevaluelist",
    "several": "multivaluelist",
    "number": "number",
    "yesno": "singlevaluelist",
    "date": "datetime",
}


def connect() -> None:
    attributes.connect(of, keep, asked)


def of(category: Category) -> Sequence[Attribute]:
    return [_attribute(one) for one in services.current(category.id, staff=False)]


def asked(category_ids: Collection[int]) -> set[int]:
    """Those of the categories that ask something; one query."""
    return set(
        db.session.scalars(
            select(CaseQuestion.category_id)
            .where(
                CaseQuestion.category_id.in_(category_ids),
                CaseQuestion.retired_at.is_(None),
                CaseQuestion.audience == "everybody",
            )
            .distinct()
        )
    )


def keep(case_id: int, answers: Mapping[str, Sequence[str]]) -> None:
    """Answers that were found good, stored like those of our own form."""
    case = db.session.get_one(Case, case_id)
    questions = services.current(case.category_id, staff=False) if case.category_id else ()
    found: dict[int, Any] = {}
    for one in questions:
        if one.key in answers:
            try:
                found[one.id] = read(one, answers[one.key])
            except InputRefused as refused:
                # Changed between the check and now.
                raise ApiError(400, Fault("attribute", refused.message)) from None
    asking.store(case_id, found, by=None)


def read(question: CaseQuestion, values: Sequence[str]) -> Any:
    """The value that is stored. A date may come with its time, as the specification writes it.

    Raises InputRefused.
    """
    if question.kind == "date":
        try:
            moment = dt.datetime.fromisoformat(values[0].strip())
        except ValueError:
            return asking.from_file(question, values[0])
        return (local(moment) if moment.tzinfo else moment).date().isoformat()
    return asking.read(question, values)


def _attribute(question: CaseQuestion) -> Attribute:
    return Attribute(
        question.key,
        DATATYPES[question.kind],
        question.texts,
        required=question.required,
        help=question.hints,
        values=_values(question),
        check=_checker(question),
    )


def _values(question: CaseQuestion) -> Sequence[tuple[str, Mapping[str, str]]]:
    if question.kind == "yesno":
        names = ((asking.YES, _l("Yes")), (asking.NO, _l("No")))
        return [(key, in_every_language(name)) for key, name in names]
    return [(one["value"], one["texts"]) for one in question.options]


def _checker(question: CaseQuestion) -> Callable[[Sequence[str]], object]:
    return lambda values: read(question, values)
