"""The survey link of a portal that lives under a path of somebody else's site."""

import re

from flask import Flask
from sqlalchemy import select
from werkzeug.test import Client

from portal import services
from portal.app import Portal
from portal.db import db
from surveys.responses.models import Response
from tests.conftest import make_settings
from tests.factories.surveys import make_campaign, make_invitation, make_survey, question
from tests.factories.surveys import questionnaire as form


def test_a_survey_is_answered_under_a_prefix(
    urls: services.ServiceUrls, clean_tables: None, tmp_path_factory: object
) -> None:
    host = Flask("host_site")
    settings = make_settings(
        database_url=urls.database_url,
        redis_url=urls.redis_url,
        public_url="http://localhost/citizen",
    )
    portal: Flask = Portal(host, prefix="/citizen", settings=settings).app
    with portal.app_context():
        q = form([question("vote", "select_one", "a b", required=True)], [question("why")])
        token = make_invitation(make_campaign(make_survey(form=q)))[1]
    visitor = Client(host.wsgi_app, use_cookies=False)
    page = visitor.get(f"/citizen/s/{token}")
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r'(href|action|src)="/(?!citizen/)', page.text)
    ours = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    answer = visitor.post(
        f"/citizen/s/{token}?p=1", data={".shown": "vote", "vote": "a"}, headers=ours
    )
    assert answer.headers["Location"] == f"/citizen/s/{token}?p=2"
    done = visitor.post(answer.headers["Location"], data={".shown": "why"}, headers=ours)
    assert visitor.get(done.headers["Location"]).status_code == 200
    with portal.app_context():
        assert db.session.scalars(select(Response.state)).all() == ["complete"]
        db.session.remove()
        db.engine.dispose()
