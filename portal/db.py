"""The database: declarative base, column types, and the session's after-commit hook."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Dialect, MetaData, String, TypeDecorator, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction, mapped_column, registry

from portal import clock

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UTCDateTime(TypeDecorator[dt.datetime]):
    """`timestamptz` that only takes aware values and always gives UTC back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: dt.datetime | None, _dialect: Dialect
    ) -> dt.datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("A naive datetime was given to the database")
        return value

    def process_result_value(
        self, value: dt.datetime | None, _dialect: Dialect
    ) -> dt.datetime | None:
        return value.astimezone(dt.UTC) if value is not None else None


Texts = dict[str, str]
"""User content: `{language: text}`."""

BigId = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=True)]
Created = Annotated[dt.datetime, mapped_column(UTCDateTime, default=clock.now, nullable=False)]
SortKey = Annotated[str, mapped_column(String(collation="C"), nullable=False)]
"""Stored order (portal.text.sort_key), compared byte by byte whatever the database's locale."""


class Base(DeclarativeBase):
    """Base of every model. The registry is explicit because Flask-SQLAlchemy copies this class."""

    registry = registry(
        metadata=metadata,
        type_annotation_map={
            dt.datetime: UTCDateTime,
            str: String,
            Texts: JSONB,
            dict[str, Any]: JSONB,
            list[Any]: JSONB,
            int: BigInteger,
        },
    )


db = SQLAlchemy(model_class=Base)


def after_commit(callback: Callable[[], object]) -> None:
    """Call once the present transaction is committed; forget it if that rolls back."""
    db.session().info.setdefault("after_commit", []).append(callback)


@event.listens_for(Session, "after_commit")
def _run_after_commit(session: Session) -> None:
    # A savepoint that is released tells of it too; the change may still roll back.
    if session.in_nested_transaction():
        return
    callbacks = session.info.pop("after_commit", [])
    for callback in callbacks:
        callback()


@event.listens_for(Session, "after_soft_rollback")
def _forget_after_commit(session: Session, previous: SessionTransaction) -> None:
    # A savepoint that rolls back leaves the rest of the change, and what it promised, alive.
    if not previous.nested:
        session.info.pop("after_commit", None)
