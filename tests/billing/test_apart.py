"""What was drawn and what was fed in within one quarter-hour is rated apart, to the interval."""

import csv
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache

from accounts.models import User
from billing.models import AsBilled, Invoice
from billing.selectors import invoices, usage
from billing.selectors.projecting import project
from billing.services import correcting
from meters.models import MINUTES, MeterInstallation, MinuteWindow, QuarterWindow
from segs_site.lib import partitions
from segs_site.lib.quantities import Quality, exact_kwh
from tests import worlds as grids
from tests.billing import worlds
from tests.billing.test_estimated_usage import part
from tests.billing.test_issuing import issue
from tests.billing.worlds import CLERK, DYNAMIC, FLAT, MAY_START, NOW, Home, home, prices, used
from tests.tariffs.conftest import by_token

pytestmark = pytest.mark.django_db
QUARTER, MINUTE = timedelta(minutes=15), timedelta(minutes=1)
LATER = NOW + timedelta(days=30)
CREDITED = FLAT | {"export": {"kind": "flat", "price": "0.10"}}


@pytest.fixture
def ours() -> Home:
    """Drew 1.0 kWh and fed in 0.4 kWh in one quarter-hour; a window before knows its net alone."""
    made = home(definition=CREDITED)
    used(made.meter, ["-0.3", "0.6"], fed=[None, "0.4"])
    return made


def flows(home: Home) -> list[tuple[int, int]]:
    (section,) = worlds.reckon(home).sections
    return list(zip(section.usage.drawn.tolist(), section.usage.fed.tolist(), strict=True))


def amounts(home: Home) -> list[tuple[str, str]]:
    (section,) = worlds.reckon(home).sections
    return [(line.of.value, str(line.amount)) for line in section.rated.bill.lines]


class TestWhatIsRated:
    @pytest.mark.parametrize(
        ("net", "fed", "charged", "credited"),
        [
            pytest.param("0.6", "0.4", "0.25", "-0.04", id="both"),
            pytest.param("-0.4", "1.4", "0.25", "-0.14", id="both, more fed in"),
            pytest.param("0", "1", "0.25", "-0.10", id="both, alike"),
            pytest.param("0.6", "0", "0.15", "0.00", id="drawn alone"),
            pytest.param("0.6", None, "0.15", "0.00", id="net alone, drawn"),
            pytest.param("-0.4", None, "0.00", "-0.04", id="net alone, fed in"),
            pytest.param("-0.4", "0", "0.00", "-0.04", id="less than its net was fed in"),
        ],
    )
    def test_is_charged_and_credited_each_at_its_price(self, net, fed, charged, credited):
        made = home(definition=CREDITED)
        used(made.meter, [net], fed=[fed])

        assert amounts(made) == [("energy", charged), ("export", credited)]

    def test_is_charged_and_not_credited_without_a_price_for_it(self):
        made = home(definition=FLAT)
        used(made.meter, ["0.6", "-0.5"], fed=["0.4", "0.5"])

        found = worlds.reckon(made)

        assert amounts(made) == [("energy", "0.25")]
        assert (found.energy_mwh, found.total) == (1_000_000, Decimal("0.25"))

    def test_is_the_peak_of_what_was_drawn(self):
        made = home(definition=FLAT | {"demand_per_kw": "1"})
        used(made.meter, ["0.1", "0.5"], fed=["0.8", "0"])

        assert amounts(made) == [("energy", "0.35"), ("demand", "3.60")]

    def test_has_its_quality_and_its_estimated_part(self):
        made = home(definition=CREDITED)
        used(made.meter, ["0.6", "0.5"], fed=["0.4", None], quality=Quality.ESTIMATED,
             estimated=["0.2", "0.1"])  # fmt: skip
        used(made.meter, ["0.7"], fed=["0.2"], start=MAY_START + 2 * QUARTER)

        (section,) = worlds.reckon(made).sections

        assert section.usage.fed.tolist() == [400_000, 0, 200_000]
        assert section.quality.tolist() == [Quality.ESTIMATED, Quality.ESTIMATED, Quality.ACTUAL]
        assert section.estimated_mwh == 300_000

    def test_is_of_both_meters_at_an_exchange(self, ours):
        at = MAY_START + QUARTER + 7 * MINUTE
        old = MeterInstallation.objects.get(meter=ours.meter)
        old.during = (worlds.LONG_AGO, at)
        old.save()
        new = grids.meter("MTR-NEW", region=ours.region, since=at)
        place = MeterInstallation.objects.get(meter=new)
        place.service_point = old.service_point
        place.save()
        used(new, ["0.1"], fed=["0.2"], start=MAY_START + QUARTER)

        assert flows(ours) == [(0, 300_000), (1_300_000, 600_000)]

    def test_of_minutes_has_the_price_of_its_minute(self):
        """0.5 kWh drawn and 0.3 fed in within two minutes; the others share the rest."""
        made = home(definition=DYNAMIC | {"export": {"kind": "dynamic"}})
        used(made.meter, ["0.33"], fed=["0.3"])
        partitions.ensure(MINUTES, {MAY_START.date()})
        for minute, (net, fed) in enumerate([(400_000, 100_000), (-200_000, 200_000)]):
            MinuteWindow.objects.create(
                meter=made.meter, start=MAY_START + minute * MINUTE, mean_mw=0, min_mw=0,
                max_mw=0, energy_mwh=net, export_mwh=fed, estimated_mwh=0, revised_at=MAY_START,
                count=6, expected=6, quality=Quality.ACTUAL)  # fmt: skip
        prices(made.region, ["1", "2"] + ["3"] * 13, slot=MINUTE)

        assert flows(made) == [(500_000, 100_000), (0, 200_000)] + [(10_000, 0)] * 13
        assert amounts(made) == [("energy", "0.89"), ("export", "-0.50")]

    def test_is_read_alike_of_many_meters_and_of_one(self, ours, monkeypatch):
        (one,) = usage.quarters([part(ours)])
        monkeypatch.setattr(usage, "_MANY", 1)
        (many,) = usage.quarters([part(ours)])

        assert one.fed.tolist() == many.fed.tolist() == [300_000, 400_000]
        assert one.energy.tolist() == many.energy.tolist() == [-300_000, 600_000]


