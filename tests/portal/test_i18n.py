import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import jdatetime
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st

from portal import clock, i18n, language, text
from portal.i18n import InputError, _, _l, current_language, ngettext, use_language

MOMENT = datetime(2026, 1, 5, 10, 33, tzinfo=UTC)


@pytest.fixture
def site() -> Flask:
    """The smallest application with our languages: these tests need no database."""
    site = Flask("tests")
    site.config["TIMEZONE"] = "Asia/Tehran"
    i18n.init_app(site)
    return site


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small catalog instead of the product's, whose words may change."""
    catalog = Catalog(locale="fa")
    catalog.add("Hello %(name)s", "سلام %(name)s")
    catalog.add(("%(num)s row", "%(num)s rows"), ("%(num)s ردیف", "%(num)s ردیف"))
    target = tmp_path / "fa" / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as stream:
        write_mo(stream, catalog)
    monkeypatch.setattr(language, "CATALOGS", tmp_path)
    monkeypatch.setattr(i18n, "CATALOGS", tmp_path)
    language._catalog.cache_clear()
    yield
    language._catalog.cache_clear()


# Which language


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/", {}, "fa"),
        ("/ar/x", {}, "ar"),
        ("/en", {"Cookie": "lang=ar"}, "en"),
        ("/?lang=en", {"Cookie": "lang=ar"}, "en"),
        ("/ar/?lang=en", {}, "ar"),
        ("/", {"Cookie": "lang=ar", "Accept-Language": "en"}, "ar"),
        ("/", {"Accept-Language": "en-GB,en;q=0.9"}, "en"),
        ("/", {"Accept-Language": "ar-IQ"}, "ar"),
        ("/", {"Accept-Language": "fr, de;q=0.5"}, "fa"),
        ("/?lang=zz", {"Cookie": "lang=%3Cscript%3E"}, "fa"),
        ("/arabic", {}, "fa"),
    ],
)
def test_the_language_of_a_request(
    site: Flask, path: str, headers: dict[str, str], expected: str
) -> None:
    with site.test_request_context(path, headers=headers):
        assert current_language() == expected


def test_the_view_argument_counts(site: Flask) -> None:
    @site.get("/<lang>/page")
    def page(lang: str) -> str:
        return current_language()

    assert site.test_client().get("/en/page", headers={"Cookie": "lang=ar"}).text == "en"


def test_the_configured_default() -> None:
    site = Flask("tests")
    site.config["DEFAULT_LANGUAGE"] = "en"
    i18n.init_app(site)
    with site.test_request_context("/", headers={"Accept-Language": "fr"}):
        assert current_language() == "en"
    with site.app_context():
        assert current_language() == "en"


def test_use_language_in_an_application_and_without(site: Flask) -> None:
    with site.test_request_context("/ar/"):
        with use_language("en"):
            assert current_language() == "en"
            with use_language("fa"):
                assert current_language() == "fa"
            assert current_language() == "en"
        assert current_language() == "ar"
    assert current_language() == "fa"
    with use_language("ar-IQ"):
        assert current_language() == "ar"
    with use_language("xx"):
        assert current_language() == "fa"
    assert current_language() == "fa"


def test_directions() -> None:
    assert [i18n.direction(lang) for lang in ("fa", "ar", "en")] == ["rtl", "rtl", "ltr"]
    assert i18n.direction() == "rtl"


# Words


def test_translation_with_and_without_an_application(words: None) -> None:
    site = Flask("tests")
    i18n.init_app(site)
    lazy = _l("Hello %(name)s", name="مریم")
    for context in (site.app_context(), site.test_request_context("/fa/")):
        with context:
            assert _("Hello %(name)s", name="مریم") == str(lazy) == "سلام مریم"
            assert ngettext("%(num)s row", "%(num)s rows", 1234) == "۱٬۲۳۴ ردیف"
            with use_language("en"):
                assert str(lazy) == "Hello مریم"
                assert ngettext("%(num)s row", "%(num)s rows", 1) == "1 row"
    assert str(lazy) == "سلام مریم"
    with use_language("en"):
        assert str(lazy) == "Hello مریم"
        assert ngettext("%(num)s row", "%(num)s rows", 2) == "2 rows"


def test_a_percent_sign_without_variables_is_itself() -> None:
    with use_language("en"):
        assert _("100 %") == "100 %"


def test_lazy_text_is_escaped_in_html(site: Flask) -> None:
    with site.test_request_context("/en/"):
        shown = render_template_string("{{ text }}", text=_l("%(name)s", name="<script>"))
    assert shown == "&lt;script&gt;"


