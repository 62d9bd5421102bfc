"""The audit trail: what is in it, what is not, and that nobody changes it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from rest_framework_simplejwt.tokens import AccessToken

from accounts import services as accounts_services
from accounts.choices import UserRole
from accounts.models import ApiKey, User
from grid.models import Region, RegionCapacity
from meters.choices import QuarantineState
from meters.columns import Stranger
from meters.models import LatestReading, Meter, QuarantinedReading, WindowMark
from meters.services import registry as meters_registry
from segs_site.lib import trace
from segs_site.lib.models import AuditEntry
from tests import worlds

pytestmark = pytest.mark.django_db

# What is measured, what is worked out from it, and what processes note of themselves.
NOT_AUDITED = {
    "accounts.Attempts", "accounts.DataExport", "accounts.Letter", "accounts.PasskeyChallenge",
    "accounts.Preferences", "accounts.Registration", "accounts.TokenFamily",
    "alerts.AddressOutage", "alerts.Advice", "alerts.Delivery", "alerts.Interruption",
    "alerts.Lane", "alerts.Notice", "alerts.TimeOfDay", "alerts.Untold", "alerts.WatchState",
    "alerts.AlertEvent", "alerts.ShiftNote",  # records themselves, and cannot be changed
    "billing.AsBilled", "billing.InvoiceLine",  # what is issued of them cannot be changed
    "billing.CorrectionDay", "billing.CorrectionLine",  # nor what is decided of these
    "billing.LateMark",
    "billing.Reminder",  # a record itself, and cannot be changed
    "billing.InvoiceDocument",  # what is drawn of them cannot be changed
    "billing.Delivery",  # what became of mails
    "billing.NumberSeries", "billing.PeriodClaim", "billing.Turn",  # follow from invoices, runs
    "grid.RegionMinute", "grid.RegionQuarter",
    "lib.Attendance", "lib.AuditEntry", "lib.DeadLetter", "lib.KeptAnswer", "lib.OutboxEvent",
    "lib.ProcessState", "lib.RegistryVersion", "lib.ShardState",
    "meters.Channel", "meters.IntervalRead", "meters.LatestReading", "meters.MinuteWindow",
    "meters.QuarterWindow", "meters.ReadFile", "meters.Reading",
    "meters.Finding",  # what a person decides of it is an edit, and that is audited
    "meters.ValidationMark",
    "meters.ReplacedRead",  # what a file says of itself: what it replaced
    "meters.UploadPart",  # bytes of what is audited
    "meters.WindowClock",
    "meters.WindowMark",
    "meters.WindowRevision",  # a record itself
    "tariffs.LoadForecast", "tariffs.LoadUnknown",
    "tariffs.RegionPrice",  # a decision is its own record, and cannot be changed
    "workers.Shard", "workers.StreamWorker",
}  # fmt: skip
OURS = {"accounts", "alerts", "billing", "grid", "lib", "meters", "tariffs", "workers"}


class Trail:
    """The entries that came since the test began."""

    def __init__(self) -> None:
        newest = AuditEntry.objects.values_list("id", flat=True).first()
        self._start = newest or 0

    def entries(self, label: str = "") -> list[AuditEntry]:
        found = AuditEntry.objects.filter(id__gt=self._start).order_by("id")
        return list(found.filter(subject_type=label) if label else found)

    def only(self, label: str = "") -> AuditEntry:
        (entry,) = self.entries(label)
        return entry


@pytest.fixture
def world(small_grid: worlds.SmallGrid, ada: User, olga: User) -> worlds.SmallGrid:
    return small_grid


@pytest.fixture
def trail(world: worlds.SmallGrid) -> Trail:
    """A trail that begins when grid and people are there."""
    return Trail()


class TestEveryTable:
    def test_is_audited_or_known_not_to_be(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
                " WHERE tgname LIKE 'audit\\_%'"
            )
            audited = {name for (name,) in cursor.fetchall()}
        ours = {
            model._meta.db_table: model._meta.label
            for model in apps.get_models()
            if model._meta.app_label in OURS
        }

        undecided = {ours[table] for table in ours.keys() - audited} - NOT_AUDITED

        assert undecided == set(), "audit.track it in its migration, or list it above"
        assert {ours[table] for table in ours.keys() & audited} & NOT_AUDITED == set()

    def test_that_is_audited_is_called_by_its_model(self, trail: Trail, ada: User) -> None:
        ada.first_name = "Ada"
        ada.save()

        apps.get_model(trail.only().subject_type)


def unchanged(region: Region) -> dict[str, Any]:
    """What the admin's page of a region sends of its one capacity when nobody touches it."""
    row = region.capacities.get()
    since = row.effective_from.astimezone(ZoneInfo(settings.SEGS_SITE_ZONE))
    return {
        "capacities-TOTAL_FORMS": 1,
        "capacities-INITIAL_FORMS": 1,
        "capacities-0-id": row.pk,
        "capacities-0-region": region.pk,
        "capacities-0-capacity_kw": row.capacity_kw,
        "capacities-0-effective_from_0": f"{since:%Y-%m-%d}",
        "capacities-0-effective_from_1": f"{since:%H:%M:%S}",
    }


