"""LimeSurvey's texts are HTML; ours are plain text with line ends."""

import re
from html.parser import HTMLParser

_BLOCKS = frozenset({
    "p", "div", "br", "hr", "table", "tr", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6",
    "blockquote", "pre", "section", "article", "header", "footer", "dl", "dt", "dd", "fieldset",
})  # fmt: skip
_SILENT = frozenset({"script", "style", "head", "title", "template"})
_MEDIA = frozenset({"img", "audio", "video", "iframe", "object", "embed", "svg", "canvas"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.media = False
        self.script = False
        self.silent = 0
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
            self.script = self.script or tag == "script"
        elif tag in _MEDIA:
            self.media = True
            self.pieces.append(next((text or "" for name, text in attrs if name == "alt"), ""))
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.pieces)))
        elif tag == "li":
            self.pieces.append("\n• ")
        elif tag in {"td", "th"}:
            self.pieces.append(" ")
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "a" and self.links:
            address, start = self.links.pop()
            text = "".join(self.pieces[start:]).strip()
            bare = re.sub(r"^(?:https?://|mailto:|tel:)", "", address).rstrip("/")
            if bare and bare not in text and not address.startswith(("#", "javascript:")):
                self.pieces.append(f" ({address})" if text else address)
        elif tag in _BLOCKS and tag not in {"br", "hr"}:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.pieces.append(re.sub(r"[ \t\r\n\f]+", " ", data))


def plain_text(html: str) -> tuple[str, bool, bool]:
    """(text, whether pictures or other media were lost, whether a script was)."""
    if "<" not in html and "&" not in html:
        return _tidy(html), False, False
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _tidy("".join(reader.pieces)), reader.media, reader.script


def _tidy(text: str) -> str:
    # The no-break space is what editors put where people typed two spaces.
    lines = [re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
