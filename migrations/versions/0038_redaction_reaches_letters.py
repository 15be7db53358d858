"""A redaction reaches issued letters, their files and documents; pictures of the work too.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

WORDS = (
    "their_reference", "party_name", "party_position", "party_organisation", "subject", "body",
    "copies", "enclosures", "signatory_name", "signatory_position", "redacted_at",
)  # fmt: skip
"""Of an issued letter a redaction may black these, and nothing else may."""
FIXED = (
    "direction", "unit_id", "language", "year", "number", "reference", "dated_on", "their_date",
    "refers_to_id", "relation", "calendar", "reply_days", "issued_at", "issued_by",
)  # fmt: skip
OF_A_FILE = ("id", "letter_id", "kind", "mimetype", "stored_path", "added_at")
KINDS = ("passage", "name", "phone", "photo")


def upgrade() -> None:
    op.add_column("letters", sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "letter_files", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True)
    )
    _allow_kinds((*KINDS, "proof", "file"))
    # The same question as pasokh_redactable asks: did this very transaction write a redaction?
    op.execute(
        """
        CREATE FUNCTION pasokh_redacting() RETURNS boolean LANGUAGE sql STABLE AS $$
            SELECT EXISTS (
                SELECT FROM case_redactions r
                WHERE r.id = NULLIF(current_setting('pasokh.redaction', true), '')::bigint
                  AND r.xmin::text::bigint
                      = pg_current_xact_id()::text::numeric % 4294967296
            )
        $$
        """
    )
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION pasokh_keep_issued_letter() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state <> 'draft' AND (
                TG_OP = 'DELETE' OR NEW.state = 'draft' OR {_differ(FIXED)}
                OR ({_differ(WORDS)} AND NOT pasokh_redacting())
            ) THEN
                RAISE EXCEPTION 'letter % was issued and never changes', OLD.id;
            END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$
        """
    )
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION pasokh_keep_letter_file() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF {_differ(OF_A_FILE)} OR NOT pasokh_redacting() THEN
                    RAISE EXCEPTION 'a file of letter % never changes', OLD.letter_id;
                END IF;
                RETURN NEW;
            END IF;
            IF EXISTS (SELECT FROM letters WHERE id = OLD.letter_id AND state <> 'draft') THEN
                RAISE EXCEPTION 'a file of letter % never changes', OLD.letter_id;
            END IF;
            RETURN OLD;
        END $$
        """
    )
    _documents("pasokh_redactable")


def _differ(names: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{name}" for name in names) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


def _allow_kinds(names: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_case_redactions_kind"), "case_redactions", type_="check")
    op.create_check_constraint(
        op.f("ck_case_redactions_kind"), "case_redactions", f"kind IN {names}"
    )


def _documents(function: str) -> None:
    op.execute("DROP TRIGGER letter_documents_never_change ON letter_documents")
    op.execute(
        "CREATE TRIGGER letter_documents_never_change BEFORE UPDATE OR DELETE ON letter_documents "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def downgrade() -> None:
    _documents("pasokh_refuse_change")
    kept = (*FIXED, *(name for name in WORDS if name != "redacted_at"))
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION pasokh_keep_issued_letter() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state <> 'draft' AND (
                TG_OP = 'DELETE' OR NEW.state = 'draft' OR {_differ(kept)}
            ) THEN
                RAISE EXCEPTION 'letter % was issued and never changes', OLD.id;
            END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$
        """
    )
    op.execute(
        """
        CREATE OR REPLACE FUNCTION pasokh_keep_letter_file() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' OR EXISTS (
                SELECT FROM letters WHERE id = OLD.letter_id AND state <> 'draft'
            ) THEN
                RAISE EXCEPTION 'a file of letter % never changes', OLD.letter_id;
            END IF;
            RETURN OLD;
        END $$
        """
    )
    op.execute("DROP FUNCTION pasokh_redacting()")
    # The older table knows one word for every picture and file that was removed.
    op.execute("UPDATE case_redactions SET kind = 'photo' WHERE kind IN ('proof', 'file')")
    _allow_kinds(KINDS)
    op.drop_column("letter_files", "removed_at")
    op.drop_column("letters", "redacted_at")
