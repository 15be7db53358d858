"""The PDF says what the data say, in order, and the same bytes each time."""

import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import glyphs, typesetting
from tests.workflows.packets.documents import made_snapshot, read_pdf
from workflows.packets import pdf, xlsx
from workflows.packets.folding import fold
from workflows.packets.presenting import present

needs_pdftotext = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="SKIPPED LOUDLY: no pdftotext here"
)


@needs_pdftotext
@pytest.mark.parametrize("language", ["fa", "ar"])
def test_every_word_and_number_comes_back_in_order(language: str, tmp_path: Path) -> None:
    document = present(made_snapshot(), language)
    found = fold(read_pdf(pdf.render(made_snapshot(), language), tmp_path))
    missing = []
    for section in document.sections:
        texts = [section.title]
        for block in section.blocks:
            texts += [block.text, block.empty if not block.rows else ""]
            # The first cell of a record is its heading; it has no label in print.
            columns = block.columns[1:] if len(block.columns) > 4 else block.columns
            texts += [column.label for column in columns if block.rows and column.kind != "share"]
            texts += [cell.text for row in block.rows for cell in row]
        wanted = [words for text in texts if (words := fold(glyphs.drawn(text)))]
        missing += [words for words in wanted if f" {words} " not in f" {found} "]
    for label, value in document.facts:
        missing += [text for text in (label, value.text) if fold(text) not in found]
    assert missing == []
    assert fold(document.title) in found
    assert fold(f"{document.period}") in found


@needs_pdftotext
def test_rows_come_back_whole(tmp_path: Path) -> None:
    found = fold(read_pdf(pdf.render(made_snapshot(), "fa"), tmp_path))
    assert "استودیو شهر ۱۲ ۶۹ از ۱۴۶ ۴۷٫۳٪" in found
    assert "اقدام اولیه در ۲ ساعت ۴۰۲ از ۵۰۴ ۷۹٫۸٪" in found
    assert fold("زمان ۲۹ آبان ۱۴۰۵ ساعت ۱۵:۴۰") in found


def test_the_same_snapshot_gives_the_same_bytes() -> None:
    for language in ("fa", "ar", "en"):
        assert pdf.render(made_snapshot(), language) == pdf.render(made_snapshot(), language)
        assert xlsx.render(made_snapshot(), language) == xlsx.render(made_snapshot(), language)


def test_the_pdf_is_tagged_titled_and_carries_its_text(tmp_path: Path) -> None:
    content = pdf.render(made_snapshot(), "fa")
    assert b"pdfuaid:part" in content
    assert b"/StructTreeRoot" in content or b"/MarkInfo" in content
    assert b"fa-IR" in content
    if not shutil.which("pdfdetach"):
        pytest.skip("SKIPPED LOUDLY: no pdfdetach here")
    (tmp_path / "p.pdf").write_bytes(content)
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, tmp_path / "p.pdf"], check=True)
    attached = (tmp_path / "packet.txt").read_text("utf-8")
    assert "استودیو شهر\t۱۲\t۶۹ از ۱۴۶\t۴۷٫۳٪" in attached
    assert "چالهٔ بزرگ جلوی مدرسهٔ ۱۷ شهریور، کوچهٔ گل‌محمدی، پلاک ۱۲" in attached


@given(st.text(max_size=60))
def test_whatever_a_citizen_wrote_can_be_printed(text: str) -> None:
    known = glyphs.drawable()
    shown = typesetting.isolated(glyphs.drawn(text))
    assert all(ord(char) in known or char in glyphs.INVISIBLE for char in shown)
    assert shown.count("\u2066") == shown.count("\u2069")


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_workbook_runs_nobodys_formula() -> None:
    snapshot = made_snapshot()
    rows = snapshot.data["sections"][0]["blocks"][3]["rows"]
    rows[0][0] = '=HYPERLINK("http://evil.example")'
    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(snapshot, "fa")))
    sheet = book.worksheets[1]
    cells = {cell.value: cell for row in sheet.iter_rows() for cell in row if cell.value}
    assert cells['=HYPERLINK("http://evil.example")'].data_type == "s"
    assert sheet.sheet_view.rightToLeft
    assert [cell.value for cell in sheet[9]][:5] == ["استودیو شهر", 12, 69, 146, 69 / 146]
