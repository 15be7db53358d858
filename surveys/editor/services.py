"""Open, save and publish the draft of a survey.

Two people may edit at once. Each form says which revision of the draft it was made from; a save
locks the draft, and what another one changed meanwhile is never overwritten unseen.
"""

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload, undefer

from portal import audit, clock
from portal.db import db
from portal.i18n import _l
from surveys.editor import checks, documents
from surveys.editor.documents import Merge, Typed
from surveys.editor.models import SurveyDraft, SurveyDraftRevision
from surveys.questionnaires import services as questionnaires
from surveys.questionnaires.models import Survey, SurveyVersion
from surveys.questionnaires.schema import Questionnaire

KEPT_REVISIONS: Final = 50
"""Saves after which a form that is still open can no longer be merged, only shown again."""


class DraftError(Exception):
    """Why a change was not made. code: gone, stale, in_use, errors, unchanged, outdated."""

    def __init__(self, code: str, *messages: object) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages


def find(code: str) -> SurveyDraft | None:
    """The open draft of a survey, with its survey, base and last editor."""
    return db.session.scalars(
        select(SurveyDraft)
        .join(SurveyDraft.survey)
        .where(Survey.code == code)
        .options(
            joinedload(SurveyDraft.survey),
            joinedload(SurveyDraft.base_version),
            joinedload(SurveyDraft.editor),
        )
    ).one_or_none()


def begin(code: str, user_id: int | None) -> SurveyDraft:
    """The open draft; where there is none, a copy of the newest version. LookupError."""
    survey = db.session.scalars(select(Survey).where(Survey.code == code).with_for_update()).first()
    if survey is None:
        raise LookupError(code)
    if draft := find(code):
        return draft
    newest = newest_version(survey.id)
    draft = SurveyDraft(
        survey_id=survey.id,
        base_version_id=newest.id,
        definition=newest.definition,
        changed_at=clock.now(),
        changed_by=user_id,
    )
    db.session.add(draft)
    db.session.flush()
    _remember(draft)
    audit.record("survey.draft_begun", "survey", survey.id, code=code, version=newest.number)
    return draft


def newest_version(survey_id: int) -> SurveyVersion:
    """With its definition. NoResultFound."""
    return db.session.scalars(
        select(SurveyVersion)
        .where(SurveyVersion.survey_id == survey_id)
        .order_by(SurveyVersion.number.desc())
        .limit(1)
        .options(undefer(SurveyVersion.definition))
    ).one()


def definition_of(version_id: int) -> dict[str, Any]:
    """The JSON of a published version. Do not change it. LookupError."""
    found: dict[str, Any] | None = db.session.scalar(
        select(SurveyVersion.definition).where(SurveyVersion.id == version_id)
    )
    if found is None:
        raise LookupError(version_id)
    return found


def save_texts(
    code: str, revision: int, typed: Typed, user_id: int | None
) -> tuple[Merge, list[checks.Remark]]:
    """Keep texts typed over `revision`. With a conflict or an error nothing is kept. DraftError."""
    draft = _locked(code)
    base = draft.definition if revision == draft.revision else _at(draft, revision)
    merge = documents.merge_texts(base, draft.definition, typed)
    wrong = checks.new_errors(draft.definition, merge.document) if merge.ok else []
    if merge.ok and not wrong and merge.document != draft.definition:
        _save(draft, merge.document, user_id, "texts")
    return merge, wrong


def save_question(
    code: str, revision: int, question: Mapping[str, Any], page: str, user_id: int | None
) -> None:
    """Replace a question, or add one to a page. DraftError: stale, errors."""
    draft = _locked(code)
    name = question["name"]
    if revision != draft.revision:
        base = _at(draft, revision)
        now, before = (documents.find_question(each, name) for each in (draft.definition, base))
        if now != before:
            raise DraftError(
                "stale",
                _l(
                    "Somebody else has changed this question meanwhile. Compare, then save again: "
                    "what stands in your form will count."
                ),
            )
    if documents.find_question(draft.definition, name) is None and not any(
        each["name"] == page for each in draft.definition["pages"]
    ):
        raise DraftError("gone", _l("This page is no longer in the draft."))
    changed = documents.put_question(draft.definition, question, page)
    if wrong := checks.new_errors(draft.definition, changed):
        raise DraftError("errors", *wrong)
    if changed != draft.definition:
        _save(draft, changed, user_id, name)


