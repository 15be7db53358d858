"""Every relative link of the documents leads somewhere."""

from pathlib import Path

import pytest

from portal.config import ROOT
from tests.docs.pages import PAGES, anchors, links, name

SCREENSHOTS = ROOT / "docs" / "screenshots"


def _missing(page: Path, *, images: bool) -> list[str]:
    found = []
    for is_image, target in links(page):
        if is_image is not images or target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _hash, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.is_file() or (anchor and anchor not in anchors(there)):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    assert _missing(page, images=False) == []


def test_images_are_there() -> None:
    if not SCREENSHOTS.is_dir():
        pytest.skip("SKIPPED LOUDLY: docs/screenshots is not here")
    assert {name(page): found for page in PAGES if (found := _missing(page, images=True))} == {}


def test_every_document_can_be_reached_from_the_readme() -> None:
    readme = ROOT / "README.md"
    linked = {(readme.parent / target).resolve() for _, target in links(readme)}
    for page in list(linked):
        if page.suffix == ".md" and page.is_file():
            linked |= {(page.parent / target).resolve() for _, target in links(page)}
    assert [name(page) for page in PAGES if page != readme and page not in linked] == []
