"""A sentence in everything that hangs on a case: what each part of the product stores of words."""

import datetime as dt
import secrets

from sqlalchemy import select

from portal import clock
from portal.db import db
from portal.photos import Photo
from tests.factories.accounts import make_user
from tests.factories.callins import make_call, make_session
from tests.factories.cases import make_category
from tests.factories.units import make_unit
from workflows.callins.models import Call, CallinRequest
from workflows.calls import callbacks, registering
from workflows.calls import services as calls
from workflows.calls.models import Callback
from workflows.cases import attempts, feedback, pauses
from workflows.cases.filters.models import SavedFilter
from workflows.cases.models import Case
from workflows.cases.questions import asking
from workflows.cases.questions import services as questions
from workflows.cases.tasks.models import CaseTask
from workflows.letters import files, incoming, services
from workflows.letters.models import Letter, LetterFile
from workflows.letters.services import Draft
from workflows.open311 import publishing
from workflows.operations import proofs
from workflows.operations.models import CaseProof, Dispatch, Visit
from workflows.special.models import Referral, SpecialCase, SpecialWay

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PLACES = {
    "callbacks.name", "callbacks.note", "callbacks.subject", "callin_calls.public_text",
    "callin_requests.values", "calls.name", "calls.note", "calls.subject",
    "case_answers.value", "case_clock_spans.words", "case_dispatches.crew", "case_dispatches.note",
    "case_filters.args", "case_filters.name", "case_tasks.result", "cases.details",
    "council_referrals.proposal", "council_referrals.report", "council_referrals.request",
    "feedback_calls.words", "field_visits.instructions", "field_visits.reason",
    "field_visits.words", "letter_files.name", "letters.body", "letters.copies",
    "letters.enclosures", "letters.end_note", "letters.party_name", "letters.search_key",
    "letters.signatory_name", "letters.subject", "open311_requests.answer",
    "open311_requests.description", "special_cases.why", "special_ways.addressee",
    "special_ways.outcome", "special_ways.reply", "special_ways.subject", "special_ways.task",
}  # fmt: skip
"""table.column of what is planted here."""


def everywhere(case: Case, sentence: str) -> Letter:
    """Before the case is answered. Commits; returns the issued letter."""
    by = make_user(("operator",)).id
    _calls(case, sentence, by)
    _field(case, sentence, by)
    _special(case, sentence, by)
    _questions(case, sentence)
    pauses.pause(case.id, by=by, reason="citizen", text=sentence)
    pauses.resume(case.id, by=by)
    case = db.session.get_one(Case, case.id, populate_existing=True)
    case.details = {"network": sentence}
    db.session.add(
        CaseTask(
            case_id=case.id, kind="task", titles={"fa": "کار"}, role="operator",
            opened_by="assign", result=sentence, created_at=clock.now(),
        )
    )  # fmt: skip
    db.session.add(
        SavedFilter(owner_id=by, name=sentence, args={"q": sentence}, created_at=clock.now())
    )
    db.session.commit()
    return letters(case, sentence, by)


def letters(case: Case, sentence: str, by: int) -> Letter:
    """An issued letter with an enclosure, and a reply with its scan."""
    unit = make_unit()
    draft = Draft(
        unit_id=unit.id, language="fa", subject=f"دربارهٔ {sentence}",
        body=f"با سلام\n\nشهروند نوشته است: {sentence}.", party_name=sentence,
        copies=[sentence], enclosures=[f"نامهٔ {sentence}"], signatory_name=sentence,
        calendar="always", reply_days=10, case_ids=[case.id],
    )  # fmt: skip
    letter = services.write(draft, by=by)
    services.add_files(letter.id, [files.Sent(f"{sentence}.pdf", files.PDF, PDF)])
    services.issue(letter.id, by=by)
    incoming.register(
        incoming.Incoming(
            unit_id=unit.id, language="fa", subject=f"پاسخ {sentence}", body=sentence,
            party_organisation="شرکت آب", their_reference="9/9", their_date=None,
            party_name="", party_position="",
        ),
        [files.Sent("scan.pdf", files.PDF, PDF)],
        by=by,
        reply_to_id=letter.id,
    )  # fmt: skip
    closed = services.write(draft, by=by)
    services.issue(closed.id, by=by)
    services.close(closed.id, by=by, why=sentence)
    db.session.commit()
    return db.session.get_one(Letter, letter.id, populate_existing=True)


