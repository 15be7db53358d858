"""Texts that staff wrote for a purpose."""

from portal.db import db
from portal.messaging import purposes, wording
from portal.messaging.template_models import MessageTemplateVersion
from tests.factories.context import application


def make_template(purpose: str, name: str = "", **texts: str) -> MessageTemplateVersion:
    """A committed new version; languages that are not given keep their text."""
    with application():
        found = purposes.find(purpose)
        assert found is not None
        template = wording.find(purpose, name)
        last = next(iter(wording.versions(template.id, 1)), None) if template else None
        version = wording.save(
            found,
            {**wording.texts_now(found, last), **texts},
            name=name,
            user_id=None,
            seen=(last.number or 0) if last else 0,
        )
        assert version is not None
        db.session.commit()
        db.session.refresh(version)
        db.session.expunge(version)
        return version
