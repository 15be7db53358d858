"""Pauses that the state of a case holds are told from those that somebody made

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SPANS = sa.table(
    "case_clock_spans",
    sa.column("kind", sa.String()),
    sa.column("reason", sa.String()),
    sa.column("words", sa.String()),
    sa.column("until", sa.DateTime(timezone=True)),
    sa.column("by", sa.BigInteger()),
)


def _reasons(*names: str) -> None:
    op.drop_constraint(op.f("ck_case_clock_spans_reason"), "case_clock_spans")
    known = ", ".join(f"'{name}'" for name in names)
    op.create_check_constraint(
        op.f("ck_case_clock_spans_reason"), "case_clock_spans", f"reason IN ({known})"
    )


def upgrade() -> None:
    _reasons("citizen", "other_body", "state")
    # Whoever pauses by hand has to write what is waited for; a state writes nothing.
    op.execute(
        SPANS.update()
        .where(
            SPANS.c.kind == "pause",
            SPANS.c.reason == "other_body",
            SPANS.c.words == "",
            SPANS.c.until.is_(None),
            SPANS.c.by.is_(None),
        )
        .values(reason="state")
    )


def downgrade() -> None:
    op.execute(SPANS.update().where(SPANS.c.reason == "state").values(reason="other_body"))
    _reasons("citizen", "other_body")
