"""Whatever is used under whatever plan: an independent, slow reckoning agrees to the cent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import event, given, settings
from hypothesis import strategies as st

from billing.rating import market
from billing.rating.bill import Stay
from billing.rating.lines import Of
from tariffs import plans
from tests.billing.rating import oracle
from tests.billing.rating.builders import bill, slots, usage

ZONE = ZoneInfo("Europe/Brussels")
STARTS = st.sampled_from(
    [
        datetime(2026, 3, 28, 21, tzinfo=UTC),
        datetime(2026, 10, 24, 20, tzinfo=UTC),
        datetime(2026, 12, 31, 22, 30, tzinfo=UTC),
        datetime(2024, 2, 28, 20, tzinfo=UTC),
    ]
)
PRICES = st.decimals("-1", "3", places=6).map(str)
COSTS = st.decimals("0", "30", places=4).map(str)
NET = st.tuples(st.decimals("-3", "9", places=6), st.none())
APART = st.tuples(st.decimals("0", "9", places=6), st.decimals("0", "3", places=6))
LENGTHS = st.sampled_from([timedelta(minutes=5), timedelta(minutes=15)])
CHARGES = st.lists(st.sampled_from(plans.CHARGES), unique=True)


@st.composite
def energies(draw):
    kind = draw(st.sampled_from(["flat", "dynamic", "time_of_use", "blocks"]))
    if kind == "flat":
        return {"kind": kind, "price": draw(PRICES)}
    if kind == "dynamic":
        return {"kind": kind, "added": draw(PRICES)}
    if kind == "blocks":
        limits = sorted(draw(st.sets(st.decimals("0.000001", "60", places=6), max_size=3)))
        blocks = [{"up_to_kwh": str(limit), "price": draw(PRICES)} for limit in limits]
        return {"kind": kind, "blocks": [*blocks, {"price": draw(PRICES)}]}
    return {
        "kind": kind,
        "rates": {"day": draw(PRICES), "night": draw(PRICES)},
        "seasons": {start: draw(weeks()) for start in draw(st.sets(
            st.sampled_from(["01-01", "03-29", "10-25"]),
            min_size=1))},
        "holidays": draw(st.sampled_from([[], ["2026-03-29", "2026-10-25", "2027-01-01"]])),
    }  # fmt: skip


@st.composite
def weeks(draw):
    hours = st.sets(st.sampled_from(["01:15", "02:30", "07:00", "22:45"]))
    on = [
        ["mon", "tue", "wed", "thu", "fri"],
        ["sat", "sun"],
        *draw(st.sampled_from([[], [["holiday"]]])),
    ]
    rates = st.sampled_from(["day", "night"])
    return [
        {"on": days, "from": {at: draw(rates) for at in ["00:00", *sorted(draw(hours))]}}
        for days in on
    ]  # fmt: skip


@st.composite
def whole_plans(draw):
    plan = {
        "energy": draw(energies()),
        "standing_per_day": draw(COSTS),
        "demand_per_kw": draw(COSTS),
        "minimum": draw(COSTS),
        "taxes": [
            {"name": f"Tax {place}", "pct": draw(COSTS), "on": on}
            for place, on in enumerate(draw(st.lists(CHARGES, max_size=2)))
        ],
    }
    export = draw(st.sampled_from([None, "flat", "dynamic"]))
    if export is not None:
        plan["export"] = {"kind": export, "price" if export == "flat" else "added": draw(PRICES)}
    return plan


@st.composite
def cases(draw):
    kwh = draw(st.lists(draw(st.sampled_from([NET, APART])), min_size=1, max_size=60))
    nominal = draw(st.integers(28, 31))
    return {
        "plan": draw(whole_plans()),
        "kwh": kwh,  # net, or drawn and fed in
        "prices": draw(st.lists(PRICES, min_size=len(kwh), max_size=len(kwh))),
        "start": draw(STARTS),
        "length": draw(LENGTHS),
        "days": draw(st.integers(1, nominal)),
        "nominal": nominal,
    }


@settings(max_examples=300, deadline=None)
@given(cases())
def test_agrees_to_the_cent(case):
    start, length, kwh, written = (case[name] for name in ("start", "length", "kwh", "plan"))
    used = _used(kwh, start=start, length=length)
    energy = plans.read(written).energy
    is_by_clock = isinstance(energy, plans.TimeOfUse)
    event(written["energy"]["kind"])

    rated = bill(
        written,
        used,
        in_force=market.in_force(used.starts, length, slots(
            case["prices"], start=start, length=length)),
        rates=market.by_calendar(energy, used.starts, ZONE) if is_by_clock else None,
        stay=Stay(case["days"], case["nominal"]),
    )  # fmt: skip

    expected = oracle.total(
        written,
        [_apart(*pair) for pair in kwh],
        start=start,
        length=length,
        price=lambda moment: Fraction(case["prices"][(moment - start) // length]),
        days=case["days"],
        nominal=case["nominal"],
        zone=ZONE,
    )
    assert rated.bill.total == Decimal(expected).scaleb(-2), rated.bill
    _agrees_with_itself(rated, used)


def _used(kwh, *, start, length):
    """The usage as windows tell of it: the net, with what was fed in or without."""
    if kwh[0][1] is None:
        return usage([net for net, _ in kwh], start=start, length=length)
    net = [drawn - fed for drawn, fed in kwh]
    return usage(net, fed=[fed for _, fed in kwh], start=start, length=length)


def _apart(energy, fed):
    if fed is None:
        return max(Fraction(energy), Fraction(0)), max(-Fraction(energy), Fraction(0))
    return Fraction(energy), Fraction(fed)


def _agrees_with_itself(rated, used):
    """Components with the rounding shown are the line; the intervals are the components."""
    energy = rated.bill.lines[0]
    for line in rated.bill.lines:
        assert sum(c.amount for c in line.components) + line.rounding == line.amount
    assert int(rated.drawn.energy.sum()) == int(used.drawn.sum())
    has_credit = any(line.of == Of.EXPORT for line in rated.bill.lines)
    assert int(rated.fed.energy.sum()) == (int(used.fed.sum()) if has_credit else 0)
    for place, component in enumerate(energy.components):
        sliced = rated.drawn.energy[rated.drawn.component == place].sum()
        assert Decimal(int(sliced)).scaleb(-6) == component.quantity
