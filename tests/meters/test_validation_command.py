"""A past period is marked to be judged again, by local days."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError

from meters.models import ValidationMark
from segs_site.lib.periods import QUARTER

pytestmark = pytest.mark.django_db


def mark(start: str, end: str) -> str:
    said = StringIO()
    call_command("mark_for_validation", start, end, stdout=said)
    return said.getvalue()


class TestMark:
    def test_has_every_quarter_hour_of_a_local_day_judged(self, settings: LazySettings) -> None:
        settings.SEGS_SITE_ZONE = "Europe/Brussels"

        said = mark("2025-10-26", "2025-10-27")  # 25 hours

        starts = list(ValidationMark.objects.order_by("start").values_list("start", flat=True))
        assert said.startswith("100 quarter-hours are marked")
        assert starts[0] == datetime(2025, 10, 25, 22, tzinfo=UTC)
        assert starts[-1] == datetime(2025, 10, 26, 23, tzinfo=UTC) - QUARTER
        assert set(ValidationMark.objects.values_list("meter_id", flat=True)) == {None}

    @pytest.mark.parametrize(
        ("start", "end", "words"),
        [
            ("2025-10-25", "2025-10-25", "UNTIL comes after FROM"),
            ("2025-10-25", "2025-10-24", "UNTIL comes after FROM"),
            ("2024-01-01", "2025-10-25", "by 400 days at most"),
            ("2999-01-01", "2999-01-02", "days that are over"),
        ],
    )
    def test_refuses_what_is_no_past_period(self, start: str, end: str, words: str) -> None:
        with pytest.raises(CommandError, match=words):
            mark(start, end)

        assert not ValidationMark.objects.exists()
