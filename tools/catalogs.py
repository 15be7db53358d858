"""The translation catalogs: `python -m tools.catalogs {extract|update|compile|check}`.

extract   sources → translations/messages.pot
update    the same, then every messages.po gets the new messages and loses the unused
compile   every messages.po → messages.mo
check     everything a reader could stumble over; exit 1 and one line per problem
"""

import argparse
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("portal", "surveys", "workflows")
LANGUAGES = ("fa", "ar", "en")
# English is written in the sources: an empty msgstr shows the msgid.
TRANSLATED = ("fa", "ar")
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None}
# Dates in headers would change the files without a change of words.
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
_CHURNING = re.compile(
    rb'^"(?:POT-Creation-Date|PO-Revision-Date|Generated-By|Project-Id-Version|Language-Team)'
    rb".*\n",
    re.MULTILINE,
)

Key = tuple[str | None, str, str | None]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a message (or, with an empty msgid, with the file)."""

    file: str
    msgid: str
    what: str
    fatal: bool = True

    def __str__(self) -> str:
        level = "" if self.fatal else "warning: "
        return f"{self.file}:{self.msgid.strip()[:70]!r}: {level}{self.what}"


def extract(root: Path = ROOT) -> Catalog:
    """The messages of the sources, with the files they are in."""
    with (root / "babel.cfg").open() as config:
        methods, options = parse_mapping_cfg(config)  # type: ignore[no-untyped-call]
    catalog = Catalog(
        project="Pasokh",
        header_comment="# Messages of the portal.",
        creation_date=_NO_DATE,
        fuzzy=False,
        charset="utf-8",
    )
    for package in PACKAGES:
        found = extract_from_dir(
            root / package, methods, options, KEYWORDS, ("Translators:",), strip_comment_tags=True
        )
        for filename, _line, ids, comments, context in found:
            path = f"{package}/{filename}"
            catalog.add(ids, None, [(path, 1)], auto_comments=comments, context=context)
    for message in catalog:
        message.locations = sorted(set(message.locations))
        message.auto_comments = sorted(set(message.auto_comments))
    return catalog


def po_path(root: Path, language: str) -> Path:
    """Where the catalog of a language lies."""
    return root / "translations" / language / "LC_MESSAGES" / "messages.po"


def read(path: Path, language: str | None = None) -> Catalog:
    """A .po or .pot file."""
    with path.open("rb") as stream:
        catalog = read_po(stream, locale=language)
    catalog.creation_date = catalog.revision_date = _NO_DATE
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    """The text of a catalog, the same for the same messages."""
    out = io.BytesIO()
    write_po(out, catalog, width=100, sort_output=True, ignore_obsolete=True, include_lineno=False)
    return _CHURNING.sub(b"", out.getvalue())


def mo_bytes(catalog: Catalog) -> bytes:
    """The compiled form of a catalog, the same for the same messages."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def update(root: Path = ROOT) -> None:
    """Bring the .pot and every .po to the messages of the sources; keep the translations."""
    template = extract(root)
    _write(root / "translations" / "messages.pot", po_bytes(template))
    for language in LANGUAGES:
        path = po_path(root, language)
        catalog = read(path, language) if path.exists() else _new(language)
        # A guess from a similar message would be shown to citizens as soon as its mark is lost.
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        _write(path, po_bytes(catalog))


def _new(language: str) -> Catalog:
    return Catalog(
        locale=language, project="Pasokh", header_comment=f"# Pasokh in {language}.", fuzzy=False,
        charset="utf-8", creation_date=_NO_DATE, revision_date=_NO_DATE,
    )  # fmt: skip


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def compile_all(root: Path = ROOT) -> None:
    """Write every .mo beside its .po."""
    for language in LANGUAGES:
        path = po_path(root, language)
        _write(path.with_suffix(".mo"), mo_bytes(read(path, language)))


# Check

