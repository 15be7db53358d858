import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from demo.contacts import NEIGHBOURHOODS, expected_valid, lines, main
from portal.contacts import reader
from portal.contacts.columns import field_of, map_headers
from portal.contacts.reader import FileError, RawRow, open_rows
from portal.contacts.rows import REASONS, WARNINGS, Rejection, Row, check_row
from portal.i18n import use_language


def read(content: str | bytes, encoding: str = "utf-8") -> list[RawRow]:
    raw = content.encode(encoding) if isinstance(content, str) else content
    return list(open_rows(io.BytesIO(raw), "people.csv"))


def workbook(*rows: tuple[Any, ...], change: Callable[[Workbook], None] | None = None) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def failure(content: str | bytes) -> FileError:
    with pytest.raises(FileError) as caught:
        read(content)
    assert str(caught.value.message)
    return caught.value


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1256"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_separators(encoding: str, delimiter: str) -> None:
    # windows-1256 has no Persian ye: old files hold the Arabic one.
    table = [["موبايل", "نام", "محله"], ["09123456789", "علي، كاظمي", "بازار"], ["0935", "x", "y"]]
    content = "\r\n".join(delimiter.join(row) for row in table)
    rows = read(content, encoding)
    assert [row.number for row in rows] == [2, 3]
    assert rows[0].values == {
        "phone": "09123456789", "name": "علي، كاظمي", "neighbourhood": "بازار",
    }  # fmt: skip


def test_excels_separator_line_and_quotes() -> None:
    rows = read('sep=;\r\nphone;name\r\n09123456789;"Carter; John\r\nsecond line"\r\n')
    assert rows == [RawRow(3, {"phone": "09123456789", "name": "Carter; John\nsecond line"})]


def test_title_rows_blank_rows_and_numbers_as_in_a_spreadsheet() -> None:
    rows = read("فهرست مخاطبان منطقهٔ ۱۲,\n,\nموبایل,نام\n,\n09123456789,مریم\n\n09123456780,\n")
    assert [(row.number, row.values["phone"]) for row in rows] == [
        (5, "09123456789"),
        (7, "09123456780"),
    ]


def test_a_title_that_speaks_of_telephones_is_no_header() -> None:
    rows = read("شماره تلفن های اعضا,\nنام,موبایل\nمریم,09123456789\n")
    assert rows == [RawRow(3, {"name": "مریم", "phone": "09123456789"})]


def test_a_file_without_names_for_its_columns() -> None:
    rows = read("مریم رضایی,۰۹۱۲۳۴۵۶۷۸۹,fa,x1\nعلی,0912,en,\n")
    assert rows[0].number == 1
    assert rows[0].values == {"name": "مریم رضایی", "phone": "۰۹۱۲۳۴۵۶۷۸۹", "language": "fa"}
    assert rows[1].values["phone"] == "0912"
    assert rows[0].extra == {"#4": "x1"}


def test_one_column_of_numbers() -> None:
    assert [row.values["phone"] for row in read("09123456789\n09123456780\n")] == [
        "09123456789",
        "09123456780",
    ]


def test_unknown_columns_are_kept_aside() -> None:
    rows = read("ردیف,تلفن ثابت,شماره همراه\n1,02188776655,09123456789\n")
    assert rows[0].values == {"phone": "09123456789"}
    assert rows[0].extra == {"ردیف": "1", "تلفن ثابت": "02188776655"}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("موبايل", "phone"), ("شماره‌ی موبایل شهروند", "phone"), ("Mobile No.", "phone"),
        ("رقم الهاتف", "phone"), ("الجوّال", "phone"), ("نام و نام‌خانوادگی", "name"),
        ("نام خانوادگی", "last_name"), ("الاسم الأول", "first_name"), ("زبان", "language"),
        ("اللغة", "language"), ("محلّه", "neighbourhood"), ("الحي", "neighbourhood"),
        ("منطقهٔ شهرداری", "district"), ("برچسب‌ها", "tags"), ("رضایت", "consent"),
        ("CONSENT", "consent"), ("الاسم", "name"),
    ],
)  # fmt: skip
def test_column_names_in_three_languages(header: str, field: str) -> None:
    found = field_of(header)
    assert found is not None
    assert found[0] == field


@pytest.mark.parametrize("header", ["ردیف", "کد ملی", "تلفن ثابت", "Home phone", "Fax", ""])
def test_columns_that_are_not_ours(header: str) -> None:
    assert field_of(header) is None


