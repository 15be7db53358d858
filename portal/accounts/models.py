"""Staff and their roles, in the shape Flask-Security expects."""

import datetime as dt

from flask import current_app
from flask_security import AsaList, RoleMixin, UserMixin
from sqlalchemy import BigInteger, Column, ForeignKey, String, Table, Text
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, BigId, Created

user_roles = Table(
    "user_roles",
    Base.metadata,
    Column("user_id", BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", BigInteger, ForeignKey("roles.id"), primary_key=True),
)


class Role(Base, RoleMixin):
    """One of portal.security.ROLES; rows are made by the migration."""

    __tablename__ = "roles"

    id: Mapped[BigId]
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]


class User(Base, UserMixin):
    """A member of staff, or of the council."""

    __tablename__ = "users"

    id: Mapped[BigId]
    email: Mapped[str] = mapped_column(unique=True)
    username: Mapped[str | None] = mapped_column(unique=True)
    """Not used for signing in; Flask-Security looks for the column."""
    name: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="fa")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[Created]
    last_login_at: Mapped[dt.datetime | None]  # type: ignore[assignment]
    current_login_at: Mapped[dt.datetime | None]  # type: ignore[assignment]
    last_login_ip: Mapped[str | None]
    current_login_ip: Mapped[str | None]
    login_count: Mapped[int | None]  # type: ignore[assignment]
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    tf_phone_number: Mapped[str | None]
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(
        MutableList.as_mutable(AsaList()), nullable=True
    )
    us_totp_secrets: Mapped[str | None] = mapped_column(Text)
    us_phone_number: Mapped[str | None] = mapped_column(unique=True)
    roles: Mapped[list[Role]] = relationship(secondary=user_roles, lazy="selectin")  # type: ignore[assignment]

    @property
    def has_second_factor(self) -> bool:
        return bool(self.tf_primary_method and self.tf_totp_secret)

    @property
    def needs_second_factor(self) -> bool:
        """Does one of the roles demand it (TOTP_ROLES)?"""
        demanding = current_app.extensions["pasokh_settings"].totp_roles
        return any(role.name in demanding for role in self.roles)

    def check_tf_required(
        self,
        tf_setup_methods: list[tuple[str, str]],
        tf_fresh: bool,  # noqa: ARG002 (always asked)
    ) -> tuple[bool, list[tuple[str, str]]]:
        """Flask-Security asks after the password: is the second factor next?"""
        return self.needs_second_factor or bool(tf_setup_methods), tf_setup_methods

    def check_tf_required_setup(self) -> bool:
        """Flask-Security asks: may it be switched off?"""
        return self.needs_second_factor
