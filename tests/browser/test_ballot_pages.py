"""The public and staff pages of ballots, looked at on a phone and a desk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page

from portal.db import db
from surveys.ballots import jobs
from surveys.ballots.services import closing, proposals
from tests.browser.checks import go, look
from tests.browser.conftest import WIDTHS
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.ballots import Made, make_scheme, make_voters, open_vote
from tests.surveys.ballots.booth import Booth

pytestmark = [pytest.mark.browser, pytest.mark.surveys]


def screened() -> Made:
    """Proposals in every state."""
    made = make_scheme(takes_paper=True)
    for title, reason in (("آسفالت بزرگراه", "not_municipal"), ("متن بد", "improper")):
        row = proposals.add(made.area_id, language="fa", titles={"fa": title}, descriptions={})
        proposals.decline(row.id, reason=reason, texts={"fa": "توضیح"}, user_id=None)
    row = proposals.add(made.area_id, language="fa", titles={"fa": "تاب"}, descriptions={})
    proposals.merge(row.id, made.projects[0], user_id=None)
    db.session.commit()
    return made


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_from_the_first_proposal_to_the_result(
    app: Flask, live: str, open_page: Callable[..., Page], shots: Path, width: int
) -> None:
    with app.app_context():
        made = screened()
    make_voters(made, 2)
    user = make_user(("communications",))
    page = open_page(width)
    public = f"{live}/fa/ballots/{made.code.lower()}"
    problems: list[str] = []

    def see(name: str, url: str) -> None:
        page.goto(url)
        problems.extend(look(page, f"ballots-{name}", "fa", width, shots))

    see("index", f"{live}/fa/ballots")
    see("scheme", public)
    see("area", f"{public}/{made.slug}")
    see("propose", f"{public}/propose")
    page.goto(f"{live}/staff/login?lang=fa")
    page.fill("input[name=email]", user.email)
    page.fill("input[name=password]", PASSWORD)
    go(page, "main button[type=submit]")
    staff = f"{live}/staff/ballots"
    see("staff-index", f"{staff}?lang=fa")
    see("staff-new", f"{staff}/new?lang=fa")
    see("staff-scheme", f"{staff}/{made.scheme_id}?lang=fa")
    see("staff-area", f"{staff}/areas/{made.area_id}?lang=fa")
    see("staff-invite", f"{staff}/{made.scheme_id}/invite?lang=fa")
    see("staff-open", f"{staff}/{made.scheme_id}/open?lang=fa")
    see("staff-project", f"{staff}/projects/{made.projects[0]}?lang=fa")
    first, second = open_vote(made)
    Booth(app, first).vote({made.projects[0]: 1})
    Booth(app, second).vote({made.projects[0]: 1, made.projects[1]: 1})
    see("staff-paper", f"{staff}/areas/{made.area_id}/paper?lang=fa")
    see("staff-sheet", f"{staff}/areas/{made.area_id}/sheets/new?lang=fa")
    with app.app_context():
        closing.close(made.scheme_id)
        db.session.commit()
        jobs.advance()
    page.goto(f"{staff}/{made.scheme_id}?lang=fa")
    go(page, "text=شمارش و انتشار")
    problems += look(page, "ballots-staff-counted", "fa", width, shots)
    see("result", f"{public}/{made.slug}")
    see("votes", f"{public}/{made.slug}/votes")
    assert problems == []
