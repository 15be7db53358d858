"""Creating and changing accounts of staff. Every change leaves an audit row; nothing commits."""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_security import hash_password
from sqlalchemy import func, select
from sqlalchemy import text as sql

from portal import audit, text
from portal.accounts.datastore import datastore
from portal.accounts.models import Role, User, user_roles
from portal.db import db
from portal.i18n import LANGUAGES, LazyText, _l
from portal.security import ADMINISTRATOR, ROLES

PAGE_SIZE = 50
ACCOUNTS_LOCK = 0x41636374
"""Advisory lock of changes of accounts ("Acct")."""
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"

ROLE_NAMES: dict[str, LazyText] = {
    ADMINISTRATOR: _l("Administrator"),
    "operator": _l("137 operator"),
    "unit_officer": _l("Unit officer"),
    "field_supervisor": _l("Field supervisor"),
    "communications": _l("Communications"),
    "analyst": _l("Analyst"),
    "evaluator": _l("Evaluator"),
    "official": _l("Official"),
    "council_member": _l("Council member"),
}


class AccountError(Exception):
    """A change of an account that is refused; `field` names the input, `message` is for people."""

    def __init__(self, field: str, message: LazyText) -> None:
        self.field = field
        self.message = message
        super().__init__(str(message))


@dataclass(frozen=True)
class AccountPage:
    """A page of accounts in Persian order; pages count from 1."""

    rows: list[User]
    total: int
    page: int
    pages: int


def new_password() -> str:
    """A temporary password of 77 bits that can be read out on the telephone."""
    letters = [secrets.choice(_READABLE) for _ in range(16)]
    return "-".join("".join(letters[i : i + 4]) for i in range(0, 16, 4))


def find(email: str) -> User | None:
    """The account of an address, whatever its case."""
    wanted = func.lower(User.email) == email.strip().lower()
    return db.session.scalars(select(User).where(wanted)).first()


def create_account(
    email: str,
    *,
    name: str,
    roles: Iterable[str],
    language: str = "fa",
    unit_id: int | None = None,
    password: str | None = None,
) -> tuple[User, str]:
    """A new account and its password (made up where none is given). Raises AccountError."""
    email = _checked_email(email)
    _one_at_a_time()
    if find(email):
        raise AccountError("email", _l("There is already an account with this address."))
    password = password if password is not None else new_password()
    if len(password) < 10:
        raise AccountError("password", _l("The password needs at least 10 characters."))
    user: Any = datastore.create_user(
        email=email,
        name=_checked_name(name),
        language=_checked_language(language),
        unit_id=unit_id,
        password=hash_password(password),
        roles=_role_rows(roles),
    )
    db.session.flush()
    audit.record(
        "account.created",
        "account",
        user.id,
        email=email,
        name=user.name,
        roles=sorted(role.name for role in user.roles),
    )
    return user, password


def update_account(
    user_id: int,
    *,
    name: str,
    language: str,
    roles: Iterable[str],
    unit_id: int | None,
    active: bool,
    by: int | None = None,
) -> User:
    """Change an account; `by` is who does it (None: a command). Raises AccountError, LookupError.

    Nobody takes the administrator's role from himself or deactivates himself, and one active
    administrator stays. Whoever is deactivated is signed out everywhere.
    """
    # Or two administrators could remove each other at the same moment.
    _one_at_a_time()
    user = _locked(user_id)
    rows = _role_rows(roles)
    before = _state(user)
    was_administrator = user.active and user.has_role(ADMINISTRATOR)
    stays = active and any(role.name == ADMINISTRATOR for role in rows)
    if by == user_id and not active:
        raise AccountError("active", _l("You cannot deactivate your own account."))
    if by == user_id and was_administrator and not stays:
        raise AccountError("roles", _l("You cannot take the administrator's role from yourself."))
    if was_administrator and not stays and not _other_administrators(user_id):
        raise AccountError("roles", _l("This is the last administrator; appoint another first."))
    if user.active and not active:
        datastore.set_uniquifier(user)
    user.name, user.language = _checked_name(name), _checked_language(language)
    user.unit_id, user.active = unit_id, active
    if {role.id for role in user.roles} != {role.id for role in rows}:
        user.roles = rows
    db.session.flush()
    _record_changes(user, before)
    return user


def update_profile(user_id: int, *, name: str, language: str) -> User:
    """What everybody may change of his own account."""
    user = _locked(user_id)
    before = _state(user)
    user.name, user.language = _checked_name(name), _checked_language(language)
    db.session.flush()
    _record_changes(user, before)
    return user