def move_question(code: str, revision: int, name: str, step: int, user_id: int | None) -> None:
    """One place up or down on its page. DraftError."""
    draft = _current(code, revision)
    changed = documents.move_question(draft.definition, name, step)
    if changed != draft.definition:
        _save(draft, changed, user_id, name)


def remove_question(code: str, revision: int, name: str, user_id: int | None) -> None:
    """Take a question out that no other one mentions. DraftError."""
    draft = _current(code, revision)
    if documents.find_question(draft.definition, name) is None:
        raise DraftError("gone", _l("This question is no longer in the draft."))
    if names := checks.referrers(draft.definition, name):
        raise DraftError(
            "in_use",
            _l(
                "“%(name)s” cannot be removed: %(others)s depend on it. Change those first.",
                name=name,
                others="، ".join(names[:10]),
            ),
        )
    _save(draft, documents.remove_question(draft.definition, name), user_id, name)


def add_language(code: str, language: str, user_id: int | None) -> None:
    """One more language to write texts in. DraftError."""
    draft = _locked(code)
    changed = documents.add_language(draft.definition, language)
    if changed != draft.definition:
        _save(draft, changed, user_id, language)


def discard(code: str) -> None:
    """Throw the draft away. DraftError."""
    draft = _locked(code)
    audit.record("survey.draft_discarded", "survey", draft.survey_id, code=code)
    _delete(draft)


def publish(code: str, revision: int, newest: int, user_id: int | None) -> SurveyVersion:
    """Make the draft version n+1 and close it. `newest` is the version whose differences the
    person has read. DraftError: stale, outdated, errors, unchanged."""
    draft = _current(code, revision)
    found = newest_version(draft.survey_id)
    if found.number != newest:
        raise DraftError(
            "outdated",
            _l("A new version was published meanwhile. Look at the differences to it."),
        )
    if wrong := checks.errors(draft.definition):
        raise DraftError("errors", *(remark.message for remark in wrong))
    text = json.dumps(draft.definition, sort_keys=True, ensure_ascii=False)
    version, is_new = questionnaires.publish(
        code,
        Questionnaire.from_json(draft.definition),
        question_count=checks.visible_count(draft.definition),
        filename="",
        source_digest=hashlib.sha256(text.encode()).digest(),
        user_id=user_id,
    )
    if not is_new:
        raise DraftError("unchanged", _l("The draft says the same as the published version."))
    _delete(draft)
    return version


def _locked(code: str) -> SurveyDraft:
    draft = db.session.scalars(
        select(SurveyDraft)
        .join(SurveyDraft.survey)
        .where(Survey.code == code)
        .with_for_update(of=SurveyDraft)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if draft is None:
        raise DraftError("gone", _l("This draft was published or discarded meanwhile."))
    return draft


def _current(code: str, revision: int) -> SurveyDraft:
    draft = _locked(code)
    if draft.revision != revision:
        raise DraftError(
            "stale", _l("Somebody else has changed the draft meanwhile. Look at it and try again.")
        )
    return draft


def _at(draft: SurveyDraft, revision: int) -> dict[str, Any]:
    """The draft as it was. DraftError."""
    found: dict[str, Any] | None = db.session.scalar(
        select(SurveyDraftRevision.definition).where(
            SurveyDraftRevision.draft_id == draft.id, SurveyDraftRevision.revision == revision
        )
    )
    if found is None:
        raise DraftError(
            "gone", _l("The form was too old. Compare with what stands there now, then save again.")
        )
    return found


def _save(
    draft: SurveyDraft, definition: Mapping[str, Any], user_id: int | None, what: str
) -> None:
    draft.definition = deepcopy(dict(definition))
    draft.revision += 1
    draft.changed_at = clock.now()
    draft.changed_by = user_id
    db.session.flush()
    _remember(draft)
    db.session.execute(
        delete(SurveyDraftRevision).where(
            SurveyDraftRevision.draft_id == draft.id,
            SurveyDraftRevision.revision <= draft.revision - KEPT_REVISIONS,
        )
    )
    audit.record(
        "survey.draft_changed", "survey", draft.survey_id, revision=draft.revision, what=what
    )


def _remember(draft: SurveyDraft) -> None:
    db.session.add(
        SurveyDraftRevision(draft_id=draft.id, revision=draft.revision, definition=draft.definition)
    )
    db.session.flush()


def _delete(draft: SurveyDraft) -> None:
    db.session.execute(delete(SurveyDraft).where(SurveyDraft.id == draft.id))
    db.session.expunge(draft)
