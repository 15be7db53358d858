"""Who may take which step: the table of every shipped workflow, asked of the service itself."""

import pytest
from flask import Flask

from portal.db import db
from portal.security import ADMINISTRATOR, ROLES
from tests.factories.accounts import make_user
from tests.factories.cases import make_case
from workflows.cases import flow, stages
from workflows.cases.models import Case
from workflows.engine import catalogue, versions

WORKFLOWS = sorted(catalogue.shipped())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_each_step_is_open_to_its_roles_alone(context: Flask, name: str) -> None:
    people = {role: make_user((role,)).id for role in ROLES}
    held = {role: flow.roles_of(user_id) for role, user_id in people.items()}
    assert held == {role: {role} for role in ROLES}
    case = db.session.get_one(Case, make_case().id)
    case.definition_id = versions.current(name)
    definition = versions.get(case.definition_id)
    actions = {step.action for step in definition.transitions}
    wrong = []
    for state in definition.states:
        case.state = state
        for action in sorted(actions):
            steps = [step for step in definition.steps(state) if step.action == action]
            for role, user_id in people.items():
                wanted = any(
                    role in step.roles or (role == ADMINISTRATOR and step.roles) for step in steps
                )
                try:
                    flow.check(case, action, by=user_id)
                    taken = True
                except stages.StageError:
                    taken = False
                if taken != wanted:
                    wrong.append((state, action, role, taken))
    assert not wrong


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_page_offers_what_the_service_takes(context: Flask, name: str) -> None:
    case = db.session.get_one(Case, make_case().id)
    case.definition_id = versions.current(name)
    definition = versions.get(case.definition_id)
    for state in definition.states:
        case.state = state
        for role in ROLES:
            offered = {step.action for step in flow.possible(case, lambda _one: True, {role})}
            expected = {
                step.action
                for step in definition.steps(state)
                if role in step.roles or (role == ADMINISTRATOR and step.roles)
            }
            assert offered == expected, (state, role)
