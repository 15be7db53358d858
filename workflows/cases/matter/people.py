"""One more citizen on a matter, and two matters of one citizen. Nothing commits."""

from sqlalchemy import select

from portal import audit
from portal.db import db
from portal.i18n import LazyText, _l, use_language
from workflows.cases import codes, intake, moves, stages
from workflows.cases.matter import heads, joins
from workflows.cases.models import Case
from workflows.cases.moves import InputRefused

ORIGIN = "split"
SAME: LazyText = _l("The citizen reports the same matter as an earlier message.")


def add_follower(
    case_id: int,
    *,
    e164: str,
    name: str,
    language: str,
    text: str = "",
    channel: str = "phone",
    by: int | None,
) -> Case:
    """Somebody reports what is being worked on: a message of their own, with a code, joined.

    Raises LookupError, JoinRefused, InputRefused.
    """
    leading = heads.lock(case_id)
    if leading.stage == "closed":
        raise joins.JoinRefused(
            _l("The other case is closed. Open it again first if it is not settled.")
        )
    known = db.session.scalar(
        select(Case.id)
        .where(Case.id.in_([leading.id, *heads.follower_ids(leading.id)]), Case.e164 == e164)
        .limit(1)
    )
    if known is not None:
        raise InputRefused("phone", _l("This number follows the matter already."))
    with use_language(language):
        words = text.strip() or str(SAME)
    case = intake.receive(
        channel=channel,
        text=words,
        language=language,
        e164=e164,
        citizen_name=name,
        category_id=leading.category_id,
        place=leading.place,
        neighbourhood=leading.neighbourhood,
        latitude=leading.latitude,
        longitude=leading.longitude,
        unit_id=leading.unit_id,
        registered_by=by,
        # The SMS that says that it is joined holds the code too.
        notify=False,
    )
    joins.join(case.id, leading.id, by=by)
    audit.record("case.follower_added", "case", leading.id, follower=case.id)
    return case


def divide(case_id: int, *, text: str, category_id: int | None, by: int | None) -> Case:
    """A case of its own for the second matter of a message; its clocks count from the message.

    The first keeps its whole text: the history never changes. To undo it, join the new case to
    the first. Raises LookupError, StageError, InputRefused.
    """
    case = moves.lock(case_id)
    if case.stage not in stages.WORKING:
        raise stages.StageError(_l("Only a case that is worked on can be divided."))
    made = intake.receive(
        channel=case.channel,
        text=moves.clean(text, "text", required=True),
        language=case.language,
        e164=case.e164,
        citizen_name=case.citizen_name,
        category_id=category_id,
        place=case.place,
        neighbourhood=case.neighbourhood,
        latitude=case.latitude,
        longitude=case.longitude,
        registered_by=by,
        origin_type=ORIGIN,
        origin_id=case.id,
        received_at=case.received_at,
        notify=False,
    )
    moves.add_event(case.id, "divided", by=by, other=made.code)
    moves.add_event(made.id, "divided_from", by=by, other=case.code)
    audit.record("case.divided", "case", case.id, made=made.id)
    moves.write_to_citizen(
        made, "cases.divided", "divided", first=case.code, url=codes.url(made.code)
    )
    db.session.flush()
    return made
