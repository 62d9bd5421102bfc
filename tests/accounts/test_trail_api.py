"""The audit trail, read by administrators by REST and in the admin."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from grid.models import Region
from segs_site.lib import trace
from segs_site.lib.models import AuditEntry

pytestmark = pytest.mark.django_db

TRAIL = "/api/admin/audit"


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


@pytest.fixture
def west(ada: User) -> Region:
    with trace.acting(origin="command mend", by="olga@utility.example"):
        made = Region.objects.create(code="West", name="West")
        made.name = "Wild West"
        made.save()
    return made


class TestTheTrail:
    def test_is_read_newest_first(self, desk: Client, west: Region) -> None:
        said = desk.get(TRAIL, {"subject_type": "grid.Region", "subject_id": west.pk}).json()

        newest, oldest = said["results"]
        assert (newest["verb"], oldest["verb"]) == ("update", "insert")
        assert (newest["before"], newest["after"]) == ({"name": "West"}, {"name": "Wild West"})
        assert (newest["actor"], newest["origin"]) == ("olga@utility.example", "command mend")

    def test_goes_page_by_page(self, desk: Client, west: Region) -> None:
        asked = {"subject_type": "grid.Region", "subject_id": west.pk, "limit": 1}

        page = desk.get(TRAIL, asked).json()
        rest = desk.get(page["next"]).json()

        assert [row["verb"] for row in page["results"] + rest["results"]] == ["update", "insert"]
        assert rest["next"] is None

    def test_is_cut_by_time_actor_and_verb(
        self, desk: Client, west: Region, now: datetime
    ) -> None:
        hour = timedelta(hours=1)
        asked = {"actor": "olga@utility.example", "verb": "insert", "subject_id": west.pk}

        def found(**span: str) -> int:
            return len(desk.get(TRAIL, asked | span).json()["results"])

        assert found() == 1
        assert found(start=(now - hour).isoformat(), end=(now + hour).isoformat()) == 1
        assert found(start=(now + hour).isoformat()) == 0
        assert found(end=(now - hour).isoformat()) == 0

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_takes_nothing(self, desk: Client, method: str) -> None:
        assert getattr(desk, method)(TRAIL).status_code == 405

    def test_is_for_administrators(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert client.get(TRAIL).status_code == 403


class TestTheAdmin:
    def test_shows_it_and_changes_nothing(self, desk: Client, west: Region) -> None:
        entry = AuditEntry.objects.first()
        assert entry is not None
        one = reverse("admin:lib_auditentry_change", args=[entry.pk])

        assert b"command mend" in desk.get(reverse("admin:lib_auditentry_changelist")).content
        assert b"Wild West" in desk.get(one).content
        assert desk.post(one, {"actor": "nobody"}).status_code == 403
