"""The history of the tables is linear, equal to the models, and reversible."""

from pathlib import Path

import psycopg

from portal import services
from tests.conftest import make_settings
from tools.migrations_check import problems


def test_migrations(urls: services.ServiceUrls, tmp_path: Path) -> None:
    name = "migrations_check"
    server = urls.database_url.replace(urls.database_url.split("@/")[1].split("?")[0], "postgres")
    with psycopg.connect(
        server.replace("postgresql+psycopg", "postgresql"), autocommit=True
    ) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    url = server.replace("/postgres?", f"/{name}?")
    assert (
        problems(make_settings(database_url=url, redis_url=urls.redis_url, data_dir=tmp_path)) == []
    )
