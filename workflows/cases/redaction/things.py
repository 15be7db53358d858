"""Pictures and files of a case that can be removed, each with what a person calls it."""

from sqlalchemy import select

from portal.db import db
from portal.i18n import _
from workflows.cases.models import Case, CasePhoto
from workflows.cases.redaction import letters, services
from workflows.operations import labels, proofs


def of_case(case: Case) -> list[tuple[str, str]]:
    """(kind-id, name): photos of the citizen, photos of the work, scans and enclosures."""
    photos = db.session.scalars(
        select(CasePhoto.id).where(CasePhoto.case_id == case.id).order_by(CasePhoto.id)
    )
    found = [
        (f"photo-{one}", _("Photo %(n)s of the citizen", n=number))
        for number, one in enumerate(photos, 1)
    ]
    counted: dict[str, int] = {}
    for proof in proofs.of_cases([case.id]):
        n = counted[proof.kind] = counted.get(proof.kind, 0) + 1
        kind = labels.PROOF_KINDS[proof.kind]
        found.append((f"proof-{proof.id}", _("%(kind)s, photo %(n)s", kind=kind, n=n)))
    found += [
        (f"file-{scan.file.id}", _("File of a letter: %(name)s", name=scan.file.name))
        for scan in letters.scans(services.related(case))
    ]
    return found
