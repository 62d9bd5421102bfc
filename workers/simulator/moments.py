"""A minute as a household lives it: the universal one and what the clock on the wall says."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
_MINUTES_A_DAY = 1440
_ORDINAL_OF_1970 = 719_163  # date(1970, 1, 1).toordinal()
_WEEKDAY_OF_1970 = 3  # a Thursday, counted from Monday
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Moment:
    """`minute` counts from 1970 in UTC, `local_minute` on the wall clock."""

    minute: int
    local_minute: int

    @property
    def hour(self) -> float:
        """Local time of day in hours, 0 up to 24."""
        return self.local_minute % _MINUTES_A_DAY / 60

    @property
    def day_of_year(self) -> int:
        """1 to 366."""
        local_day = self.local_minute // _MINUTES_A_DAY
        return date.fromordinal(_ORDINAL_OF_1970 + local_day).timetuple().tm_yday

    @property
    def weekend(self) -> bool:
        """Whether it is Saturday or Sunday."""
        return (self.local_minute // _MINUTES_A_DAY + _WEEKDAY_OF_1970) % 7 >= _SATURDAY

    def earlier(self, minutes: int) -> "Moment":
        """Return the moment `minutes` before, on the same offset from UTC."""
        return Moment(self.minute - minutes, self.local_minute - minutes)


def at(minute: int, zone: ZoneInfo) -> Moment:
    """Return the moment of a `minute` since 1970 (UTC) in `zone`."""
    offset = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone).utcoffset()
    return Moment(minute, minute + (offset or timedelta()) // timedelta(minutes=1))


def milliseconds(instant: datetime) -> int:
    """Return milliseconds since 1970 of an aware `instant`."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
