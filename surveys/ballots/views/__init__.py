"""The pages of ballots: public, the vote itself, and staff's."""

from surveys.ballots.views import approval as _approval
from surveys.ballots.views import inviting as _inviting
from surveys.ballots.views import paper as _paper
from surveys.ballots.views import projects as _projects
from surveys.ballots.views import running as _running
from surveys.ballots.views import schemes as _schemes
from surveys.ballots.views.common import blueprint as staff
from surveys.ballots.views.invited import blueprint as invited
from surveys.ballots.views.public import blueprint as public
from surveys.ballots.views.vote import blueprint as vote

BLUEPRINTS = (public, vote, invited, staff)

ROUTES = (_approval, _schemes, _inviting, _projects, _running, _paper)
"""Imported for their routes."""
