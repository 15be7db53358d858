"""Members of staff, and how they sign in."""

import functools
import itertools
import re

from flask.testing import FlaskClient
from flask_security import hash_password
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.datastore import datastore
from portal.accounts.models import Role, User
from portal.db import db
from tests.factories.context import application

PASSWORD = "a-long-test-password"
_numbers = itertools.count(1)


@functools.lru_cache
def _hashed(password: str) -> str:
    # argon2 is slow on purpose; tests share one hash.
    return str(hash_password(password))


def make_user(
    roles: tuple[str, ...] = ("administrator",),
    email: str | None = None,
    password: str = PASSWORD,
    language: str = "fa",
    name: str = "مریم کاظمی",
    active: bool = True,
    unit_id: int | None = None,
) -> User:
    """A committed member of staff; its columns and roles can be read outside the context."""
    with application():
        user: User = datastore.create_user(
            email=email or f"person{next(_numbers)}@city.example",
            password=_hashed(password),
            language=language,
            name=name,
            active=active,
            unit_id=unit_id,
            roles=list(db.session.scalars(select(Role).where(Role.name.in_(roles)))),
        )
        db.session.commit()
        db.session.refresh(user)
        return user


def csrf_token(client: FlaskClient, url: str) -> str:
    """The token in the page's first form; fails where the page has none."""
    page = client.get(url).text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, f"{url} holds no form with a CSRF token:\n{page[:2000]}"
    return found[1]


def post_login(
    client: FlaskClient, email: str, password: str, next_url: str | None = None
) -> TestResponse:
    """Fill in and send the login form as a browser does."""
    url = "/staff/login"
    token = csrf_token(client, url)
    return client.post(
        url,
        query_string={"next": next_url} if next_url is not None else None,
        data={"email": email, "password": password, "csrf_token": token},
    )


def sign_in(client: FlaskClient, user: User | str, password: str = PASSWORD) -> TestResponse:
    """Sign in over HTTP and check that it worked."""
    email = user if isinstance(user, str) else user.email
    response = post_login(client, email, password)
    assert response.status_code == 302, response.text[:2000]
    return response
