from pathlib import Path

import pytest

from tools import catalogs

SOURCE = """
from portal.i18n import _, _l, ngettext
label = _l("Save the row")
def hello(name, n):
    return _("Hello %(name)s", name=name) + ngettext("%(num)s row", "%(num)s rows", n)
"""
TEMPLATE = """<p>{{ _('Open the map') }}</p>
{% trans %}
  Two lines
  become one
{% endtrans %}"""

PERSIAN = {
    "Save the row": "ردیف را نگه دار",
    "Hello %(name)s": "سلام %(name)s",
    "Open the map": "نقشه را باز کن",
    "Two lines become one": "دو خط یکی می‌شود",
}
ARABIC = {
    "Save the row": "احفظ الصف",
    "Hello %(name)s": "مرحبا %(name)s",
    "Open the map": "افتح الخريطة",
    "Two lines become one": "سطران يصبحان واحدا",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of two files, fully translated and compiled."""
    (tmp_path / "babel.cfg").write_bytes((catalogs.ROOT / "babel.cfg").read_bytes())
    for package in catalogs.PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "portal" / "hello.py").write_text(SOURCE)
    templates = tmp_path / "surveys" / "pages" / "templates"
    templates.mkdir(parents=True)
    (templates / "map.html").write_text(TEMPLATE)
    catalogs.update(tmp_path)
    translate(tmp_path, "fa", PERSIAN, ("%(num)s ردیف", "%(num)s ردیف"))
    forms = ("لا صفوف", "صف واحد", "صفان", "%(num)s صفوف", "%(num)s صفا", "%(num)s صف")
    translate(tmp_path, "ar", ARABIC, forms)
    catalogs.compile_all(tmp_path)
    return tmp_path


def translate(root: Path, lang: str, words: dict[str, str], rows: tuple[str, ...] = ()) -> None:
    path = catalogs.po_path(root, lang)
    catalog = catalogs.read(path, lang)
    for msgid, text in words.items():
        catalog[msgid].string = text
    if rows:
        catalog["%(num)s row"].string = rows
    path.write_bytes(catalogs.po_bytes(catalog))


def problems(root: Path, *, fatal: bool = True) -> list[tuple[str, str, str]]:
    return [
        (problem.file.split("/")[1], problem.msgid, problem.what)
        for problem in catalogs.check(root)
        if problem.fatal is fatal
    ]


def spoil(root: Path, lang: str, msgid: str, text: str) -> list[tuple[str, str, str]]:
    translate(root, lang, {msgid: text})
    catalogs.compile_all(root)
    return problems(root)


def test_a_right_project_has_no_problem(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogs.check(root) == []
    assert catalogs.main(["check"], root) == 0
    assert "right" in capsys.readouterr().out


def test_everything_is_extracted(root: Path) -> None:
    messages = {str(message.id): message for message in catalogs.extract(root) if message.id}
    assert set(messages) == {*PERSIAN, "('%(num)s row', '%(num)s rows')"}
    assert messages["Open the map"].locations[0][0] == "surveys/pages/templates/map.html"


def test_files_do_not_change_without_a_change_of_words(root: Path) -> None:
    def content() -> dict[str, bytes]:
        return {
            str(path): path.read_bytes() for path in (root / "translations").rglob("messages.*")
        }

    before = content()
    source = root / "portal" / "hello.py"
    source.write_text("\n\n\n" + source.read_text())
    for command in ("extract", "update", "compile"):
        assert catalogs.main([command], root) == 0
    assert content() == before
    assert b"-Date" not in b"".join(text for text in before.values() if b"msgid" in text)


def test_a_new_message_must_be_extracted_and_translated(root: Path) -> None:
    (root / "workflows" / "late.py").write_text('_("Late")')
    found = problems(root)
    assert ("messages.pot", "", "differs from the sources; run update") in found
    assert ("fa", "Late", "is not in the catalog; run update") in found
    catalogs.update(root)
    catalogs.compile_all(root)
    assert {(lang, msgid) for lang, msgid, _what in problems(root)} == {
        ("fa", "Late"),
        ("ar", "Late"),
    }


def test_a_message_that_is_gone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "portal" / "hello.py").write_text(SOURCE.replace("Save the row", "Keep the row"))
    assert catalogs.main(["check"], root) == 1
    assert "'Save the row': is no longer in the sources" in capsys.readouterr().out


def test_translations_survive_an_update(root: Path) -> None:
    (root / "workflows" / "late.py").write_text('_("Late")')
    catalogs.update(root)
    catalog = catalogs.read(catalogs.po_path(root, "fa"), "fa")
    assert catalog["Hello %(name)s"].string == "سلام %(name)s"
    assert not any(message.fuzzy for message in catalog if message.id)


@pytest.mark.parametrize(
    ("lang", "msgid", "text", "what"),
    [
        ("fa", "Hello %(name)s", "", "is not translated"),
        ("fa", "Hello %(name)s", "سلام", "placeholders differ"),
        ("fa", "Hello %(name)s", "سلام %(nam)s", "placeholders differ"),
        ("fa", "Hello %(name)s", "۱۰۰% %(name)s", "lone percent"),
        ("fa", "Save the row", "علي", "Arabic letters"),
        ("fa", "Save the row", 'ردیف "نخست"', "straight quotes"),
        ("fa", "Save the row", "<b>ردیف</b>", "tags differ"),
        ("ar", "Open the map", "١٠٠% خريطة", "lone percent"),
    ],
)
def test_wrong_translations(root: Path, lang: str, msgid: str, text: str, what: str) -> None:
    found = spoil(root, lang, msgid, text)
    assert [(where, of) for where, of, _what in found] == [(lang, msgid)]
    assert what in found[0][2]


@pytest.mark.parametrize(("lang", "text"), [("fa", "بخش 12"), ("ar", "القسم 12"), ("ar", "الحي پ")])
def test_doubtful_script_is_a_warning(root: Path, lang: str, text: str) -> None:
    assert spoil(root, lang, "Save the row", text) == []
    assert [(where, of) for where, of, _what in problems(root, fatal=False)] == [
        (lang, "Save the row")
    ]


def test_latin_digits_in_addresses_are_right(root: Path) -> None:
    spoil(root, "fa", "Save the row", "نشانی https://a.example/12 و «لغو11»")
    assert catalogs.check(root) == []


@pytest.mark.parametrize(
    ("forms", "what"),
    [
        (("لا", "صف", "صفان", "", "", "%(num)s صف"), "has 4 of 6 plural forms"),
        (("لا", "صف", "صفان", "%(x)s", "%(num)s", "%(num)s صف"), "unknown placeholders"),
        (("لا", "صف", "صفان", "%(num)s", "%(num)s", "صف"), "last form lacks"),
    ],
)
def test_plural_forms(root: Path, forms: tuple[str, ...], what: str) -> None:
    translate(root, "ar", {}, forms)
    catalogs.compile_all(root)
    assert any(what in problem for _lang, _msgid, problem in problems(root))


def test_fuzzy_translations_fail(root: Path) -> None:
    path = catalogs.po_path(root, "fa")
    catalog = catalogs.read(path, "fa")
    catalog["Save the row"].flags.add("fuzzy")
    path.write_bytes(catalogs.po_bytes(catalog))
    catalogs.compile_all(root)
    assert ("fa", "Save the row", "is marked fuzzy") in problems(root)


def test_an_old_compiled_catalog(root: Path) -> None:
    translate(root, "fa", {"Save the row": "ردیف را ذخیره کن"})
    assert problems(root) == [("fa", "", "differs from the .po; run compile")]
    catalogs.po_path(root, "en").with_suffix(".mo").unlink()
    assert ("en", "", "differs from the .po; run compile") in problems(root)


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("{{ _('100% sure') }}", "templates format every message"),
        ("{{ _(' Space') }}", "begins or ends with space"),
        ("{{ _('Hello {name}') }}", "looks like an f-string"),
    ],
)
def test_messages_that_are_wrong_at_the_source(root: Path, template: str, what: str) -> None:
    (root / "surveys" / "pages" / "templates" / "map.html").write_text(template)
    assert any(what in problem for _file, _msgid, problem in problems(root))


def test_a_broken_template_stops_the_extraction(root: Path) -> None:
    (root / "surveys" / "pages" / "templates" / "map.html").write_text("{% trans %}open")
    with pytest.raises(Exception, match="unclosed translation block"):
        catalogs.extract(root)