@pytest.mark.django_db(transaction=True)
class TestExplaining:
    def test_goes_from_the_invoice_through_lines_to_the_interval(self, ours):
        made = issue(ours)

        for of, kwh, price in (
            ("energy", ["1.0"], "0.25"),
            ("export", ["0.3", "0.4"], "-0.10"),
        ):
            line = made.lines.get(of=of)
            found = invoices.intervals(line)
            (component,) = line.components
            assert [each.energy_kwh for each in found] == [Decimal(each) for each in kwh]
            assert {each.price for each in found} == {Decimal(price)}
            assert sum(each.energy_kwh for each in found) == Decimal(component["quantity"])
            assert sum(each.amount for each in found) == Decimal(component["amount"]) == line.exact
            assert line.exact + line.rounding == line.amount
        assert made.total == Decimal("0.18")  # 0.25 - 0.07

    def test_is_the_same_by_the_api_and_as_a_file(self, ours, carl: User):
        ours.account.customer.user = carl
        ours.account.customer.save()
        made = issue(ours)

        def told(rest: str):
            return by_token(carl).get(f"/api/billing/invoices/{made.pk}/{rest}")

        by_line = {
            line["label"]: told(f"lines/{line['place']}/intervals").json()["intervals"]
            for line in told("lines").json()["lines"]
        }
        text = b"".join(told("intervals.csv").streaming_content).decode()
        rows = [(row["line"], row["start"], row["energy_kwh"], row["price"])
                for row in csv.DictReader(text.splitlines())]  # fmt: skip

        assert {label: [(each["energy_kwh"], each["price"]) for each in found]
                for label, found in by_line.items()} == {
            "Energy": [("1.000000", "0.250000")],
            "Energy fed in": [("0.300000", "-0.100000"), ("0.400000", "-0.100000")],
        }  # fmt: skip
        assert [(line, start[11:16], Decimal(kwh), Decimal(price))
                for line, start, kwh, price in rows] == [
            ("Energy", "00:15", Decimal("1.0"), Decimal("0.25")),
            ("Energy fed in", "00:00", Decimal("0.3"), Decimal("-0.10")),
            ("Energy fed in", "00:15", Decimal("0.4"), Decimal("-0.10")),
        ]  # fmt: skip

    def test_keeps_nothing_of_what_nobody_pays_for(self):
        made = home(definition=FLAT)
        used(made.meter, ["0.6"], fed=["0.4"])

        invoice = issue(made)

        assert [row.line.of for row in AsBilled.objects.filter(line__invoice=invoice)] == [
            "energy"
        ]


@pytest.mark.django_db(transaction=True)
class TestLateData:
    def revise(self, place: int, **columns: int) -> None:
        at = MAY_START + place * QUARTER
        QuarterWindow.objects.filter(start=at).update(revised_at=NOW, **columns)

    def found(self, invoice: Invoice) -> dict[str, tuple[Decimal, list[Decimal]]]:
        """Approve what changed: amount and intervals of each line."""
        waits = correcting.find(invoice=invoice, now=LATER)
        if waits is None:
            return {}
        correcting.approve(correction=waits, by=CLERK, now=LATER)
        return {
            line.of: (line.amount, [each.energy_kwh for each in
                                         invoices.changed_intervals(line)])
            for line in waits.lines.all()
        }  # fmt: skip

    def test_of_the_same_net_is_billed_where_both_ways_changed(self, ours):
        invoice = issue(ours)

        self.revise(1, export_mwh=600_000)

        assert self.found(invoice) == {
            "energy": (Decimal("0.05"), [Decimal("0.2")]),
            "export": (Decimal("-0.02"), [Decimal("0.2")]),
        }
        assert self.found(invoice) == {}

    def test_that_tell_apart_what_was_net_is_billed_as_such(self, ours):
        invoice = issue(ours)

        self.revise(0, export_mwh=500_000)

        assert self.found(invoice) == {
            "energy": (Decimal("0.05"), [Decimal("0.2")]),
            "export": (Decimal("-0.02"), [Decimal("0.2")]),
        }

    def test_of_one_way_leaves_the_other_alone(self, ours):
        invoice = issue(ours)

        self.revise(1, energy_mwh=500_000, export_mwh=500_000)

        assert self.found(invoice) == {"export": (Decimal("-0.01"), [Decimal("0.1")])}

    def test_that_say_what_the_net_said_change_nothing(self, ours):
        invoice = issue(ours)

        self.revise(0, export_mwh=300_000)

        assert self.found(invoice) == {}


def test_a_projection_takes_both_for_usual():
    cache.clear()
    made = home(definition=CREDITED)
    now = MAY_START + timedelta(days=20)
    count = 28 * 96
    used(made.meter, ["0.6"] * count, fed=["0.4"] * count, start=now - count * QUARTER)

    (found,) = project(account_ids=[made.account.pk], zone=ZoneInfo("UTC"), now=now)

    assert found.projection is not None
    assert found.projection.expected == Decimal("744.00") - Decimal("119.04")
    assert exact_kwh(found.projection.energy_mwh) == 31 * 96
