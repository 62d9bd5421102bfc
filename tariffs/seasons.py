"""Which rate of a time-of-use plan holds when, in the civil time of the site."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from tariffs.plans import WEEK, Day, Days, TimeOfUse, month_and_day, time_of_day


class Calendar:
    """A time-of-use plan in one zone; asked for moments."""

    def __init__(self, plan: TimeOfUse, zone: ZoneInfo) -> None:
        self._zone = zone
        self._holidays = frozenset(plan.holidays)
        self._seasons = sorted(
            (month_and_day(start), _by_day(days)) for start, days in plan.seasons.items()
        )
        self._of_day: dict[date, list[tuple[time, str]]] = {}

    def rate_at(self, moment: datetime) -> str:
        """Return the name of the rate that holds at an aware moment."""
        local = moment.astimezone(self._zone)
        starts = self._starts(local.date())
        wall = local.time()
        return next(rate for start, rate in reversed(starts) if start <= wall)

    def _starts(self, day: date) -> list[tuple[time, str]]:
        if day not in self._of_day:
            by_day = self._season(day)
            weekday = WEEK[day.weekday()]
            name: Day = "holiday" if day in self._holidays and "holiday" in by_day else weekday
            self._of_day[day] = by_day[name]
        return self._of_day[day]

    def _season(self, day: date) -> dict[Day, list[tuple[time, str]]]:
        begun = [by_day for start, by_day in self._seasons if start <= (day.month, day.day)]
        return begun[-1] if begun else self._seasons[-1][1]


def _by_day(days: list[Days]) -> dict[Day, list[tuple[time, str]]]:
    return {
        day: [(time_of_day(text), rate) for text, rate in rule.from_.items()]
        for rule in days
        for day in rule.on
    }