def test_the_surest_telephone_column_wins() -> None:
    assert map_headers(["تلفن", "نام", "تلفن همراه"]) == {"phone": 2, "name": 1}


# What cannot be read


def test_no_telephone_column_says_what_it_saw() -> None:
    error = failure("نام,سن\nمریم,۳۰\n")
    assert error.code == "no_phone_column"
    with use_language("en"):
        assert "نام · سن" in str(error.message)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n \n,,\n", "empty"),
        (b"%PDF-1.7 x", "format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old excel", "format"),
        (b"phone" + b"\x00" * 9 + b"\x01\x02\n09123456789", "format"),
        ("نام,موبایل\n", "empty"),
        ("<html><table><tr><td>موبایل</td></tr><tr><td>09123456789</td></tr></table>", "format"),
        (b"PK\x03\x04 not a zip", "broken"),
        ("phone,name\n09123456789,\"open\n09123456780,x\n", "broken"),
        ("phone,name\n09123456789,\"open\n" + "09123456780,x\n" * 50 + '"', "broken"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(content: str | bytes, code: str) -> None:
    assert failure(content).code == code


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        list(open_rows(tmp_path / "nothing.csv"))
    assert caught.value.code == "unreadable"


def test_too_large_and_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 100)
    assert failure("phone\n" + "09123456789\n" * 20).code == "too_big"
    monkeypatch.undo()
    monkeypatch.setattr(reader, "MAX_ROWS", 30)
    rows = open_rows(io.BytesIO(("phone\n" + "09123456789\n" * 31).encode()))
    assert [next(rows).number for _ in range(30)] == list(range(2, 32))
    with pytest.raises(FileError) as caught:
        next(rows)
    assert caught.value.code == "too_many_rows"
    with use_language("fa"):
        assert "۳۰" in str(caught.value.message)


def test_a_cell_has_an_end() -> None:
    rows = read("phone,name\n09123456789," + "x" * 5000)
    assert len(rows[0].values["name"]) == reader.MAX_CELL


def test_the_callers_stream_stays_open() -> None:
    stream = io.BytesIO(b"phone\n09123456789\n")
    assert len(list(open_rows(stream))) == 1
    assert not stream.closed


def test_rows_come_one_by_one() -> None:
    rows = open_rows(io.BytesIO(b"phone\n" + b"09123456789\n" * 1000))
    assert isinstance(rows, Iterator)
    assert next(rows).number == 2


# Workbooks


def test_a_workbook_with_numbers_as_numbers() -> None:
    rows = read(
        workbook(
            ("موبایل", "نام", "رضایت"),
            (9123456789, "مریم", True),
            (989123456780.0, None, False),
            (None, None, None),
            ("۰۹۱۲۳۴۵۶۷۸۱", "#N/A", None),
        )
    )
    assert rows == [
        RawRow(2, {"phone": "9123456789", "name": "مریم", "consent": "yes"}),
        RawRow(3, {"phone": "989123456780", "consent": "no"}),
        RawRow(5, {"phone": "۰۹۱۲۳۴۵۶۷۸۱"}),
    ]


def test_the_first_visible_sheet_counts() -> None:
    def hide(book: Workbook) -> None:
        book.create_sheet("data").append(("phone",))
        book["data"].append(("09123456789",))
        book.worksheets[0].sheet_state = "hidden"

    rows = read(workbook(("nothing",), change=hide))
    assert [row.values for row in rows] == [{"phone": "09123456789"}]


def test_a_cell_far_away_costs_nothing() -> None:
    def far(book: Workbook) -> None:
        book.worksheets[0].cell(row=3, column=16_000, value="far")

    rows = read(workbook(("phone",), ("09123456789",), change=far))
    assert [row.values for row in rows] == [{"phone": "09123456789"}]


def test_a_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    assert failure(out.getvalue()).code == "too_big"


def test_a_zip_that_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert failure(out.getvalue()).code == "broken"


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_file_error(content: bytes) -> None:
    try:
        for row in open_rows(io.BytesIO(content), "x"):
            check_row(row)
    except FileError as error:
        assert str(error.message)


cells = st.text(st.sampled_from("abپی۱ ,;\"'\n-|"), max_size=8).map(str.strip)