def deactivate(user_id: int, *, by: int | None = None) -> User:
    """Deactivate and sign out everywhere. Raises AccountError, LookupError."""
    user = db.session.get(User, user_id)
    if user is None:
        raise LookupError(f"No account {user_id}")
    return update_account(
        user_id,
        name=user.name,
        language=user.language,
        roles=[role.name for role in user.roles],
        unit_id=user.unit_id,
        active=False,
        by=by,
    )


def reset_password(user_id: int, password: str | None = None) -> str:
    """A new password, returned once; the person is signed out everywhere."""
    user = _locked(user_id)
    password = password if password is not None else new_password()
    if len(password) < 10:
        raise AccountError("password", _l("The password needs at least 10 characters."))
    user.password = hash_password(password)
    datastore.set_uniquifier(user)
    db.session.flush()
    audit.record("account.password_reset", "account", user.id)
    return password


def reset_second_factor(user_id: int) -> User:
    """Forget the authenticator and the recovery codes; the person is signed out everywhere."""
    user = _locked(user_id)
    datastore.tf_reset(user)
    user.mf_recovery_codes = None
    datastore.set_uniquifier(user)
    db.session.flush()
    audit.record("account.second_factor_reset", "account", user.id)
    return user


def accounts_page(search: str = "", page: int = 1, size: int = PAGE_SIZE) -> AccountPage:
    """Accounts whose name or address holds `search`, in Persian order of the names.

    Staff are hundreds: they are searched and ordered here, in whatever spelling they were typed.
    """
    words = text.search_key(search[:100]).split()
    found = sorted(
        (
            row
            for row in db.session.execute(select(User.id, User.name, User.email))
            if _holds(words, row.name, row.email)
        ),
        key=lambda row: (text.sort_key(row.name), row.email),
    )
    pages = max(1, -(-len(found) // size))
    page = min(max(1, page), pages)
    ids = [row.id for row in found[(page - 1) * size : page * size]]
    users = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
    return AccountPage([users[i] for i in ids], len(found), page, pages)


def all_accounts() -> list[User]:
    return list(db.session.scalars(select(User).order_by(User.id)))


def names(user_ids: Collection[int]) -> dict[int, str]:
    """id -> name, or address where there is none, of these accounts."""
    if not user_ids:
        return {}
    rows = db.session.execute(select(User.id, User.name, User.email).where(User.id.in_(user_ids)))
    return {row.id: row.name or row.email for row in rows}


def _holds(words: list[str], *texts: str) -> bool:
    whole = " ".join(text.search_key(part) for part in texts)
    return all(word in whole for word in words)


def _one_at_a_time() -> None:
    db.session.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": ACCOUNTS_LOCK})


def _locked(user_id: int) -> User:
    user = db.session.get(User, user_id, with_for_update={"of": User}, populate_existing=True)
    if user is None:
        raise LookupError(f"No account {user_id}")
    return user


def _other_administrators(user_id: int) -> bool:
    others = (
        select(User.id)
        .join(user_roles, user_roles.c.user_id == User.id)
        .join(Role, Role.id == user_roles.c.role_id)
        .where(Role.name == ADMINISTRATOR, User.active, User.id != user_id)
    )
    return db.session.scalars(others).first() is not None


def _role_rows(names: Iterable[str]) -> list[Role]:
    wanted = set(names)
    if unknown := wanted - set(ROLES):
        raise AccountError(
            "roles", _l("There is no role %(name)s.", name=", ".join(sorted(unknown)))
        )
    if not wanted:
        raise AccountError("roles", _l("Choose at least one role."))
    return list(db.session.scalars(select(Role).where(Role.name.in_(wanted)).order_by(Role.id)))


def _checked_email(email: str) -> str:
    try:
        checked = validate_email(
            email.strip(), check_deliverability=False, test_environment=True, allow_smtputf8=False
        )
    except EmailNotValidError:
        raise AccountError("email", _l("Write an email address, like name@city.example.")) from None
    return checked.normalized.lower()


def _checked_name(name: str) -> str:
    name = " ".join(text.strip_controls(name, keep_newlines=False).split())
    if not name:
        raise AccountError("name", _l("Write the person's name."))
    if len(name) > 120:
        raise AccountError("name", _l("The name is too long."))
    return name


def _checked_language(language: str) -> str:
    if language not in LANGUAGES:
        raise AccountError("language", _l("Choose Persian, Arabic or English."))
    return language


def _state(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "language": user.language,
        "roles": sorted(role.name for role in user.roles),
        "unit_id": user.unit_id,
        "active": user.active,
    }


def _record_changes(user: User, before: dict[str, Any]) -> None:
    after = _state(user)
    changes = {key: [before[key], after[key]] for key in after if after[key] != before[key]}
    if not changes:
        return
    action = "account.deactivated" if changes.get("active") == [True, False] else "account.changed"
    audit.record(action, "account", user.id, changes=changes)
