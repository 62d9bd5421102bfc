"""The registry's way from the database into the broker, from which ingest lives."""

from datetime import timedelta

import pytest

from accounts import selectors as accounts_selectors
from accounts import services as accounts_services
from grid.models import Region
from meters import registry
from meters.choices import Flow
from meters.models import Meter, MeterInstallation
from meters.services import registry as meters_registry
from tests import worlds
from workers import mirror
from workers.stream import names

pytestmark = pytest.mark.django_db


def mirrored(broker) -> registry.Registry:
    return registry.unpack(broker.get(names.REGISTRY))


@pytest.fixture
def fresh(broker, small_grid, now):
    """A broker whose mirror is new."""
    mirror.refresh(broker, now=now)
    return broker


def key_of(clear: str) -> str:
    return accounts_services.digest(clear)


class TestRefresh:
    def test_writes_once_while_nothing_changes(self, broker, small_grid, now):
        assert mirror.refresh(broker, now=now)
        assert not mirror.refresh(broker, now=now + timedelta(days=300))

    def test_writes_again_into_a_broker_that_lost_everything(self, fresh, now):
        fresh.flushdb()

        assert mirror.refresh(fresh, now=now)
        assert len(mirrored(fresh).place) == 6

    def test_tells_what_ingest_must_know(self, fresh, small_grid, now, settings):
        known = mirrored(fresh)

        place = known.place["MTR-S1"]
        assert known.meter[place] == small_grid.south_meters[1].pk
        assert known.region[place] == known.regions["South"]
        assert known.limit[place] == 100_000_000
        assert not known.both[place]
        assert (known.shards, known.oldest_days) == (settings.SEGS_SHARDS, 90)
        assert known.version == meters_registry.version()

    def test_both_ways_of_flow_are_told(self, fresh, small_grid, now):
        Meter.objects.filter(serial="MTR-N0").update(flow=Flow.BOTH)

        mirror.refresh(fresh, now=now)

        known = mirrored(fresh)
        assert [bool(known.both[known.place[s]]) for s in ("MTR-N0", "MTR-N1")] == [True, False]


class TestWhatMakesItOld:
    def test_a_new_meter(self, fresh, small_grid, now):
        worlds.meter("MTR-NEW", region=small_grid.north, since=now)

        assert mirror.refresh(fresh, now=now)
        assert "MTR-NEW" in mirrored(fresh).place

    def test_a_meter_that_was_changed(self, fresh, now):
        Meter.objects.filter(serial="MTR-N0").update(limit_kw=7)

        assert mirror.refresh(fresh, now=now)
        known = mirrored(fresh)
        assert known.limit[known.place["MTR-N0"]] == 7_000_000

    def test_a_meter_that_was_taken_down(self, fresh, small_grid, now):
        meter = small_grid.north_meters[0]
        MeterInstallation.objects.filter(meter=meter).update(during=(now - timedelta(9), now))

        assert mirror.refresh(fresh, now=now)
        known = mirrored(fresh)
        assert known.region[known.place[meter.serial]] == registry.NOWHERE

    def test_a_region_that_was_renamed(self, fresh, now):
        Region.objects.filter(code="North").update(code="Nord")

        assert mirror.refresh(fresh, now=now)
        assert set(mirrored(fresh).regions) == {"Nord", "South"}

    def test_a_key_that_was_issued(self, fresh, now):
        accounts_services.issue_key(name="head-end", now=now, key="secret")

        assert mirror.refresh(fresh, now=now)
        assert mirrored(fresh).keys[key_of("secret")].name == "head-end"

    def test_a_key_that_was_revoked(self, fresh, now):
        key, _ = accounts_services.issue_key(name="head-end", now=now, key="secret")
        mirror.refresh(fresh, now=now)

        accounts_services.revoke_key(key=key, now=now)

        assert mirror.refresh(fresh, now=now)
        assert mirrored(fresh).keys[key_of("secret")].expires_at == now

    def test_a_change_entered_beforehand_whose_moment_comes(self, fresh, small_grid, now):
        meter, tomorrow = small_grid.north_meters[0], now + timedelta(days=1)
        MeterInstallation.objects.filter(meter=meter).update(during=(now, tomorrow))
        mirror.refresh(fresh, now=now)
        place = mirrored(fresh).place[meter.serial]
        assert mirrored(fresh).region[place] != registry.NOWHERE

        assert not mirror.refresh(fresh, now=tomorrow - timedelta(seconds=1))
        assert mirror.refresh(fresh, now=tomorrow)
        assert mirrored(fresh).region[place] == registry.NOWHERE
        assert not mirror.refresh(fresh, now=tomorrow + timedelta(days=1))

    def test_a_change_while_it_was_read(self, fresh, now, monkeypatch):
        key, _ = accounts_services.issue_key(name="head-end", now=now, key="secret")
        read_keys = accounts_selectors.ingest_keys

        def read_and_revoke():
            found = read_keys()
            accounts_services.revoke_key(key=key, now=now)
            return found

        monkeypatch.setattr(accounts_selectors, "ingest_keys", read_and_revoke)
        mirror.refresh(fresh, now=now)
        assert mirrored(fresh).keys[key_of("secret")].expires_at is None
        monkeypatch.undo()

        assert mirror.refresh(fresh, now=now)
        assert mirrored(fresh).keys[key_of("secret")].expires_at == now


class TestKeys:
    def test_end_at_the_earlier_of_expiry_and_revocation(self, now):
        hour = timedelta(hours=1)
        expiring, _ = accounts_services.issue_key(
            name="expiring", now=now, key="expiring", expires_at=now + hour
        )
        accounts_services.issue_key(name="running", now=now, key="running")
        accounts_services.issue_key(name="over", now=now, key="over", expires_at=now - hour)
        accounts_services.revoke_key(key=expiring, now=now + hour / 2)

        ends = {key.name: key.expires_at for key in accounts_selectors.ingest_keys().values()}

        assert ends == {"expiring": now + hour / 2, "running": None, "over": now - hour}

    def test_revoking_twice_keeps_the_first_moment(self, now):
        key, _ = accounts_services.issue_key(name="head-end", now=now)

        accounts_services.revoke_key(key=key, now=now)
        accounts_services.revoke_key(key=key, now=now + timedelta(hours=1))

        key.refresh_from_db()
        assert key.revoked_at == now

    def test_are_kept_as_digests_and_shown_once(self, now):
        key, clear = accounts_services.issue_key(name="head-end", now=now)

        assert clear.startswith("segs_")
        assert len(clear) > 40
        assert clear not in (key.sha256, key.prefix)
        assert key.sha256 == accounts_services.digest(clear)
