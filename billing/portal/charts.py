"""Charts as numbers: where bars, bands and marks stand, in per cent of a drawing.

Text keeps its size on every screen, because nothing is scaled: a template draws these by SVG.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

GAP = 0.18  # of a bar's place that is left free
LABELS = 8  # along the lower edge, at most


@dataclass(frozen=True, slots=True)
class Value:
    """What one bar shows; None is unknown. `hatched` is the part of it that is estimated.

    `before` is the same of the stretch before; `low` and `high` the band in which it may lie.
    """

    label: str
    title: str
    value: float | None
    hatched: float = 0.0
    before: float | None = None
    is_partial: bool = False
    low: float | None = None
    high: float | None = None
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: places and lengths in per cent, as SVG writes them."""

    title: str
    x: str
    middle: str
    right: str
    width: str
    y: str = ""
    height: str = ""
    hatched_y: str = ""
    hatched_height: str = ""
    before_y: str = ""
    low_y: str = ""
    band_height: str = ""
    high_y: str = ""
    is_unknown: bool = False
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A word at a place of an axis."""

    at: str
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over their labels, and lines at round values; `zero` is where nothing is."""

    bars: Sequence[Bar]
    lines: Sequence[Mark]
    labels: Sequence[Mark]
    zero: str


def draw(values: Sequence[Value], *, from_zero: bool = True, labels: int = LABELS) -> Chart:
    """Return the chart of some values, side by side."""
    known = [
        each
        for value in values
        for each in (value.value, value.before, value.low, value.high)
        if each is not None
    ]
    low, high = min(known, default=0.0), max(known, default=0.0)
    scale = _Scale.over(min(low, 0.0) if from_zero else low, max(high, 0.0) if from_zero else high)
    count = max(len(values), 1)
    every = -(-count // labels)
    return Chart(
        bars=[_bar(value, place, count, scale) for place, value in enumerate(values)],
        lines=[Mark(_pct(scale.y(each)), scale.word(each)) for each in scale.ticks()],
        labels=[
            Mark(_pct(100 * (place + 0.5) / count), value.label)
            for place, value in enumerate(values)
            if place % every == 0
        ],
        zero=_pct(scale.y(0.0)),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    step: float

    @classmethod
    def over(cls, low: float, high: float) -> "_Scale":
        """Return a scale with round ends and about three steps."""
        span = (high - low) or abs(high) or 1.0
        rough = span / 3
        size = 10.0 ** floor(log10(rough))
        step = next(size * each for each in (1, 2, 5, 10) if size * each >= rough * 0.999)
        bottom = floor(low / step + 1e-9) * step
        top = -floor(-high / step + 1e-9) * step
        return cls(bottom, max(top, bottom + step), step)

    def y(self, value: float) -> float:
        """Return how far below the upper edge a value is, in per cent."""
        return 100 * (self.high - value) / (self.high - self.low)

    def ticks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + place * self.step for place in range(count + 1)]

    def word(self, value: float) -> str:
        digits = max(0, -floor(log10(self.step) + 1e-9))
        return f"{value:.{digits}f}"


def _bar(value: Value, place: int, count: int, scale: _Scale) -> Bar:
    width = 100 / count
    left = place * width
    where = {
        "title": value.title,
        "x": _pct(left + GAP * width / 2),
        "middle": _pct(left + width / 2),
        "right": _pct(left + width),
        "width": _pct(width * (1 - GAP)),
        "is_marked": value.is_marked,
        "is_unknown": value.value is None or value.is_partial,
        "before_y": "" if value.before is None else _pct(scale.y(value.before)),
    }
    if value.value is None:
        return Bar(**where)  # type: ignore[arg-type]
    top, bottom = sorted((scale.y(value.value), scale.y(0.0)))
    part = abs(value.hatched / value.value) if value.value else 0.0
    hatched = min(part, 1.0) * (bottom - top)
    return Bar(
        **where,  # type: ignore[arg-type]
        y=_pct(top if value.low is None else scale.y(value.value)),
        height=_pct(bottom - top),
        hatched_y=_pct(top) if hatched else "",
        hatched_height=_pct(hatched),
        low_y="" if value.low is None else _pct(scale.y(value.low)),
        high_y="" if value.high is None else _pct(scale.y(value.high)),
        band_height=""
        if value.low is None or value.high is None
        else _pct(abs(scale.y(value.low) - scale.y(value.high))),
    )


def _pct(value: float) -> str:
    return f"{value:.2f}%"
