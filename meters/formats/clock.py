"""Stamps of files made instants, also where a clock shows the same hour twice.

In a file without offsets the order of its rows decides: going forward the first of two equal
stamps is summer time, in a file that runs backward it is winter time.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from meters.formats import energy, profile

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


class Untimely(Exception):
    """A stamp that is no moment; says why."""


def parse(text: str, pattern: str) -> datetime:
    """Return what a stamp says: aware where it carries its offset, else by the file's clock."""
    try:
        stamp = _parsed(text, pattern)
    except (ValueError, OverflowError, energy.Unfit):
        message = f"{text[:40]!r} is no time written as {pattern}"
        raise Untimely(message) from None
    if not EARLIEST.year - 1 <= stamp.year <= LATEST.year:
        raise Untimely(_of_another_age(stamp))
    return stamp


def _parsed(text: str, pattern: str) -> datetime:
    if pattern in (profile.EPOCH, profile.EPOCH_MS):
        return _epoch(text, pattern)
    if pattern == profile.ISO:
        return datetime.fromisoformat(text)
    # the zone is the profile's: what is naive is placed by `Clock`
    return datetime.strptime(text, pattern)  # noqa: DTZ007


def _epoch(text: str, pattern: str) -> datetime:
    """Return the moment of an epoch, which a spreadsheet may have made a float."""
    seconds = energy.number(text)
    if pattern == profile.EPOCH_MS:
        seconds /= 1000
    whole = round(seconds)
    if abs(seconds - whole) * 1000 > 1:
        message = f"{text} is not a whole second"
        raise ValueError(message)
    return datetime.fromtimestamp(whole, UTC)


@dataclass(slots=True)
class Clock:
    """The clock of one channel in one file."""

    zone: tzinfo
    backward: bool | None = None  # None: only one stamp yet
    last: datetime | None = None  # the stamp before, as it stands
    twice: dict[datetime, int] = field(default_factory=dict)  # how often a doubled stamp came

    def instant(self, stamp: datetime) -> tuple[datetime, bool]:
        """Return the instant of the next stamp in UTC, and whether two are shown so.

        Raises Untimely at a stamp that never was.
        """
        if stamp.tzinfo is not None:
            return _sane(stamp.astimezone(UTC)), False
        first, second = self._both(stamp)
        if first == second:
            self._note_direction(stamp)
            return _sane(first), False
        if first > second:  # the clock went forward over it
            message = f"{stamp:%Y-%m-%d %H:%M} never was in {self.zone}"
            raise Untimely(message)
        came = self.twice[stamp] = self.twice.get(stamp, 0) + 1
        later = (came > 1) != bool(self.backward)
        self.last = stamp
        return _sane(second if later else first), True

    def after(self, start: datetime, stamp: datetime) -> datetime:
        """Return the first instant after `start` that `stamp` may mean; raises Untimely.

        The stamp at which the clock goes forward is the moment it does so.
        """
        if stamp.tzinfo is not None:
            end = stamp.astimezone(UTC)
            candidates = [end] if end > start else []
        else:
            first, second = self._both(stamp)
            skipped = first > second
            if skipped and not self._is_the_change(stamp):
                message = f"{stamp:%Y-%m-%d %H:%M} never was in {self.zone}"
                raise Untimely(message)
            ends = {first} if skipped else {first, second}
            candidates = sorted(end for end in ends if end > start)
        if not candidates:
            message = f"it ends at {stamp:%Y-%m-%d %H:%M}, which is not after its start"
            raise Untimely(message)
        return _sane(candidates[0])

    def _both(self, stamp: datetime) -> tuple[datetime, datetime]:
        aware = stamp.replace(tzinfo=self.zone)
        return aware.replace(fold=0).astimezone(UTC), aware.replace(fold=1).astimezone(UTC)

    def _is_the_change(self, stamp: datetime) -> bool:
        before, same = self._both(stamp - INSTANT)
        return before == same

    def _note_direction(self, stamp: datetime) -> None:
        if self.backward is None and self.last is not None and stamp != self.last:
            self.backward = stamp < self.last
        self.last = stamp


def _sane(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise Untimely(_of_another_age(moment))
    return moment


def _of_another_age(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d} is before 2000 or after 2100"