class TestAChange:
    def test_by_the_admin_says_who_and_from_where(
        self, client: Client, ada: User, world: worlds.SmallGrid, trail: Trail, now: datetime
    ) -> None:
        client.force_login(ada)
        form = {
            "code": "North",
            "name": "Far North",
            "outline": "{}",
            **unchanged(world.north),
        }
        path = reverse("admin:grid_region_change", args=[world.north.pk])

        answer = client.post(path, form, headers={"X-Request-Id": "desk-0001"})

        assert answer.status_code == 302, answer.context["errors"]
        entry = trail.only("grid.Region")
        assert (entry.actor, entry.actor_id) == ("ada@utility.example", ada.pk)
        assert entry.origin == f"POST {path}"
        assert (entry.address, entry.request_id) == ("127.0.0.1", "desk-0001")
        assert (entry.before, entry.after) == ({"name": "North"}, {"name": "Far North"})
        assert (entry.verb, entry.subject_id) == ("update", str(world.north.pk))
        assert entry.subject_name == "North"
        assert now - timedelta(minutes=1) < entry.at < now + timedelta(minutes=1)

    def test_by_the_api_says_whose_token_it_was(
        self, client: Client, ada: User, trail: Trail
    ) -> None:
        token = AccessToken.for_user(ada)

        answer = client.post(
            "/api/admin/api-keys",
            {"name": "Head-end west"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

        assert answer.status_code == 201, answer.content
        entry = trail.only("accounts.ApiKey")
        assert (entry.actor, entry.origin) == (
            "ada@utility.example",
            "POST /api/admin/api-keys",
        )
        assert (entry.verb, entry.before, entry.after["name"]) == (
            "insert",
            None,
            "Head-end west",
        )

    def test_by_a_worker_names_what_ran(self, world: worlds.SmallGrid, trail: Trail) -> None:
        with trace.acting(origin="task workers.tasks.close_windows", by="olga@utility.example"):
            world.north.name = "Nord"
            world.north.save()

        entry = trail.only()
        assert (entry.origin, entry.actor) == (
            "task workers.tasks.close_windows",
            "olga@utility.example",
        )
        assert (entry.actor_id, entry.address) == (None, "")

    def test_by_a_process_that_says_nothing_names_the_process(
        self, world: worlds.SmallGrid, trail: Trail
    ) -> None:
        Region.objects.filter(pk=world.north.pk).update(name="Nord")

        entry = trail.only()
        assert entry.actor == ""
        assert entry.origin != ""
        assert entry.database_user != ""

    def test_of_the_stream_is_in_it_meter_by_meter(
        self, world: worlds.SmallGrid, trail: Trail, now: datetime
    ) -> None:
        strangers = [Stranger(place, f"NEW-{place}", "North") for place in range(3)]

        meters_registry.find_or_register(
            strangers=strangers, shards=4, auto_register=True, now=now
        )

        assert [entry.subject_name for entry in trail.entries("meters.Meter")] == [
            "NEW-0", "NEW-1", "NEW-2",
        ]  # fmt: skip
        assert len(trail.entries("meters.MeterInstallation")) == 3

    def test_in_bulk_is_in_it_row_by_row(self, trail: Trail) -> None:
        Meter.objects.filter(serial__startswith="MTR-N").update(limit_kw=7)

        entries = trail.entries("meters.Meter")
        assert [entry.subject_name for entry in entries] == ["MTR-N0", "MTR-N1", "MTR-N2"]
        assert {str(entry.before) for entry in entries} == {"{'limit_kw': 100}"}
        assert {str(entry.after) for entry in entries} == {"{'limit_kw': 7}"}
        assert len({entry.transaction for entry in entries}) == 1

    def test_by_plain_sql_is_in_it_with_who_acts(
        self, world: worlds.SmallGrid, trail: Trail
    ) -> None:
        with trace.acting(origin="command mend"), connection.cursor() as cursor:
            cursor.execute(
                "WITH chosen AS (SELECT id FROM grid_region WHERE code = 'North')"
                " UPDATE grid_region SET name = 'N' WHERE id IN (SELECT id FROM chosen)"
            )

        assert trail.only().origin == "command mend"

    def test_that_takes_a_row_away_keeps_what_it_was(
        self, world: worlds.SmallGrid, trail: Trail
    ) -> None:
        RegionCapacity.objects.filter(region=world.north).delete()

        entry = trail.only()
        assert (entry.verb, entry.after) == ("delete", None)
        assert float(entry.before["capacity_kw"]) == 100

    def test_that_is_rolled_back_is_not_in_it(self, world: worlds.SmallGrid, trail: Trail) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Region.objects.filter(pk=world.north.pk).update(code="South")

        assert trail.entries() == []

    def test_after_one_that_was_rolled_back_still_says_who(
        self, world: worlds.SmallGrid, trail: Trail
    ) -> None:
        with trace.acting(origin="command mend"):
            with pytest.raises(IntegrityError), transaction.atomic():
                Region.objects.filter(pk=world.north.pk).update(code="South")
            Region.objects.filter(pk=world.north.pk).update(code="Nord")

        assert trail.only().origin == "command mend"

    def test_that_changes_nothing_is_not_in_it(
        self, world: worlds.SmallGrid, trail: Trail
    ) -> None:
        world.north.save()

        assert trail.entries() == []


class TestWhatIsDecided:
    def test_about_a_quarantined_reading_is_in_it_its_coming_is_not(
        self, trail: Trail, now: datetime
    ) -> None:
        QuarantinedReading.objects.create(
            serial="MTR-X", ts=now, reason="unknown_meter", raw="{}", received_at=now, origin="1-0"
        )
        assert trail.entries() == []

        QuarantinedReading.objects.update(
            state=QuarantineState.DISCARDED, decided_by="olga@utility.example", decided_at=now
        )

        entry = trail.only("meters.QuarantinedReading")
        assert entry.after["decided_by"] == "olga@utility.example"


class TestWhatIsMeasured:
    def test_is_not_in_it(self, world: worlds.SmallGrid, trail: Trail, now: datetime) -> None:
        meter = world.north_meters[0]
        LatestReading.objects.create(meter=meter, ts=now, power_mw=7, received_at=now)
        LatestReading.objects.update(power_mw=8)
        WindowMark.objects.create(shard=0, minute=now)

        assert trail.entries() == []


class TestSecrets:
    def test_of_people_are_only_said_to_have_changed(self, trail: Trail, olga: User) -> None:
        olga.set_password("another-secret")
        olga.save()

        entry = trail.only()
        assert (entry.before, entry.after) == (
            {"password": "(hidden)"},
            {"password": "(hidden)"},
        )

    def test_of_keys_are_hidden(self, trail: Trail, now: datetime) -> None:
        key, _ = accounts_services.issue_key(name="head-end", now=now)

        assert trail.only().after["sha256"] == "(hidden)"
        assert key.sha256 not in str(trail.only().after)

    def test_of_new_people_are_hidden(self, trail: Trail) -> None:
        nina = User.objects.create_user("nina@home.example", "secret-nina", role=UserRole.CUSTOMER)

        assert trail.only().after["password"] == "(hidden)"
        assert nina.password not in str(trail.only().after)

    def test_signing_in_is_no_change(self, client: Client, trail: Trail, olga: User) -> None:
        client.force_login(olga)
        client.get("/")

        assert trail.entries("accounts.User") == []


FORGERIES = [
    pytest.param("UPDATE lib_auditentry SET actor = 'nobody'", id="change"),
    pytest.param("DELETE FROM lib_auditentry", id="take out"),
    pytest.param("TRUNCATE lib_auditentry", id="empty"),
    pytest.param(
        "INSERT INTO lib_auditentry (at, subject_type, subject_id, subject_name, verb, actor,"
        " origin, address, request_id, database_user, transaction)"
        " VALUES (now(), 'grid.Region', '1', 'North', 'update', 'carl', '', '', '', '', 1)",
        id="forge",
    ),
]


class TestTheTrail:
    @pytest.mark.parametrize("statement", FORGERIES)
    @pytest.mark.parametrize("role", ["origin", "replica"])
    def test_is_kept_by_the_database_itself(
        self, trail: Trail, olga: User, statement: str, role: str
    ) -> None:
        olga.delete()

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL session_replication_role = {role}")
            with (
                pytest.raises(DatabaseError, match="can be read and nothing else"),
                transaction.atomic(),
            ):
                cursor.execute(statement)
            cursor.execute("SET LOCAL session_replication_role = origin")

        assert trail.only("accounts.User").verb == "delete"

    def test_notes_that_a_table_was_emptied(self, trail: Trail) -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_apikey")

        assert (trail.only().verb, trail.only().subject_type) == ("truncate", "accounts.ApiKey")

    def test_costs_requests_that_change_nothing_no_question(
        self, client: Client, django_assert_num_queries: Any
    ) -> None:
        with trace.acting(origin="GET /"):  # the first asks, once, which tables are audited
            WindowMark.objects.filter(pk=0).update(shard=1)

        with trace.acting(origin="GET /"), django_assert_num_queries(2):
            list(ApiKey.objects.all())
            WindowMark.objects.filter(pk=0).update(shard=1)


@pytest.mark.django_db(transaction=True)
class TestOutsideOfATransaction:
    def test_it_is_told_who_acts_and_told_anew_the_next_time(self, now: datetime) -> None:
        trail = Trail()
        with trace.acting(origin="command first"):
            region = Region.objects.create(code="West", name="West")
        Region.objects.filter(pk=region.pk).update(name="Wild West")

        first, second = trail.entries("grid.Region")
        assert first.origin == "command first"
        assert second.origin != "command first"