@settings(max_examples=60)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_what_csv_writes_is_read_back(pairs: list[tuple[str, str]], delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["phone", "name", "tags"])
    writer.writerows(["09123456789", *pair] for pair in pairs)
    rows = read(out.getvalue())
    assert [(r.values.get("name", ""), r.values.get("tags", "")) for r in rows] == pairs


# One row


def check(**values: str) -> Row | Rejection:
    return check_row(RawRow(7, values))


def test_a_full_row() -> None:
    row = check(
        phone="۰۹۱۲ ۳۴۵ ۶۷۸۹", first_name="علي", last_name="كاظمي", language="العربية",
        neighbourhood="دروازة شميران ", district="منطقه ۱۲", tags="#بازار، بازار; من شهردارم",
        consent="نعم",
    )  # fmt: skip
    assert isinstance(row, Row)
    assert (row.number, row.e164, row.country) == (7, "+989123456789", "IR")
    assert (row.name, row.language) == ("علي كاظمي", "ar")
    assert (row.neighbourhood, row.district) == ("دروازة شمیران", "منطقه 12")
    assert row.tags == ("بازار", "من شهردارم")
    assert row.consent is True
    assert row.warnings == ()


def test_persian_names_are_folded_and_whole_names_win() -> None:
    row = check(phone="09123456789", name=" علي  كاظمي ", first_name="علي", last_name="كاظمي")
    assert isinstance(row, Row)
    assert row.name == "علی کاظمی"
    assert row.language is None
    assert row.consent is None


@pytest.mark.parametrize(
    ("name", "code"),
    [("فارسی", "fa"), ("فارسي", "fa"), ("Persian", "fa"), ("fa-IR", "fa"), ("عربی", "ar"),
     ("AR", "ar"), ("English", "en"), ("انگلیسی", "en"), ("الإنجليزية", "en"), ("", None)],
)  # fmt: skip
def test_language_names(name: str, code: str | None) -> None:
    row = check(phone="09123456789", language=name)
    assert isinstance(row, Row)
    assert row.language == code
    assert row.warnings == ()


@pytest.mark.parametrize(
    ("word", "consent"), [("بله", True), ("1", True), ("✓", True), ("خیر", False), ("لا", False)]
)
def test_consent_words(word: str, consent: bool) -> None:
    row = check(phone="09123456789", consent=word)
    assert isinstance(row, Row)
    assert row.consent is consent


def test_doubts_are_warnings_not_rejections() -> None:
    row = check(
        phone="09123456789", language="Klingon", consent="perhaps", name="ن" * 300,
        tags=",".join(f"t{n}" for n in range(30)),
    )  # fmt: skip
    assert isinstance(row, Row)
    assert set(row.warnings) == set(WARNINGS)
    assert len(row.name) == 200
    assert len(row.tags) == 20


def test_a_rejection_says_why() -> None:
    found = check_row(RawRow(9, {"phone": "02188776655", "name": "x"}, {"سن": "30"}))
    assert isinstance(found, Rejection)
    assert (found.row, found.code) == (9, "landline")
    assert found.reason == str(REASONS["landline"])
    assert found.values == {"phone": "02188776655", "name": "x", "سن": "30"}
    assert check_row(RawRow(1, {})).code == "empty"  # type: ignore[union-attr]


# The file of the demonstration


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_the_demonstration_file_means_what_it_says(seed: int) -> None:
    for line in lines(300, seed):
        phone = check_row(RawRow(1, {"phone": line.cells[0]}))
        assert (phone.e164 if isinstance(phone, Row) else None) == line.e164, line


def test_the_demonstration_file_as_a_whole(tmp_path: Path) -> None:
    path, again = tmp_path / "one.csv", tmp_path / "two.csv"
    assert main(["--rows", "2000", "--seed", "5", "-o", str(path)]) == 0
    main(["--rows", "2000", "--seed", "5", "-o", str(again)])
    assert path.read_bytes() == again.read_bytes()
    checked = [check_row(raw) for raw in open_rows(path)]
    valid = [row for row in checked if isinstance(row, Row)]
    assert len(checked) == 2000
    assert 0.91 < len(valid) / 2000 < 0.95
    assert {row.e164 for row in valid} == expected_valid(2000, 5)
    assert len({row.e164 for row in valid}) < len(valid)
    assert {row.language for row in valid} == {"fa", "ar", "en", None}
    assert {row.neighbourhood for row in valid} == {*NEIGHBOURHOODS, ""}
    assert len({row.country for row in valid}) > 2
    assert not any(row.warnings for row in valid)
