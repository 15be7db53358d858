"""A very small browser without script: follows links, fills forms. For simulated people."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

VOID = frozenset({"input", "br", "img", "meta", "link", "hr", "wbr", "source"})


@dataclass
class Field:
    """One control of a form; `options` are the values a person can choose."""

    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def values(self) -> dict[str, list[str]]:
        """What the form would send if nothing were changed."""
        found: dict[str, list[str]] = {}
        for one in self.fields.values():
            if one.kind not in {"radio", "checkbox", "file"} or one.value:
                found[one.name] = [one.value]
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._open: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in at:
            self.links.append(at["href"])
        elif tag == "form":
            self._form = Form(at.get("action", ""), at.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(self._form, tag, at)

    def _control(self, form: Form, tag: str, at: dict[str, str]) -> None:
        name = at.get("name", "")
        kind = at.get("type", "text" if tag == "input" else tag)
        if tag == "button" or kind in {"submit", "button"}:
            if name:
                form.buttons.append((name, at.get("value", "")))
            return
        if tag == "option" and self._open is not None:
            self._open.options.append(at.get("value", ""))
            if "selected" in at:
                self._open.value = at.get("value", "")
            return
        if tag not in {"input", "select", "textarea"} or not name:
            return
        one = form.fields.setdefault(name, Field(name, kind, attributes=at))
        if kind in {"radio", "checkbox"}:
            one.options.append(at.get("value", "on"))
            if "checked" in at:
                one.value = at.get("value", "on")
        elif tag == "input":
            one.value = at.get("value", "")
        else:
            self._open = one

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._open.kind == "textarea":
            self._open.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in {"select", "textarea"}:
            self._open = None


@dataclass
class Page:
    status: int
    url: str
    text: str
    forms: list[Form]
    links: list[str]


class Browser:
    """One person's browser; keeps cookies unless told to refuse them."""

    def __init__(self, *, cookies: bool = True, agent: str = "Pasokh demonstration") -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["User-Agent"] = agent
        if not cookies:
            self.session.cookies.set_policy(_NoCookies())

    def get(self, url: str) -> Page:
        return self._page(self.session.get(url, timeout=60))

    def submit(
        self,
        page: Page,
        form: Form,
        changes: dict[str, str | list[str]] | None = None,
        files: dict[str, tuple[str, bytes]] | None = None,
    ) -> Page:
        values: dict[str, str | list[str]] = dict(form.values())
        values.update(changes or {})
        url = urljoin(page.url, form.action or page.url)
        if form.method == "get":
            return self._page(self.session.get(url, params=values, timeout=60))
        headers = {"Origin": "/".join(url.split("/")[:3]), "Sec-Fetch-Site": "same-origin"}
        return self._page(
            self.session.post(url, data=values, files=files, headers=headers, timeout=120)
        )

    @staticmethod
    def _page(response: requests.Response) -> Page:
        response.encoding = "utf-8"
        reader = _Reader()
        if "html" in response.headers.get("Content-Type", ""):
            reader.feed(response.text)
        return Page(response.status_code, response.url, response.text, reader.forms, reader.links)


class _NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):  # type: ignore[name-defined,misc]
    def set_ok(self, cookie: object, request: object) -> bool:  # noqa: ARG002
        return False
