from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.conf import settings as site
from django.core.management import call_command

from workers import doctor, embedded
from workers.doctor import examination, findings, persistence
from workers.doctor.findings import Level

SOUND = persistence.BrokerPersistence(
    version=(9, 1),
    appendonly=True,
    last_write_ok=True,
    appendfsync="always",
    fsync_pauses=False,
    maxmemory_policy="noeviction",
    replicas=0,
)


class TestBrokerPersistence:
    def test_of_a_sound_broker_has_no_fault(self):
        assert SOUND.faults(waitaof_replicas=0) == []

    @pytest.mark.parametrize(
        ("change", "remedy"),
        [
            ({"version": (6, 2)}, "use a newer one"),
            ({"appendonly": False}, "`appendonly yes`"),
            ({"last_write_ok": False}, "look at its disk"),
            ({"appendfsync": "everysec"}, "`appendfsync always`"),
            ({"appendfsync": "no"}, "`appendfsync always`"),
            ({"appendfsync": None}, "allow CONFIG GET"),
            ({"fsync_pauses": True}, "`no-appendfsync-on-rewrite no`"),
            ({"maxmemory_policy": "allkeys-lru"}, "`maxmemory-policy noeviction`"),
        ],
        ids=lambda value: value if isinstance(value, str) else "-".join(value),
    )
    def test_names_each_fault_with_its_remedy(self, change, remedy):
        (fault,) = replace(SOUND, **change).faults(waitaof_replicas=0)

        assert remedy in fault

    def test_may_rely_on_replicas_instead(self):
        replicated = replace(SOUND, appendfsync="everysec", replicas=1)

        assert replicated.faults(waitaof_replicas=1) == []

    def test_counts_the_replicas(self):
        (fault,) = SOUND.faults(waitaof_replicas=2)

        assert "2 but 0 replicas" in fault

    def test_knows_who_understands_waitaof(self):
        old = replace(SOUND, version=(7, 0), replicas=1)

        assert "7.2" in old.faults(waitaof_replicas=1)[0]

    def test_wants_a_log_with_replicas_too(self):
        forgetful = replace(SOUND, appendonly=False, replicas=1)

        assert forgetful.faults(waitaof_replicas=1) != []


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Broker]:
    made = embedded.Broker(tmp_path_factory.mktemp("broker"))
    made.start()
    yield made
    made.kill()


class TestBrokerFaults:
    def test_finds_none_in_the_broker_of_demo_and_tests(self, own_broker):
        with redis.Redis.from_url(own_broker.url()) as client:
            assert doctor.broker_faults(client) == []

    def test_reads_text_as_well_as_bytes(self, own_broker):
        with redis.Redis.from_url(own_broker.url(), decode_responses=True) as client:
            assert doctor.broker_faults(client) == []

    @pytest.mark.parametrize(
        ("name", "careless", "careful"),
        [
            ("appendfsync", "everysec", "always"),
            ("no-appendfsync-on-rewrite", "yes", "no"),
            ("maxmemory-policy", "volatile-lru", "noeviction"),
            ("appendonly", "no", "yes"),
        ],
    )
    def test_finds_a_careless_setting_of_a_real_broker(self, own_broker, name, careless, careful):
        with redis.Redis.from_url(own_broker.url()) as client:
            client.config_set(name, careless)

            faults = doctor.broker_faults(client)

            client.config_set(name, careful)
        assert len(faults) == 1

    def test_of_a_broker_that_is_away_is_the_clients_error(self):
        away = f"redis://127.0.0.1:{embedded.free_port()}/0"

        with redis.Redis.from_url(away) as client, pytest.raises(redis.ConnectionError):
            doctor.broker_faults(client)

    def test_of_a_broker_that_hides_its_configuration_is_that_nobody_can_tell(self, own_broker):
        with redis.Redis.from_url(own_broker.url()) as client:
            client.acl_setuser(
                "managed", enabled=True, nopass=True, commands=["+@all", "-config"], keys=["*"]
            )
        address = own_broker.url().replace("redis://", "redis://managed:any@")

        with redis.Redis.from_url(address) as client:
            (fault,) = doctor.broker_faults(client)

        assert "allow CONFIG GET" in fault


