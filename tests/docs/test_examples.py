"""Programs printed in the documents run."""

import importlib
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal import beat, services
from portal.config import ROOT
from tests.conftest import PLUGINS, close
from tests.docs.pages import blocks
from tests.factories.accounts import make_user, sign_in


@pytest.fixture
def with_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., Flask]
) -> Iterator[Flask]:
    """An application with the plugin of docs/plugins.md."""
    (program,) = blocks(ROOT / "docs" / "plugins.md", "python")
    package = tmp_path / "opening_hours"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "plugin.py").write_text(program)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield make_app(plugins=(*PLUGINS, "opening_hours"))
    from portal import jobs

    jobs._registry.pop("opening_hours.plugin.refresh", None)
    for name in [name for name in sys.modules if name.split(".")[0] == "opening_hours"]:
        del sys.modules[name]


def test_the_plugin_of_the_documents_works(with_example: Flask, clean_tables: None) -> None:
    client = with_example.test_client()
    assert "/en/hours" in client.get("/en/").text
    page = client.get("/en/hours")
    assert page.status_code == 200
    assert "<h1>Opening hours</h1>" in page.text
    assert "<h1>ساعت کار</h1>" in client.get("/fa/hours").text
    assert with_example.test_cli_runner().invoke(args=["hours"]).output == "07:30-14:15\n"
    with with_example.app_context():
        (job,) = [item.job for item in beat.periodic_jobs() if "opening_hours" in item.job.name]
        job()


@pytest.mark.parametrize(("role", "code"), [("communications", 200), ("analyst", 403)])
def test_its_permission_holds(
    with_example: Flask, clean_tables: None, role: str, code: int
) -> None:
    client = with_example.test_client()
    assert client.get("/staff/hours").status_code == 302
    with with_example.app_context():
        user = make_user(roles=(role,))
        sign_in(client, user)
    assert client.get("/staff/hours").status_code == code
    assert ("/staff/hours" in client.get("/staff/").text) is (code == 200)


def test_the_site_of_the_readme_mounts_the_portal(
    urls: services.ServiceUrls,
    clean_tables: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key, value in {
        "PASOKH_ENV": "test",
        "SECRET_KEY": "test-secret-key-that-is-long-enough-0123456789",
        "PUBLIC_URL": "http://localhost/citizen",
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": urls.database_url,
        "REDIS_URL": urls.redis_url,
        "PLUGINS": ",".join(PLUGINS),
    }.items():
        monkeypatch.setenv(key, value)
    (program,) = blocks(ROOT / "README.md", "python")
    names = {"__name__": "citys_site"}
    exec(compile(program.replace("Portal(app", "portal = Portal(app"), "README.md", "exec"), names)
    site: Flask = names["app"]  # type: ignore[assignment]
    try:
        client = site.test_client()
        assert client.get("/").text == "Our city's own site"
        assert client.get("/citizen/en/").status_code == 200
        assert "pasokh" in site.cli.commands
    finally:
        close(names["portal"].app)  # type: ignore[attr-defined]


@pytest.mark.surveys
@pytest.mark.workflows
def test_the_readme_shows_what_commands_print(app: Flask, tmp_path: Path) -> None:
    """Those that need no data; the others' output depends on what a city has."""
    shown = "\n\n".join(blocks(ROOT / "README.md", "console")).split("\n\n")
    (tmp_path / "answers.json").write_text('{"age": "20"}')
    compared = 0
    for example in shown:
        command, _newline, output = example.partition("\n")
        words = shlex.split(command.removeprefix("$ .venv/bin/flask "))
        if words[:2] not in (
            ["messages", "segments"],
            ["surveys", "check"],
            ["surveys", "evaluate"],
            ["calendars", "due"],
        ):
            continue
        places = {
            "answers.json": str(tmp_path / "answers.json"),
            "demo/forms/i-am-mayor.xlsx": str(ROOT / "demo" / "forms" / "i-am-mayor.xlsx"),
        }
        printed = app.test_cli_runner().invoke(args=[places.get(word, word) for word in words])
        assert printed.stdout.strip() == output.strip()
        compared += 1
    assert compared == 4
