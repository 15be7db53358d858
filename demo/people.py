"""The demonstration's members of staff: one for each role, all with one known password."""

from flask import Flask
from sqlalchemy import select

from portal.accounts import services
from portal.db import db
from portal.units.models import Unit

PASSWORD = "pasokh-demo-1405"  # noqa: S105 (printed on the screen of every demonstration)

PEOPLE = (
    ("admin@demo.example", "سارا مدیری", "administrator"),
    ("communications@demo.example", "مریم روابطی", "communications"),
    ("analyst@demo.example", "دکتر حمید پژوهش", "analyst"),
    ("operator@demo.example", "نگار پاسخگو", "operator"),
    ("officer@demo.example", "کاوه پیگیر", "unit_officer"),
    ("supervisor@demo.example", "بهروز ناظر", "field_supervisor"),
    ("evaluator@demo.example", "لیلا سنجش", "evaluator"),
    ("official@demo.example", "شهردار منطقه", "official"),
    ("council@demo.example", "عضو شورای شهر", "council_member"),
)

UNITS = {
    "officer@demo.example": "operations-centre",
    "supervisor@demo.example": "operations-centre",
}
"""In whose unit somebody sits."""


def settle(app: Flask) -> int:
    """Make the accounts that are missing, after the units; returns how many were made."""
    made = 0
    with app.app_context():
        for email, name, role in PEOPLE:
            if services.find(email) is None:
                unit_id = db.session.scalar(select(Unit.id).where(Unit.code == UNITS.get(email)))
                services.create_account(
                    email, name=name, roles=[role], unit_id=unit_id, password=PASSWORD
                )
                made += 1
        db.session.commit()
        db.session.remove()
    return made
