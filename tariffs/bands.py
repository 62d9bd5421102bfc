"""Bands of load, each with the multiplier of the base price that holds in it.

Bands are half-open: 75 % belongs to the band from 75. The first begins at 0 and takes negative
loads too (a region that feeds back); the last is open upward.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise

STEP, LIMIT = Decimal("0.0001"), Decimal(100_000)  # what the tables keep of them
Written = Sequence[Sequence[str | None]]  # [from, to, multiplier] as texts; the last `to` is None

DEFAULT: list[list[str | None]] = [
    ["0", "25", "0.8"],
    ["25", "50", "1.0"],
    ["50", "75", "1.2"],
    ["75", "90", "1.5"],
    ["90", None, "2.0"],
]


@dataclass(frozen=True, slots=True)
class Band:
    """Loads from `from_pct` up to, not including, `to_pct` % of the capacity."""

    from_pct: Decimal
    to_pct: Decimal | None
    multiplier: Decimal

    def __str__(self) -> str:
        if self.to_pct is None:
            return f"from {self.from_pct.normalize():f} %"
        return f"{self.from_pct.normalize():f}–{self.to_pct.normalize():f} %"


class BadBands(Exception):
    """The bands cannot price every load; the text names the band and what is wrong with it."""


def read(written: Written) -> tuple[Band, ...]:
    """Return the bands as written; raises BadBands unless they follow each other without a gap."""
    if not isinstance(written, list | tuple) or not written:
        raise BadBands("There is no band.")
    bands = tuple(_band(place, row) for place, row in enumerate(written, start=1))
    _check_ends(bands)
    for place, (band, following) in enumerate(pairwise(bands), start=1):
        _check_seam(place, band, following)
    return bands


def band_of(bands: Sequence[Band], load_pct: Decimal) -> Band:
    """Return the band of a load; one below every band is in the first."""
    return next((band for band in reversed(bands) if load_pct >= band.from_pct), bands[0])


def parse(text: str) -> list[list[str | None]]:
    """Return bands typed one a line as `from to multiplier`, the last without `to`.

    Raises BadBands for a line of another shape; whether they fit together is for `read`.
    """
    rows = [line.split() for line in text.splitlines() if line.strip()]
    for place, row in enumerate(rows, start=1):
        if len(row) not in (2, 3):
            message = f"Band {place} is not “from to multiplier”, or “from multiplier” at the end."
            raise BadBands(message)
    return [[row[0], row[1] if len(row) == 3 else None, row[-1]] for row in rows]


def write(written: Written) -> str:
    """Return bands as `parse` reads them."""
    return "\n".join(" ".join(cell for cell in row if cell is not None) for row in written)


def _band(place: int, row: Sequence[str | None]) -> Band:
    if not isinstance(row, list | tuple) or len(row) != 3:
        message = f"Band {place} is not [from, to, multiplier]."
        raise BadBands(message)
    from_pct, to_pct, multiplier = row
    return Band(
        from_pct=_number(place, "beginning", from_pct),
        to_pct=None if to_pct is None else _number(place, "end", to_pct),
        multiplier=_number(place, "multiplier", multiplier),
    )


def _number(place: int, what: str, text: str | None) -> Decimal:
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        message = f"The {what} of band {place} is no number: {text}."
        raise BadBands(message)
    if number != number.quantize(STEP) or abs(number) >= LIMIT:
        message = f"The {what} of band {place} has more than four decimals, or is too large."
        raise BadBands(message)
    return number


def _check_ends(bands: Sequence[Band]) -> None:
    if bands[0].from_pct != 0:
        raise BadBands("The first band begins at 0.")
    if bands[-1].to_pct is not None:
        raise BadBands("The last band is open: it has no end.")
    for place, band in enumerate(bands, start=1):
        if band.to_pct is None and band is not bands[-1]:
            message = f"Band {place} has no end, but is not the last."
            raise BadBands(message)
        if band.to_pct is not None and band.to_pct <= band.from_pct:
            message = f"Band {place} ends at {band.to_pct}, not after its beginning."
            raise BadBands(message)


def _check_seam(place: int, band: Band, following: Band) -> None:
    end = band.to_pct
    if end is None or following.from_pct == end:
        return
    if following.from_pct < band.from_pct:
        message = f"Band {place + 1} is out of order: it begins below band {place}."
        raise BadBands(message)
    fault = "overlap" if following.from_pct < end else "leave a gap"
    message = (
        f"Bands {place} and {place + 1} {fault}: {end} % ends one,"
        f" {following.from_pct} % begins the other."
    )
    raise BadBands(message)
