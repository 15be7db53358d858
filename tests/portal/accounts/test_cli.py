"""`flask accounts …`"""

import json
from typing import Any

from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from tests.factories.accounts import make_user, post_login, sign_in


def run(runner: FlaskCliRunner, *args: str, stdin: str | None = None) -> tuple[int, Any]:
    result = runner.invoke(args=["accounts", *args, "--json"], input=stdin)
    return result.exit_code, json.loads(result.stdout)


CREATE = ("create", "first@city.example", "--role", "administrator", "--name", "مریم کاظمی")


def test_the_first_administrator_by_command(runner: FlaskCliRunner, client: FlaskClient) -> None:
    code, found = run(runner, *CREATE)
    assert code == 0
    assert found["roles"] == ["administrator"]
    sign_in(client, "first@city.example", found["password"])
    assert client.get("/staff/users").status_code == 200
    code, listed = run(runner, "list")
    assert code == 0
    assert [row["email"] for row in listed["accounts"]] == ["first@city.example"]
    assert "password" not in json.dumps(listed)


def test_a_given_password_is_never_printed(runner: FlaskCliRunner, client: FlaskClient) -> None:
    result = runner.invoke(
        args=["accounts", *CREATE, "--password-stdin"], input="some-long-password\n"
    )
    assert result.exit_code == 0
    assert "some-long-password" not in result.output
    sign_in(client, "first@city.example", "some-long-password")


def test_problems_are_said_and_change_nothing(runner: FlaskCliRunner) -> None:
    run(runner, *CREATE)
    for bad in (
        CREATE,
        ("create", "no address", "--role", "analyst", "--name", "x"),
        ("create", "b@city.example", "--role", "analyst", "--name", "  "),
        ("deactivate", "nobody@city.example"),
        ("deactivate", "first@city.example"),
        ("reset-password", "nobody@city.example"),
    ):
        code, found = run(runner, *bad)
        assert code == 1, bad
        assert found["problems"]
    code, found = run(
        runner, "reset-password", "first@city.example", "--password-stdin", stdin="short\n"
    )
    assert code == 1
    unknown = runner.invoke(args=["accounts", "create", "x@y.example", "--role", "king"])
    assert unknown.exit_code == 2
    _code, listed = run(runner, "list")
    assert [row["active"] for row in listed["accounts"]] == [True]


def test_help_for_who_is_locked_out(
    app: Flask, runner: FlaskCliRunner, client: FlaskClient
) -> None:
    user = make_user()
    sign_in(client, user)
    code, found = run(runner, "reset-password", user.email)
    assert code == 0
    assert client.get("/staff/").status_code == 302
    sign_in(client, user, found["password"])
    assert run(runner, "reset-totp", user.email) == (0, {"ok": True, "email": user.email})
    assert client.get("/staff/").status_code == 302


def test_a_deactivated_account_is_out(runner: FlaskCliRunner, client: FlaskClient) -> None:
    user = make_user(("analyst",))
    assert run(runner, "deactivate", user.email)[0] == 0
    assert post_login(client, user.email, "a-long-test-password").status_code == 200


def test_flask_securitys_own_commands_are_not_in_the_way(app: Flask) -> None:
    assert not {"users", "roles"} & set(app.cli.commands)
