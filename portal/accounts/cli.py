"""`flask accounts …`: the first administrator, and help for people who locked themselves out."""

import sys
from typing import Any, NoReturn

import click
from flask.cli import AppGroup

from portal.accounts import services
from portal.accounts.models import User
from portal.cli import data_command, emit
from portal.db import db
from portal.i18n import LANGUAGES, use_language
from portal.security import ROLES

group = AppGroup("accounts", help="Accounts of staff.")


def _fail(message: str, as_json: bool) -> NoReturn:
    if as_json:
        emit({"ok": False, "problems": [message]})
    click.echo(message, err=True)
    sys.exit(1)


def _found(email: str, as_json: bool) -> User:
    user = services.find(email)
    if user is None:
        _fail(f"No account has the address {email}", as_json)
    return user


def _told(document: dict[str, Any], sentence: str, as_json: bool) -> None:
    if as_json:
        emit({"ok": True, **document})
    else:
        click.echo(sentence)


@group.command("create")
@click.argument("email")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), required=True)
@click.option("--name", required=True, help="As it stands on pages and in the audit trail.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="fa", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--json", "as_json", is_flag=True)
@data_command
def create(  # noqa: PLR0917 (click passes them by name)
    email: str,
    roles: tuple[str, ...],
    name: str,
    language: str,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Create an account; without --password-stdin a password is made and printed once."""
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    try:
        with use_language("en"):
            user, password = services.create_account(
                email, name=name, roles=roles, language=language, password=given
            )
    except services.AccountError as error:
        db.session.rollback()
        with use_language("en"):
            _fail(str(error.message), as_json)
    db.session.commit()
    document: dict[str, Any] = {"id": user.id, "email": user.email, "roles": sorted(set(roles))}
    sentence = f"{user.email} can sign in"
    if given is None:
        document["password"] = password
        sentence += f" with the password {password}"
    _told(document, sentence, as_json)


@group.command("list")
@click.option("--json", "as_json", is_flag=True)
@data_command
def list_accounts(as_json: bool) -> None:
    """List every account with its roles."""
    rows: list[dict[str, Any]] = [
        {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "language": user.language,
            "roles": sorted(role.name for role in user.roles),
            "active": user.active,
            "second_factor": user.has_second_factor,
        }
        for user in services.all_accounts()
    ]
    if as_json:
        emit({"accounts": rows})
        return
    for row in rows:
        state = "" if row["active"] else "  (inactive)"
        click.echo(f"{row['email']}  {','.join(row['roles'])}  {row['name']}{state}")


@group.command("deactivate")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True)
@data_command
def deactivate(email: str, as_json: bool) -> None:
    """Deactivate an account and sign it out everywhere."""
    user = _found(email, as_json)
    try:
        services.deactivate(user.id)
    except services.AccountError as error:
        db.session.rollback()
        with use_language("en"):
            _fail(str(error.message), as_json)
    db.session.commit()
    _told({"email": user.email, "active": False}, f"{user.email} is deactivated", as_json)


@group.command("reset-password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--json", "as_json", is_flag=True)
@data_command
def reset_password(email: str, password_stdin: bool, as_json: bool) -> None:
    """Give an account a new password and sign it out everywhere."""
    user = _found(email, as_json)
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    try:
        password = services.reset_password(user.id, given)
    except services.AccountError as error:
        db.session.rollback()
        with use_language("en"):
            _fail(str(error.message), as_json)
    db.session.commit()
    document = {"email": user.email} | ({} if given else {"password": password})
    shown = "the password you gave" if given else password
    _told(document, f"{user.email} can sign in with {shown}", as_json)


@group.command("reset-totp")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True)
@data_command
def reset_totp(email: str, as_json: bool) -> None:
    """Forget an account's authenticator and recovery codes."""
    user = _found(email, as_json)
    services.reset_second_factor(user.id)
    db.session.commit()
    _told({"email": user.email}, f"{user.email} has no second factor now", as_json)
