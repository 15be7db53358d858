"""How much of the machine the embedded database takes for its cache."""

from pathlib import Path

import pytest

from portal.services.memory import buffers_mb

GB = 2**30


@pytest.mark.parametrize(
    ("machine", "megabytes"),
    [(GB // 4, 128), (GB, 128), (2 * GB, 256), (4 * GB + 5, 512), (8 * GB, 1024), (99 * GB, 1024)],
)
def test_an_eighth_of_the_machine_within_bounds(machine: int, megabytes: int) -> None:
    assert buffers_mb(machine, limits=()) == megabytes


@pytest.mark.parametrize(
    ("said", "megabytes"),
    [("2147483648\n", 256), ("max\n", 1024), ("9223372036854771712", 1024), ("", 1024)],
)
def test_a_container_has_what_it_may_have(tmp_path: Path, said: str, megabytes: int) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(said)
    assert buffers_mb(64 * GB, limits=(tmp_path / "absent", limit)) == megabytes


def test_of_this_machine_something_is_found() -> None:
    assert 128 <= buffers_mb() <= 1024