def published(case: Case, sentence: str, by: int) -> None:
    """Once the case is answered: the copy for other applications, a call about the end."""
    publishing.release(case.id, by=by, description=f"متن: {sentence}", answer=sentence)
    question = feedback.question_of_case(case.id)
    attempts.note(case, question, "later", by=by, words=sentence)
    db.session.commit()


def picture(case: Case) -> CaseProof:
    (row,) = proofs.add(case.id, "after", [Photo(b"\xff\xd8 the work", 10, 10)], by=None)
    db.session.commit()
    return row


def scans() -> list[LetterFile]:
    return list(db.session.scalars(select(LetterFile).order_by(LetterFile.id)))


def _calls(case: Case, sentence: str, by: int) -> None:
    call_id = calls.record(
        operator_id=by, result="registered", language="fa", e164=case.e164,
        name=sentence, subject=sentence, note=sentence,
    )  # fmt: skip
    registering.finished(registering.Source(call_id=call_id), case, by=by)
    wished = callbacks.slots()[0].value
    callback_id, _new = callbacks.ask(
        case.e164 or "", wished=wished, language="fa", name=sentence, subject=sentence
    )
    row = db.session.get_one(Callback, callback_id)
    row.state, row.ended_at, row.note, row.case_id = "registered", clock.now(), sentence, case.id
    session = make_session()
    promised = db.session.get_one(Call, make_call(session, subject="x").id)
    promised.state, promised.case_id, promised.public_text = "promised", case.id, sentence
    db.session.add(
        CallinRequest(
            session_id=session.id, e164=case.e164 or "", language="fa",
            values={"subject": sentence}, created_at=clock.now(),
            token_digest=secrets.token_bytes(32),
        )
    )  # fmt: skip
    db.session.commit()


def _field(case: Case, sentence: str, by: int) -> None:
    soon = clock.now() + dt.timedelta(hours=2)
    db.session.add(
        Dispatch(case_id=case.id, crew=sentence, expected_at=soon, note=sentence, sent_by=by)
    )
    db.session.add(
        Visit(
            case_id=case.id, supervisor_id=by, due_at=soon, instructions=sentence, state="done",
            finding="more", reason=sentence, words=sentence, ended_at=clock.now(),
        )
    )  # fmt: skip
    db.session.flush()


def _special(case: Case, sentence: str, by: int) -> None:
    special = SpecialCase(
        case_id=case.id, why=sentence, marked_by=by, state="done", done_at=clock.now()
    )
    db.session.add(special)
    db.session.flush()
    ended = {"state": "ended", "ended_at": clock.now(), "due_at": clock.now()}
    db.session.add(
        SpecialWay(
            special_id=special.id, kind="letter", task=sentence, outcome=sentence,
            addressee=sentence, subject=sentence, reply=sentence, **ended,
        )
    )  # fmt: skip
    db.session.add(
        Referral(
            special_id=special.id, member_id=by, request=sentence, report=sentence,
            proposal=sentence, due_at=clock.now(), state="reported", ended_at=clock.now(),
        )
    )  # fmt: skip
    db.session.flush()


def _questions(case: Case, sentence: str) -> None:
    category = make_category()
    question = questions.create(category.id, key="what", kind="text", texts={"fa": "چه؟"})
    asking.store(case.id, {question.id: sentence}, by=None)
    db.session.flush()
