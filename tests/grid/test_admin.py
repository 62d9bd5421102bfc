"""Regions in the admin: each with what it can carry, or not at all."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from grid.models import Region
from segs_site.lib.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def form(*capacities_kw: str, now: datetime) -> dict[str, str]:
    """What Ada types of a new region."""
    rows = {
        f"capacities-{place}-{name}": value
        for place, kw in enumerate(capacities_kw)
        for name, value in (
            ("capacity_kw", kw),
            ("effective_from_0", f"{now:%Y-%m-%d}"),
            ("effective_from_1", f"{now:%H:%M:%S}"),
        )
    }
    counts = {"capacities-TOTAL_FORMS": str(len(capacities_kw)), "capacities-INITIAL_FORMS": "0"}
    return {"code": "Harbour", "name": "Harbour"} | counts | rows


class TestRegion:
    def test_is_added_with_its_capacity(self, desk: Client, now: datetime) -> None:
        answer = desk.post(reverse("admin:grid_region_add"), form("80.5", now=now))

        assert answer.status_code == 302
        assert Region.objects.get().capacities.get().capacity_kw == Decimal("80.5")
        assert AuditEntry.objects.filter(subject_type="grid.RegionCapacity").exists()

    @pytest.mark.parametrize(
        ("capacities_kw", "complaint"),
        [
            ((), "Please submit at least 1 form"),
            (("",), "This field is required"),
            (("0",), "greater than or equal to 0.001"),
            (("-5",), "greater than or equal to 0.001"),
        ],
        ids=["none", "empty", "nothing", "less than nothing"],
    )
    def test_without_one_is_refused(
        self, desk: Client, now: datetime, capacities_kw: tuple[str, ...], complaint: str
    ) -> None:
        answer = desk.post(reverse("admin:grid_region_add"), form(*capacities_kw, now=now))

        assert complaint in answer.content.decode()
        assert not Region.objects.exists()
