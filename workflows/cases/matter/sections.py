"""Messages and matters, each counted for itself: ten calls about one hole are ten and one."""

from typing import Any, Final

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from portal.db import db
from portal.i18n import _l
from portal.packet import PacketSection, Period, code, figures, note, number, section, table
from workflows.cases.matter.models import CaseJoin
from workflows.cases.models import Case
from workflows.packets.counting import FROM_CITIZENS

MOST: Final = 10


def counts(period: Period) -> tuple[int, int]:
    """(messages, matters) received in a period: who is followed with another is no matter of its
    own."""
    joined = exists().where(CaseJoin.case_id == Case.id, CaseJoin.undone_at.is_(None))
    messages, alone = db.session.execute(
        select(func.count(), func.count().filter(~joined)).where(
            Case.received_at >= period.since,
            Case.received_at < period.until,
            Case.channel.in_(FROM_CITIZENS),
        )
    ).one()
    return messages, alone


def build(period: Period) -> dict[str, Any]:
    messages, alone = counts(period)
    leading = aliased(Case)
    largest = db.session.execute(
        select(leading.id, func.count().label("many"))
        .select_from(CaseJoin)
        .join(Case, Case.id == CaseJoin.case_id)
        .join(leading, leading.id == CaseJoin.into_id)
        .where(
            CaseJoin.undone_at.is_(None),
            Case.received_at >= period.since,
            Case.received_at < period.until,
        )
        .group_by(leading.id)
        .order_by(func.count().desc(), leading.id)
        .limit(MOST)
    ).all()
    return section(
        figures(
            (_l("Messages received"), number(messages)),
            (_l("Matters, where what is followed together counts once"), number(alone)),
        ),
        table(
            _l("What most people reported"),
            [(_l("Case number"), "code"), (_l("Other messages about it"), "number")],
            [[code(str(row.id)), number(row.many)] for row in largest],
            _l("No messages were joined in this period."),
        ),
        note(
            _l(
                "Every other figure of this packet counts messages. A message that was joined to "
                "another is closed as reported before."
            )
        ),
    )


SECTIONS: Final = (PacketSection("matters", _l("Messages and matters"), build, 45),)