class TestFindings:
    @pytest.mark.parametrize(
        ("skew_s", "level"),
        [
            (0.2, Level.OK),
            (-0.2, Level.OK),
            (1.5, Level.WARN),
            (-1.5, Level.WARN),
            (6.0, Level.FAIL),
            (-6.0, Level.FAIL),
        ],
    )
    def test_judge_a_clock_by_its_distance(self, skew_s, level):
        assert findings.clock("broker", skew_s).level == level

    @pytest.mark.parametrize(
        ("gigabytes", "level"), [(100, Level.OK), (5, Level.WARN), (0.5, Level.FAIL)]
    )
    def test_judge_a_disk_by_the_room_left(self, gigabytes, level):
        found = findings.disk("database", "/data", free_bytes=int(gigabytes * 2**30))

        assert found.level == level

    def test_admit_what_they_could_not_look_at(self):
        found = findings.disk("database", "/data", free_bytes=None)

        assert found.level == Level.WARN
        assert "not on this machine" in found.text

    @pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes"])
    def test_fail_a_database_that_forgets(self, name):
        settings = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}

        found = findings.database(180_006, settings | {name: "off"}, ["btree_gist"])

        assert [one.text for one in found if one.level == Level.FAIL] == [
            f"{name} is off: a crash loses readings; switch it on"
        ]

    def test_fail_a_database_without_exclusion_constraints(self):
        found = findings.database(180_006, {}, ["plpgsql"])

        assert "btree_gist" in next(one.text for one in found if one.level == Level.FAIL)

    def test_fail_an_old_database(self):
        (found,) = findings.database(130_010, {}, [])

        assert found.level == Level.FAIL

    def test_fail_missing_migrations_and_name_the_first(self):
        found = findings.migrations([f"grid.{number:04d}" for number in range(1, 9)])

        assert found.level == Level.FAIL
        assert "grid.0001" in found.text
        assert "and 3 more" in found.text

    @pytest.mark.parametrize(
        ("cache_url", "level"),
        [
            ("redis://broker/1", Level.OK),
            ("redis://elsewhere/0", Level.OK),
            ("redis://broker:6379/0", Level.FAIL),
            ("redis://broker", Level.FAIL),
            ("redis://user:secret@broker/0", Level.FAIL),
        ],
    )
    def test_fail_a_cache_whose_clearing_empties_the_streams(self, cache_url, level):
        assert findings.cache(broker_url="redis://broker/0", cache_url=cache_url).level == level

    def test_warn_of_packages_that_are_not_as_pinned(self):
        found = findings.packages({"django": "5.2.1", "numpy": "2.4"}, {"django": "5.2.0"})

        assert found.level == Level.WARN
        assert "django 5.2.0 for 5.2.1, numpy is missing for 2.4" in found.text

    def test_warn_of_a_setting_that_the_installed_shards_outrank(self):
        assert findings.shards(stored=4, configured=8).level == Level.WARN

    @pytest.mark.parametrize(
        ("debug", "length", "is_demo", "level"),
        [
            (False, 64, False, Level.OK),
            (True, 64, False, Level.WARN),
            (False, 12, False, Level.FAIL),
            (False, 64, True, Level.FAIL),
        ],
    )
    def test_judge_secrets(self, debug, length, is_demo, level):
        found = findings.secrets(debug=debug, secret_length=length, is_demo_secret=is_demo)

        assert found.level == level

    @pytest.mark.parametrize(
        ("version", "level"),
        [((3, 10, 9), Level.FAIL), ((3, 11, 2), Level.OK), ((3, 14, 0), Level.OK)],
    )
    def test_judge_python(self, version, level):
        assert findings.python(version).level == level

    def test_are_one_line_each(self):
        assert str(findings.fail("clock", "is late")) == "fail  clock       is late"


@pytest.fixture
def is_careful(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo whose database syncs: the tests' own spares its disk, which is not asked here."""
    settings.DEBUG = True
    monkeypatch.setattr(examination, "SETTINGS_ASKED", [])


def present() -> datetime:
    return datetime.now(UTC)


@pytest.mark.usefixtures("db", "is_careful")
class TestExamine:
    def test_finds_the_tests_own_servers_well(self, own_broker, settings):
        settings.REDIS_URL = own_broker.url()

        found = list(examination.examine(now=present))

        assert [str(one) for one in found if one.level == Level.FAIL] == []
        assert {one.subject for one in found} == {
            *("python", "packages", "secrets", "zone", "database", "durability", "extensions"),
            *("clock", "disk", "migrations", "shards", "broker", "cache"),
        }

    def test_goes_on_when_the_broker_is_away(self, settings):
        settings.REDIS_URL = f"redis://127.0.0.1:{embedded.free_port()}/0"

        found = list(examination.examine(now=present))

        (failed,) = [one for one in found if one.level == Level.FAIL]
        assert failed.subject == "broker"
        assert "REDIS_URL" in failed.text

    def test_sees_that_our_clock_is_wrong(self, own_broker, settings):
        settings.REDIS_URL = own_broker.url()

        found = list(examination.examine(now=lambda: present() - timedelta(seconds=10)))

        clocks = [one for one in found if one.subject == "clock"]
        assert [one.level for one in clocks] == [Level.FAIL, Level.FAIL]
        assert all("10.0" in one.text for one in clocks)


@pytest.mark.usefixtures("db", "is_careful")
class TestCommand:
    def test_ends_well_when_nothing_fails(self, own_broker, settings):
        settings.REDIS_URL = own_broker.url()
        said = StringIO()

        call_command("doctor", stdout=said)

        assert "every append is on disk" in said.getvalue()

    def test_ends_with_1_when_something_fails(self, settings):
        settings.REDIS_URL = f"redis://127.0.0.1:{embedded.free_port()}/0"
        said = StringIO()

        with pytest.raises(SystemExit) as end:
            call_command("doctor", stdout=said)

        assert end.value.code == 1
        assert "fail  broker" in said.getvalue()


class TestPinned:
    def test_reads_every_package_of_the_requirements(self):
        pins = examination._pinned()

        text = (Path(site.BASE_DIR) / "requirements.txt").read_text()
        assert len(pins) == sum(
            "==" in line and not line.startswith((" ", "#")) for line in text.splitlines()
        )
        assert pins["django"].startswith("5.2")
