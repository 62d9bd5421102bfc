"""Stretches of time as clients ask for them: instants with a zone, or days of theirs."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from segs_site.lib.manners import local_zone
from segs_site.lib.manners import site_zone as site_zone
from segs_site.lib.periods import Period

_YEARS = range(2000, 2101)  # what a meter can have measured, and no calendar's edge
_LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")  # an unquoted + in an address arrives as a blank


@extend_schema_field({"type": "string", "example": "2026-03-29"})
class MomentField(serializers.Field[datetime, str, str, Any]):
    """An ISO 8601 instant with its zone, or a date: where that day starts for who asks."""

    default_error_messages = {
        "invalid": "Give a date such as 2026-03-29, or an instant such as 2026-03-29T01:00:00Z.",
        "no_zone": "An instant needs its zone: end it with Z or an offset.",
        "year": "Only the years 2000 to 2100 are known here.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        """Return an aware instant in UTC."""
        text = _LOST_PLUS.sub(r"+\1", str(data))
        moment = self._read(text)
        if moment.year not in _YEARS:
            self.fail("year")
        if moment.tzinfo is None:
            self.fail("no_zone")
        return moment.astimezone(UTC)

    def to_representation(self, value: datetime) -> str:
        """Return the instant in UTC."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _read(self, text: str) -> datetime:
        try:
            if len(text) == 10:
                day = date.fromisoformat(text)
                return datetime(day.year, day.month, day.day, tzinfo=local_zone())
            return datetime.fromisoformat(text)
        except ValueError:
            self.fail("invalid")


class PeriodQuerySerializer(serializers.Serializer[Any]):
    """A half-open stretch of time; a subclass says how long it may be, and how long it is."""

    longest = timedelta(days=366)
    usual = timedelta(days=1)

    start = MomentField(required=False, help_text="first instant; a while before `end` without")
    end = MomentField(required=False, help_text="behind the last instant; now without")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Add `period`; `now` comes with the context."""
        end: datetime = attrs.get("end") or self._end_without(attrs)
        start: datetime = attrs.get("start") or end - self.usual_of(attrs)
        if end <= start:
            raise serializers.ValidationError({"end": ["The end must come after the start."]})
        longest = self.longest_of(attrs)
        if end - start > longest:
            words = f"At most {longest.days} days at once."
            raise serializers.ValidationError({"end": [words]})
        return attrs | {"period": Period(start, end)}

    def longest_of(self, attrs: dict[str, Any]) -> timedelta:
        """Return how long the period may be."""
        return self.longest

    def usual_of(self, attrs: dict[str, Any]) -> timedelta:
        """Return how long the period is when nobody says."""
        return self.usual

    def _end_without(self, attrs: dict[str, Any]) -> datetime:
        now: datetime = self.context["now"]
        start: datetime | None = attrs.get("start")
        return min(now, start + self.longest_of(attrs)) if start and start < now else now
