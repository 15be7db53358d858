"""Whatever is written into the audit trail has a name that people understand."""

import re
from pathlib import Path

import pytest
from flask import Flask

from portal import beat
from portal.audit.words import ACTIONS, SUBJECTS

ROOT = Path(__file__).parent.parent.parent
WRITTEN = re.compile(r'(?:audit\.record|_audit)\(\s*"([a-z_]+\.[a-z_]+)",\s*"([a-z_]+)"')


@pytest.mark.parametrize("package", ["portal", "surveys", "workflows"])
def test_every_action_has_words(app: Flask, package: str) -> None:
    if package != "portal" and not any(
        plugin.name == package for plugin in app.extensions["pasokh_plugins"]
    ):
        pytest.skip(f"{package} is not configured")
    source = "\n".join(path.read_text() for path in (ROOT / package).rglob("*.py"))
    nameless = {
        name
        for action, subject in WRITTEN.findall(source)
        for name, known in ((action, ACTIONS), (subject, SUBJECTS))
        if name not in known
    }
    assert nameless == set()


def test_every_periodic_job_has_words(app: Flask) -> None:
    with app.app_context():
        assert [item.job.name for item in beat.periodic_jobs() if not item.label] == []
