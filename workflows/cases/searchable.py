"""The words by which a case is found."""

from sqlalchemy.dialects.postgresql import insert

from portal.db import db
from portal.text import search_key
from workflows.cases.models import Case, CaseWords


def keep(case: Case) -> None:
    """Write down what a search for this case looks in: after every change of its words or number.

    The case has its id.
    """
    row = insert(CaseWords).values(
        case_id=case.id, words=_words(case), is_open=case.stage != "closed"
    )
    db.session.execute(
        row.on_conflict_do_update(index_elements=["case_id"], set_={"words": row.excluded.words})
    )


def _words(case: Case) -> str:
    """The code comes first, so that no word of people stands at the very beginning."""
    digits = (case.e164 or "").removeprefix("+")
    said = (case.text, case.place, case.neighbourhood, case.citizen_name)
    lines = [case.code.casefold(), digits, *(search_key(each) for each in said)]
    return "\n".join(line for line in lines if line)
