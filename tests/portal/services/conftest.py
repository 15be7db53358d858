"""A data folder whose services are gone after the test, whatever the test did."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import services
from tests.portal.services.users import LINGER, left_running


@pytest.fixture(autouse=True)
def quick_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASOKH_EMBEDDED_FAST", "1")
    monkeypatch.setenv("PASOKH_KEEPER_LINGER", LINGER)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """In pytest's own folder, which only its owner may enter."""
    folder = tmp_path / "var"
    yield folder
    services.stop(folder)
    assert left_running(folder) == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter."""
    with tempfile.TemporaryDirectory(prefix="pasokh test ") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        services.stop(folder / "var")
        assert left_running(folder / "var") == []
