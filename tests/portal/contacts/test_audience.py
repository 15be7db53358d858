from flask import Flask

from portal.contacts import audience, consent
from portal.contacts.audience import AudienceFilter
from portal.db import db
from tests.factories.contacts import make_contact


def names(wanted: AudienceFilter, line: str | None = None) -> set[str]:
    return {contact.name for contact in db.session.scalars(audience.contacts(wanted, line))}


def test_filters_narrow_and_the_opted_out_are_left_out(context: Flask) -> None:
    make_contact(name="a", tags=["ورزش", "بازار"], neighbourhood="کوثر")
    make_contact(name="b", tags=["بازار"], neighbourhood="سنگلج", language="ar")
    make_contact(name="c", neighbourhood="کوثر", language="en")
    out = make_contact(name="d", tags=["بازار"], neighbourhood="کوثر")
    consent.opt_out(out.e164, line="3000", channel="sms", evidence="11")

    assert names(AudienceFilter()) == {"a", "b", "c"}
    assert names(AudienceFilter(), "3000") == {"a", "b", "c"}
    assert names(AudienceFilter(), "5000") == {"a", "b", "c", "d"}
    assert names(AudienceFilter(tags=("ورزش", "بازار"))) == {"a", "b"}
    assert names(AudienceFilter(tags=("بازار",), neighbourhoods=("سنگلج", "x"))) == {"b"}
    assert names(AudienceFilter(languages=("en", "ar"))) == {"b", "c"}
    assert names(AudienceFilter(tags=("نیست",))) == set()

    counted = audience.count(AudienceFilter(tags=("بازار",)), "3000")
    assert (counted.total, counted.opted_out) == (2, 1)
    assert counted.by_language == {"fa": 1, "ar": 1, "en": 0}


def test_choices_are_counted_and_in_persian_order(context: Flask) -> None:
    make_contact(tags=["ی", "پ"], neighbourhood="چهارراه")
    make_contact(tags=["پ", "۱۰", "۹"], neighbourhood="پامنار", language="en")
    make_contact()
    found = audience.choices()
    assert found.tags == [("۹", 1), ("۱۰", 1), ("پ", 2), ("ی", 1)]
    assert found.neighbourhoods == [("پامنار", 1), ("چهارراه", 1)]
    assert found.languages == [("fa", 2), ("en", 1)]


def test_a_stored_filter_comes_back_as_it_was() -> None:
    wanted = AudienceFilter(tags=("الف", "ب"), neighbourhoods=("کوثر",), languages=("ar",))
    assert AudienceFilter.from_json(wanted.to_json()) == wanted
    assert AudienceFilter.from_json({}) == AudienceFilter()
    assert AudienceFilter.from_json({"languages": ["xx", "fa"]}).languages == ("fa",)