def test_templates(words: None) -> None:
    site = Flask("tests")
    i18n.init_app(site)
    template = (
        "{% macro where() %}{{ lang }}{% endmacro %}{{ lang }} {{ direction() }} {{ where() }} "
        "{% trans name='<b>' %} Hello {{ name }}\n {% endtrans %} {{ 1234|number }} "
        "{{ languages['ar'] }} {{ '2026'|digits }} {{ {'en': 'x'}|pick }}"
    )
    with site.test_request_context("/fa/"):
        assert render_template_string(template) == ("fa rtl fa سلام &lt;b&gt; ۱٬۲۳۴ العربية ۲۰۲۶ x")


def test_pick_falls_back(site: Flask) -> None:
    texts = {"en": "Bazaar", "fa": "بازار", "ar": ""}
    assert i18n.pick(texts, "en") == "Bazaar"
    assert i18n.pick(texts, "ar") == "بازار"
    assert i18n.pick({"fr": "Marché"}, "en") == "Marché"
    assert i18n.pick({}) == i18n.pick(None) == i18n.pick({"fa": ""}) == ""
    with site.test_request_context("/en/"):
        assert i18n.pick(texts) == "Bazaar"


# Numbers, dates, telephones


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("fa", ["۱٬۲۳۴٬۵۶۷", "۳٫۱۴", "۴۷٫۳٪", "۱۵ دی ۱۴۰۴", "۱۴۰۴/۱۰/۱۵", "دوشنبه ۱۵ دی ۱۴۰۴",
                "دی ۱۴۰۴", "۱۴:۰۳"]),
        ("ar", ["١٬٢٣٤٬٥٦٧", "٣٫١٤", "٤٧٫٣٪\u061c", "٥ كانون الثاني ٢٠٢٦", "٥/١/٢٠٢٦",
                "الاثنين، ٥ كانون الثاني ٢٠٢٦", "كانون الثاني ٢٠٢٦", "١٤:٠٣"]),
        ("en", ["1,234,567", "3.14", "47.3%", "5 January 2026", "5 Jan 2026",
                "Monday 5 January 2026", "January 2026", "14:03"]),
    ],
)  # fmt: skip
def test_formats(lang: str, expected: list[str]) -> None:
    assert [
        i18n.format_number(1234567, lang),
        i18n.format_decimal(3.14159, lang),
        i18n.format_percent(69 / 146, lang, digits=1),
        i18n.format_date(MOMENT, "long", lang),
        i18n.format_date(MOMENT, "short", lang),
        i18n.format_date(MOMENT, "full", lang),
        i18n.format_date(MOMENT, "month", lang),
        i18n.format_time(MOMENT, lang),
    ] == expected


def test_fixed_decimals_and_whole_percent() -> None:
    assert i18n.format_decimal(2, "en", fixed=True) == "2.00"
    assert i18n.format_decimal(2.5, "en", digits=0) == "2"
    assert i18n.format_percent(0.5, "en") == "50%"


def test_missing_values_are_a_dash() -> None:
    missing: list[Callable[..., str]] = [
        i18n.format_number, i18n.format_decimal, i18n.format_percent, i18n.format_date,
        i18n.format_datetime, i18n.format_time, i18n.format_duration, i18n.format_relative,
        i18n.format_phone,
    ]  # fmt: skip
    assert {show(None) for show in missing} == {"—"}
    assert i18n.format_number(float("nan")) == "—"


def test_the_zone_of_the_city(site: Flask) -> None:
    evening = datetime(2026, 3, 20, 21, 0, tzinfo=UTC)
    assert i18n.format_date(evening, "long", "en") == "21 March 2026"
    site.config["TIMEZONE"] = "Europe/London"
    with site.app_context():
        assert i18n.format_date(evening, "long", "en") == "20 March 2026"
        assert i18n.format_time(evening, "en") == "21:00"


def test_plain_dates_are_not_moved() -> None:
    assert i18n.format_date(date(2026, 3, 21), "short", "fa") == "۱۴۰۵/۰۱/۰۱"
    assert i18n.format_time(time(9, 5), "ar") == "٠٩:٠٥"


def test_naive_moments_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        i18n.format_datetime(datetime(2026, 1, 1))  # noqa: DTZ001


def test_durations_and_distances() -> None:
    with use_language("en"):
        assert i18n.format_duration(timedelta(hours=2, minutes=15)) == "2 hours and 15 minutes"
        assert i18n.format_duration(86400 * 3 + 5) == "3 days"
        assert i18n.format_duration(61, parts=1) == "1 minute"
        assert i18n.format_duration(0) == "0 seconds"
        with clock.freeze(MOMENT):
            assert i18n.format_relative(MOMENT + timedelta(hours=2)) == "in 2 hours"
            assert i18n.format_relative(MOMENT - timedelta(minutes=3)) == "3 minutes ago"
            assert i18n.format_relative(MOMENT + timedelta(seconds=9)) == "just now"