_PLACEHOLDER = re.compile(r"%%|%\((\w+)\)[#0\- +]?\d*(?:\.\d+)?([a-zA-Z])|%([a-zA-Z])")
_BARE_PERCENT = re.compile(r"(?<!%)(?:%%)*%(?![%(])")
_BRACES = re.compile(r"\{\w*\}")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+\.\S+|&[#\w]+;")
_LATIN_DIGIT_WORDS = re.compile(
    # Names that are written so in every language.
    r"لغو11|UTF-8|UTF-16|GSM-7|UCS-2|windows-1256|XLSX?|E\.164|ISO \d+|SHA-?256|TOTP|WCAG [\d.]+"
)


def check(root: Path = ROOT) -> list[Problem]:
    """Every problem of the catalogs under `root`."""
    template = extract(root)
    pot = root / "translations" / "messages.pot"
    problems = []
    if not pot.exists() or pot.read_bytes() != po_bytes(template):
        name = str(pot.relative_to(root))
        problems.append(Problem(name, "", "differs from the sources; run update"))
    for message in template:
        if message.id:
            problems += _check_source(message)
    for language in LANGUAGES:
        path = po_path(root, language)
        name = str(path.relative_to(root))
        if not path.exists():
            problems.append(Problem(name, "", "is missing; run update"))
            continue
        catalog = read(path, language)
        problems += _check_catalog(name, language, catalog, template)
        compiled = path.with_suffix(".mo")
        if not compiled.exists() or compiled.read_bytes() != mo_bytes(catalog):
            name = str(compiled.relative_to(root))
            problems.append(Problem(name, "", "differs from the .po; run compile"))
    return problems


def _key(message: Message) -> Key:
    ids = message.id if isinstance(message.id, list | tuple) else (message.id, None)
    return message.context, ids[0], ids[1]


def _check_source(message: Message) -> Iterator[Problem]:
    files = [file for file, _line in message.locations]
    for msgid in _key(message)[1:]:
        if msgid is None:
            continue
        if msgid != msgid.strip():
            yield Problem(files[0], msgid, "begins or ends with space")
        # ${name} is XLSForm's; {link} and {choices} are what staff write in the text of an SMS.
        if re.search(r"(?<!\$)\{(?!(?:link|choices)\})\w[^{}]*\}", msgid):
            yield Problem(files[0], msgid, "looks like an f-string; use %(name)s")
        if any("/templates/" in file for file in files) and _BARE_PERCENT.search(msgid):
            yield Problem(files[0], msgid, "templates format every message; write %%")


def _is_formatted(message: Message) -> bool:
    """Whether the text goes through `%`, where a lone percent sign is an error at run time."""
    in_template = any("/templates/" in file for file, _line in message.locations)
    ids = "".join(filter(None, _key(message)[1:]))
    return in_template or message.pluralizable or "%(" in ids


def _check_catalog(
    name: str, language: str, catalog: Catalog, template: Catalog
) -> Iterator[Problem]:
    wanted = {_key(message) for message in template if message.id}
    present = {_key(message): message for message in catalog if message.id}
    for key in sorted(wanted - present.keys(), key=str):
        yield Problem(name, key[1], "is not in the catalog; run update")
    for key in sorted(present.keys() - wanted, key=str):
        yield Problem(name, key[1], "is no longer in the sources; run update")
    for message in present.values():
        yield from _check_message(name, language, catalog.num_plurals, message)


def _check_message(name: str, language: str, plurals: int, message: Message) -> Iterator[Problem]:
    msgid = _key(message)[1]
    if message.fuzzy:
        yield Problem(name, msgid, "is marked fuzzy")
    string = message.string
    texts = list(string) if isinstance(string, list | tuple) else [string or ""]
    if not any(texts):
        if language in TRANSLATED:
            yield Problem(name, msgid, "is not translated")
        return
    if message.pluralizable:
        if len(texts) != plurals or not all(texts):
            filled = sum(map(bool, texts))
            yield Problem(name, msgid, f"has {filled} of {plurals} plural forms")
        yield from _check_plural_placeholders(name, message, texts)
    else:
        yield from _check_placeholders(name, msgid, texts[0])
    for text in filter(None, texts):
        if _is_formatted(message) and _BARE_PERCENT.search(text):
            yield Problem(name, msgid, "a lone percent sign; write ٪ or %%")
        yield from _check_script(name, language, msgid, text)


def _placeholders(text: str) -> Counter[str]:
    # %% is no placeholder: where English has it, Persian and Arabic write ٪.
    found = Counter(match[0] for match in _PLACEHOLDER.finditer(text) if match[0] != "%%")
    return found + Counter(_BRACES.findall(text))


def _check_placeholders(name: str, msgid: str, text: str) -> Iterator[Problem]:
    wanted, given = _placeholders(msgid), _placeholders(text)
    if wanted.keys() != given.keys():
        yield Problem(name, msgid, _difference("placeholders", wanted, given))
    wanted, given = Counter(_TAG.findall(msgid)), Counter(_TAG.findall(text))
    if wanted != given:
        yield Problem(name, msgid, _difference("tags", wanted, given))


def _check_plural_placeholders(name: str, message: Message, texts: list[str]) -> Iterator[Problem]:
    _context, singular, other = _key(message)
    plural = other or singular
    allowed = _placeholders(singular) + _placeholders(plural)
    for form, text in enumerate(texts):
        given = _placeholders(text)
        if strange := given.keys() - allowed.keys():
            what = f"form {form} has unknown placeholders {sorted(strange)}"
            yield Problem(name, singular, what)
        # "One" and "two" are words in Arabic; every other placeholder must stay.
        lost = _placeholders(plural).keys() - given.keys() - {"%(num)s", "%(num)d", "%(n)s"}
        if text and lost:
            yield Problem(name, singular, f"form {form} lacks placeholders {sorted(lost)}")
    last = texts[-1]
    if last and _placeholders(plural).keys() - _placeholders(last).keys():
        yield Problem(name, singular, "the last form lacks a placeholder of the plural")


def _difference(what: str, wanted: Counter[str], given: Counter[str]) -> str:
    return f"{what} differ: wants {sorted(wanted)}, has {sorted(given)}"


def _check_script(name: str, language: str, msgid: str, text: str) -> Iterator[Problem]:
    if language not in TRANSLATED:
        return
    words = _ADDRESS.sub(" ", _TAG.sub(" ", _PLACEHOLDER.sub(" ", text)))
    if language == "fa":
        if letters := sorted(set(words) & set("يىك")):
            yield Problem(name, msgid, f"Arabic letters {' '.join(letters)}; write ی and ک")
        if '"' in words or "'" in words:
            yield Problem(name, msgid, "straight quotes; write «…»")
        if set(words) & set("٤٥٦"):
            yield Problem(name, msgid, "Arabic digits; write ۴۵۶")
    if language == "ar" and set(words) & set("یک۴۵۶پچژگ") - set(msgid):
        letters = sorted(set(words) & set("یک۴۵۶پچژگ"))
        yield Problem(name, msgid, f"Persian letters or digits {' '.join(letters)}", fatal=False)
    if re.search(r"[0-9]", _LATIN_DIGIT_WORDS.sub(" ", words)):
        yield Problem(name, msgid, "Latin digits in the text", fatal=False)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run one command; 1 when `check` finds something that fails."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.catalogs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("extract", "update", "compile", "check"))
    match parser.parse_args(arguments).command:
        case "extract":
            _write(root / "translations" / "messages.pot", po_bytes(extract(root)))
        case "update":
            update(root)
        case "compile":
            compile_all(root)
        case _:
            return _report(check(root))
    return 0


def _report(problems: Iterable[Problem]) -> int:
    failed = 0
    for problem in problems:
        failed += problem.fatal
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"{failed} problems in the catalogs\n" if failed else "catalogs are right\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
