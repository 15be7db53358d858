"""Searching, ordering, paging and tagging, as services."""

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from portal import clock
from portal.audit.models import AuditEntry
from portal.contacts import bank, consent
from portal.contacts.bank import BankFilter
from portal.contacts.keys import search_text, tag_part
from portal.contacts.models import Contact
from portal.db import db
from tests.factories.contacts import make_contact


def names(**wanted: str) -> list[str]:
    return [contact.name for contact in bank.page(BankFilter.from_args(wanted)).contacts]


@pytest.mark.parametrize(
    "typed",
    ["نیک‌خواه", "نیک خواه", "نيكخواه", "خواه نیک", "كوثر", "۱۷ شهریور", "17", "۰۹۱۲ ۳۴۵ ۶۷۸۹",
     "٠٩١٢٣٤٥", "+98 912 345", "0098912345", "6789", "شهریور ۰۹۱۲۳۴۵۶۷۸۹"],
)  # fmt: skip
def test_a_search_finds_every_way_of_writing(context: Flask, typed: str) -> None:
    make_contact("+989123456789", "زهرا نیک‌خواه", neighbourhood="کوثر", tags=["۱۷ شهریور"])
    make_contact("+989350000000", "علی", neighbourhood="بازار", tags=["ورزش"])
    assert names(q=typed) == ["زهرا نیک‌خواه"]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "'", "x' OR 1=1", "ناشناس", "‌", "\x00"])
def test_a_search_for_nobody_finds_nobody(context: Flask, typed: str) -> None:
    make_contact()
    assert names(q=typed + " ") == ([] if BankFilter.from_args({"q": typed}).q else names())


def test_filters(context: Flask) -> None:
    make_contact(name="a", tags=["x"], language="ar", neighbourhood="کوثر")
    b = make_contact(name="b", tags=["y"])
    consent.opt_out(b.e164, line="3000", channel="sms", evidence="11")
    assert names(tag="x") == names(language="ar") == names(neighbourhood="کوثر") == ["a"]
    assert names(opted_out="yes") == ["b"]
    assert names(opted_out="no") == ["a"]
    assert names(language="zz", opted_out="perhaps") == ["a", "b"]
    assert bank.page(BankFilter()).stopped == {b.e164}


def test_people_stand_in_the_order_of_the_persian_alphabet(context: Flask) -> None:
    for name in ("یاسمن", "", "پری", "Anna", "آرش", "احمد", "گیتی", "کاوه", "چنگیز", "جواد"):
        make_contact(name=name)
    assert names() == ["آرش", "احمد", "پری", "جواد", "چنگیز", "کاوه", "گیتی", "یاسمن", "Anna", ""]


def test_pages_join_without_gap_both_ways(context: Flask) -> None:
    for n in range(23):
        make_contact(name=f"نام {n // 3}")  # many share a name
    everybody = [c.id for c in bank.page(BankFilter(), size=100).contacts]
    forward: list[list[int]] = []
    page = bank.page(BankFilter(), size=5)
    assert page.before is None
    while True:
        forward.append([c.id for c in page.contacts])
        if page.after is None:
            break
        page = bank.page(BankFilter(), after=page.after, size=5)
    assert [one for part in forward for one in part] == everybody
    backward = [[c.id for c in page.contacts]]
    while page.before is not None:
        page = bank.page(BankFilter(), before=page.before, size=5)
        backward.append([c.id for c in page.contacts])
    assert backward[::-1] == forward


def test_a_page_behind_a_vanished_contact_is_empty_not_an_error(context: Flask) -> None:
    make_contact()
    assert bank.page(BankFilter(), after=10**15).contacts == []


def test_tags_for_everybody_found(context: Flask) -> None:
    a = make_contact(name="علی", tags=["بازار"], neighbourhood="بازار")
    b = make_contact(name="عباس", tags=["نو"])
    c = make_contact(name="زهرا")
    assert bank.tag_all(BankFilter(q="ع"), "نو", add=True) == 1
    assert bank.tag_all(BankFilter(), "بازار", add=False) == 1
    db.session.commit()
    db.session.expire_all()
    found = {
        contact.id: (list(contact.tags), contact.search_key)
        for contact in db.session.scalars(select(Contact))
    }
    assert found == {
        a.id: (["نو"], search_text(a.e164, "علی", "بازار", ["نو"])),
        b.id: (["نو"], search_text(b.e164, "عباس", "", ["نو"])),
        c.id: ([], search_text(c.e164, "زهرا", "", [])),
    }
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.subject_id) for entry in entries] == [
        ("contacts.tag_added", "نو"),
        ("contacts.tag_removed", "بازار"),
    ]


def test_nobody_gets_more_tags_than_allowed(context: Flask) -> None:
    make_contact(tags=[f"t{n}" for n in range(20)])
    assert bank.tag_all(BankFilter(), "نو", add=True) == 0
    assert not db.session.scalars(select(AuditEntry)).all()


TAGS = st.text("ابپتکگی‌۱۲ x#", min_size=1, max_size=8).map(str.strip).filter(bool)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.booleans(), TAGS), max_size=6), st.text("ابک ۱‌", max_size=6))
def test_the_search_key_always_follows_the_tags(
    context: Flask, steps: list[tuple[bool, str]], name: str
) -> None:
    db.session.execute(delete(Contact))
    contact = make_contact(name=name, tags=[])
    for add, tag in steps:
        known = any(tag_part(tag) == tag_part(other) for other in contact.tags)
        bank.tag_all(BankFilter(), tag, add=add)
        db.session.expire_all()
        key = search_text(contact.e164, name, "", contact.tags)
        assert contact.search_key == key
        assert (tag in contact.tags) == add or (add and known)


def test_edits_are_audited_with_before_and_after(context: Flask) -> None:
    contact = make_contact(name="الف", neighbourhood="کوثر")
    same = {"name": "الف", "language": "fa", "neighbourhood": "کوثر", "tags": []}
    assert not bank.change(contact.id, **same)  # type: ignore[arg-type]
    assert bank.change(contact.id, **{**same, "name": "ب", "tags": ["نو"]})  # type: ignore[arg-type]
    entry = db.session.scalars(select(AuditEntry)).one()
    assert entry.payload is not None
    assert entry.payload.body == {
        "before": {"name": "الف", "tags": []},
        "after": {"name": "ب", "tags": ["نو"]},
    }
    assert names(q="نو") == ["ب"]


def test_an_edit_does_not_overwrite_somebody_elses(context: Flask) -> None:
    contact = make_contact(name="الف")
    opened = bank.version_of(contact)
    values = {"language": "fa", "neighbourhood": "", "tags": []}
    with clock.freeze() as _now:
        clock.shift(seconds=1)
        bank.change(contact.id, name="ب", version=opened, **values)  # type: ignore[arg-type]
        db.session.commit()
        with pytest.raises(bank.ChangedMeanwhileError):
            bank.change(contact.id, name="پ", version=opened, **values)  # type: ignore[arg-type]


def test_a_number_is_added_once(context: Flask) -> None:
    values = {"language": "fa", "neighbourhood": "", "tags": [], "source": "x"}
    contact_id = bank.create("+989123456789", name="الف", **values)  # type: ignore[arg-type]
    with pytest.raises(bank.NumberTakenError) as taken:
        bank.create("+989123456789", name="ب", **values)  # type: ignore[arg-type]
    assert taken.value.contact_id == contact_id
