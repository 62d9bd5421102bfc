"""How customers were supplied, as rows of a table and of CSV: the indices of IEEE 1366."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts.conditions.continuity import Continuity
from alerts.selectors.continuity import Supply


@dataclass(frozen=True, slots=True)
class Row:
    """One index: of what nobody planned, and of planned work; None where it means nothing."""

    code: str
    label: str | Promise
    unit: str
    digits: int
    unplanned: float | None
    planned: float | None
    definition: str | Promise


def rows(supply: Supply) -> list[Row]:
    """Return every index of a period with what it is."""
    unplanned, planned = supply.unplanned, supply.planned

    def row(code: str, unit: str, digits: int, label: Promise, definition: Promise) -> Row:
        read = partial(_value, code)
        return Row(code, label, unit, digits, read(unplanned), read(planned), definition)

    return [
        row("saidi_min", "min", 2, _("SAIDI"),
            _("minutes without supply for a customer, on average")),
        row("saifi", "", 3, _("SAIFI"), _("sustained interruptions for a customer, on average")),
        row("caidi_min", "min", 1, _("CAIDI"),
            _("minutes until supply is back, on average of sustained interruptions")),
        row("maifi", "", 3, _("MAIFI"), _("momentary interruptions for a customer, on average")),
        row("sustained", "", 0, _("Sustained interruptions"),
            _("of one customer each, longer than 5 minutes")),
        row("momentary", "", 0, _("Momentary interruptions"),
            _("of one customer each, of up to 5 minutes")),
    ]  # fmt: skip


def table(supply: Supply) -> Iterator[tuple[str, float | None, str, str]]:
    """Yield code, value, unit and definition of each, planned work apart, customers first."""
    served = str(_("service points with a meter at the end of the period"))
    yield "customers", supply.customers, "", served
    yield "lasting", supply.lasting, "", str(_("interruptions that are counted up to now"))
    for row in rows(supply):
        yield row.code, row.unplanned, row.unit, str(row.definition)
    for row in rows(supply):
        yield f"planned_{row.code}", row.planned, row.unit, str(row.definition)


def _value(code: str, found: Continuity) -> float | None:
    value: float | None = getattr(found, code)
    return value
