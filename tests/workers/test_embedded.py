import os
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from workers import embedded

AS_ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that PostgreSQL's own user may enter."""
    folder = tmp_path_factory.mktemp("servers")
    for part in (folder, *folder.parents[:3]):  # pytest's own folders are private
        part.chmod(part.stat().st_mode | 0o011)
    return folder


@pytest.fixture(scope="module")
def database(open_folder: Path) -> Iterator[embedded.Database]:
    made = embedded.Database(open_folder / "postgres")
    yield made
    if made.alive:
        made.stop("immediate")


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[embedded.Broker]:
    made = embedded.Broker(tmp_path / "valkey")
    made.start()
    yield made
    made.kill()


def setting(database: embedded.Database, name: str) -> str:
    with psycopg.connect(database.url("postgres")) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.processes
class TestDatabase:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),
            ("data_checksums", "on"),
            ("listen_addresses", ""),
            ("TimeZone", "UTC"),
            ("max_wal_size", "4GB"),
        ],
    )
    def test_keeps_its_promises_and_listens_to_nobody_outside(self, database, name, value):
        assert setting(database, name) == value

    def test_is_found_by_the_next_who_opens_the_folder(self, database):
        again = embedded.Database(database.folder)

        assert again.pid == database.pid

    def test_starts_again_after_it_was_killed(self, database):
        with psycopg.connect(database.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS one")
        killed = psutil.Process(database.pid)
        killed.kill()
        psutil.wait_procs([killed], timeout=20)
        assert not database.alive

        database.start()

        with psycopg.connect(database.url("postgres")) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)

    def test_makes_and_drops_databases(self, database):
        database.create("shop")
        database.create("shop")
        with psycopg.connect(database.url("shop")):
            pass

        database.drop("shop")

        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(database.url("shop"))

    def test_says_why_it_cannot_start(self, open_folder):
        broken = embedded.Database(open_folder / "broken")
        broken.stop()
        configuration = broken.folder / "postgresql.conf"
        configuration.write_text(configuration.read_text() + "no_such_setting = 1\n")

        with pytest.raises(embedded.CannotStart, match="no_such_setting"):
            broken.start()

    def test_finds_a_short_name_for_its_socket(self, open_folder):
        deep = open_folder / ("deep" * 20) / "postgres"
        made = embedded.Database(deep)
        try:
            assert setting(made, "data_directory") == str(deep)
        finally:
            made.stop("immediate")

    @pytest.mark.skipif(not AS_ROOT, reason="only root's server is another user")
    def test_refuses_a_private_home_and_leaves_it_private(self, tmp_path):
        home = tmp_path / "home"
        home.mkdir(mode=0o700)

        with pytest.raises(embedded.CannotStart, match=f"may not enter {tmp_path}|{home}"):
            embedded.Database(home / "segs" / "postgres")

        assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.processes
class TestBroker:
    def test_has_every_append_on_disk_before_it_answers(self, valkey):
        with redis.Redis.from_url(valkey.url(), decode_responses=True) as client:
            assert client.config_get("append*")["appendfsync"] == "always"
            assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"

    def test_listens_on_loopback_alone(self, valkey):
        addresses = {
            connection.laddr.ip for connection in psutil.Process(valkey.pid).net_connections()
        }

        assert addresses == {"127.0.0.1"}

    def test_keeps_what_it_acknowledged_when_it_is_killed(self, valkey):
        with redis.Redis.from_url(valkey.url()) as client:
            client.set("reading", "kept")
        valkey.kill()

        valkey.start()

        with redis.Redis.from_url(valkey.url()) as client:
            assert client.get("reading") == b"kept"

    def test_ends_one_that_is_left_over_on_its_folder(self, valkey):
        left_over = psutil.Process(valkey.pid)

        successor = embedded.Broker(valkey.folder)
        successor.start()

        assert not left_over.is_running() or left_over.status() == psutil.STATUS_ZOMBIE
        successor.stop()

    def test_is_out_of_reach_of_ctrl_c(self, valkey):
        assert os.getsid(valkey.pid) == valkey.pid

    def test_says_why_it_cannot_start(self, tmp_path):
        broken = embedded.Broker(tmp_path / "valkey", maxmemory_policy="sometimes")

        with pytest.raises(embedded.CannotStart, match="sometimes"):
            broken.start()

    def test_takes_settings_of_the_caller(self, tmp_path):
        careless = embedded.Broker(tmp_path / "valkey", appendfsync="everysec")
        careless.start()
        try:
            with redis.Redis.from_url(careless.url(), decode_responses=True) as client:
                assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
        finally:
            careless.stop()