def test_phones_are_isolated_and_in_the_readers_digits() -> None:
    assert i18n.format_phone("+989123456789", "fa") == "\u2066۰۹۱۲\u00a0۳۴۵\u00a0۶۷۸۹\u2069"
    assert i18n.format_phone("+989123456789", "en") == "\u2066+98\u00a0912\u00a0345\u00a06789\u2069"
    assert i18n.format_phone("+989123456789", "ar") == "\u2066+٩٨\u00a0٩١٢\u00a0٣٤٥\u00a0٦٧٨٩\u2069"
    assert "٩٦٤" in i18n.format_phone("+9647701234567", "ar")
    assert i18n.format_phone("nonsense", "en") == "\u2066nonsense\u2069"


# What people type


@pytest.mark.parametrize(
    ("typed", "lang", "expected"),
    [
        ("۱۴۰۴/۵/۱۲", "fa", date(2025, 8, 3)),
        ("1404-05-12", "fa", date(2025, 8, 3)),
        ("١٤٠٤/٠٥/١٢", "fa", date(2025, 8, 3)),
        (" ۱۲ / ۵ / ۱۴۰۴ ", "fa", date(2025, 8, 3)),
        ("\u200f۱۴۰۳/۱۲/۳۰", "fa", date(2025, 3, 20)),
        ("2025-08-03", "en", date(2025, 8, 3)),
        ("٣/٨/٢٠٢٥", "ar", date(2025, 8, 3)),
    ],
)
def test_dates_can_be_typed(typed: str, lang: str, expected: date) -> None:
    assert i18n.parse_date(typed, lang) == expected


@pytest.mark.parametrize(
    ("typed", "lang"),
    [
        ("2025/08/03", "fa"), ("1249/01/01", "fa"), ("1501/01/01", "fa"), ("1404/13/01", "fa"),
        ("1404/12/30", "fa"), ("04/05/12", "fa"), ("", "fa"), ("امروز", "fa"),
        ("1404/05/12", "en"), ("2025/02/29", "en"), ("2025/13/01", "ar"),
        ("1404/05/12" + " " * 80 + "x", "fa"),
    ],
)  # fmt: skip
def test_dates_that_are_none(typed: str, lang: str) -> None:
    if typed.endswith("x"):
        typed = typed.replace(" ", "-")
    with pytest.raises(InputError) as caught:
        i18n.parse_date(typed, lang)
    assert str(caught.value.message)


@given(st.dates(date(1872, 1, 1), date(2121, 1, 1)), st.sampled_from(["long", "short"]))
def test_shown_persian_dates_are_the_calendars(day: date, style: str) -> None:
    shown = text.ascii_digits(i18n.format_date(day, style, "fa"))
    jalali = jdatetime.date.fromgregorian(date=day)
    assert [int(found) for found in re.findall(r"\d+", shown)] == (
        [jalali.day, jalali.year] if style == "long" else [jalali.year, jalali.month, jalali.day]
    )


@given(st.dates(date(1901, 1, 1), date(2099, 1, 1)), st.sampled_from(["fa", "ar"]))
def test_short_dates_can_be_typed_back(day: date, lang: str) -> None:
    assert i18n.parse_date(i18n.format_date(day, "short", lang), lang) == day


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("12", 12), (" ۱٬۲۳۴ ", 1234), ("١٢٬٣٤٥٬٦٧٨", 12345678), ("-5", -5), ("\u2212۵", -5),
     ("1,234", 1234), ("+7", 7), ("۰۰۷", 7)],
)  # fmt: skip
def test_whole_numbers_can_be_typed(typed: str, expected: int) -> None:
    assert i18n.parse_int(typed) == expected


@pytest.mark.parametrize("typed", ["", "1.5", "1,23", "12a", "--1", "1" * 19, "1e3", "²"])
def test_what_is_no_whole_number(typed: str) -> None:
    with pytest.raises(InputError):
        i18n.parse_int(typed)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["fa", "ar", "en"]))
def test_shown_numbers_can_be_typed_back(number: int, lang: str) -> None:
    assert i18n.parse_int(i18n.format_number(number, lang)) == number


@given(st.text(max_size=60), st.sampled_from(["fa", "ar", "en"]))
def test_any_text_is_a_value_or_an_input_error(typed: str, lang: str) -> None:
    for parse in (lambda: i18n.parse_date(typed, lang), lambda: i18n.parse_int(typed)):
        try:
            parse()
        except InputError as error:
            assert str(error.message)


def test_counts_in_templates_get_the_readers_digits(context: Flask) -> None:
    from flask import render_template_string

    source = "{{ ngettext('%(num)s row', '%(num)s rows', 12) }}"
    with use_language("fa"):
        assert "۱۲" in render_template_string(source)
    with use_language("en"):
        assert render_template_string(source) == "12 rows"
    named = (
        "{% trans n=12, num='a dozen' %}{{ num }} row{% pluralize %}{{ num }} rows{% endtrans %}"
    )
    with use_language("en"):
        assert render_template_string(named) == "a dozen rows"
