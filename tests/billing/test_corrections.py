"""Late energy on issued invoices: seen by the clerk, billed on the next at its own price."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError

from billing.choices import CorrectionState
from billing.invoicing import Cycle
from billing.models import Correction, CorrectionLine, Invoice, InvoiceLine, LateMark
from billing.rating.corrections import Booked, booked, difference
from billing.rating.lines import Component
from billing.selectors import corrections, invoices
from billing.services import correcting
from meters.models import QuarterWindow
from tests.billing.test_issuing import issue, void
from tests.billing.worlds import CLERK, DYNAMIC, MAY_START, NOW, Home, home, prices, used

pytestmark = pytest.mark.django_db(transaction=True)
JUNE, JULY = Cycle(date(2026, 6, 1), date(2026, 7, 1)), Cycle(date(2026, 7, 1), date(2026, 8, 1))
LATER, LATEST = NOW + timedelta(days=30), NOW + timedelta(days=61)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def ours() -> Home:
    """Used 1 kWh at 0.40 and 1 kWh at 0.16 in May, with tax of 20 %."""
    made = home(definition=DYNAMIC | {"taxes": [{"name": "VAT", "pct": "20"}]})
    used(made.meter, [1, 1])
    prices(made.region, ["0.4", "0.16", "0.4", "0.4"])
    return made


def lines(invoice: Invoice) -> list[tuple[str, str]]:
    return [(line.label, str(line.amount)) for line in invoice.lines.all()]


def late(ours: Home, kwh: str = "5", place: int = 2, *, at: datetime = NOW) -> None:
    start = MAY_START + place * timedelta(minutes=15)
    used(ours.meter, [kwh], start=start, revised_at=at + timedelta(days=1))


def approved(*, at: datetime = LATER) -> list[Correction]:
    """Let the clerk see what is due to be looked at, and approve all of it."""
    while correcting.look_due(now=at):
        pass
    waiting = Correction.objects.filter(state=CorrectionState.WAITING)
    return [correcting.approve(correction=each, by=CLERK, now=at) for each in waiting]


class TestNextBill:
    def test_charges_late_energy_at_the_price_of_its_interval(self, ours):
        may = issue(ours)
        late(ours)
        approved()

        june = issue(ours, cycle=JUNE, now=LATER)

        assert may.total == Decimal("0.67")  # 0.56 + 0.11
        assert lines(june)[2:] == [
            ("Energy, correction of INV-000001", "2.000"),
            ("VAT, correction of INV-000001", "0.400"),
        ]
        assert june.lines.get(place=2).components == [
            {
                "label": "by load, × 2",
                "quantity": "5.000000",
                "unit": "kWh",
                "price": "0.400000",
                "amount": "2.000000000000",
            }
        ]
        assert june.total == Decimal("2.400")

    def test_charges_it_once(self, ours):
        issue(ours)
        late(ours)
        approved()
        issue(ours, cycle=JUNE, now=LATER)

        july = issue(ours, cycle=JULY, now=LATEST)

        assert july.total == 0

    def test_charges_what_came_still_later_beyond_the_first_correction(self, ours):
        issue(ours)
        late(ours)
        approved()
        issue(ours, cycle=JUNE, now=LATER)
        late(ours, "3", place=3, at=LATER)
        approved(at=LATEST)

        july = issue(ours, cycle=JULY, now=LATEST)

        assert lines(july)[2:] == [
            ("Energy, correction of INV-000001", "1.200"),
            ("VAT, correction of INV-000001", "0.240"),
        ]

    def test_gives_back_what_was_read_too_high(self, ours):
        issue(ours)
        QuarterWindow.objects.filter(start=MAY_START).update(
            energy_mwh=0, revised_at=NOW + timedelta(days=1)
        )
        approved()

        june = issue(ours, cycle=JUNE, now=LATER)

        assert june.total == Decimal("-0.480")

    def test_of_a_changed_plan_corrects_by_the_plan_that_was_billed(self, ours):
        issue(ours)
        late(ours)
        ours.agreement.plan.definition = {"energy": {"kind": "flat", "price": "99"}}
        ours.agreement.plan.save()
        approved()

        june = issue(ours, cycle=JUNE, now=LATER)

        assert june.total == Decimal("2.400")

    def test_corrects_nothing_of_an_invoice_that_was_taken_back(self, ours):
        void(issue(ours))
        late(ours)
        assert approved() == []

        again = issue(ours)
        june = issue(ours, cycle=JUNE, now=LATER)

        assert again.total == Decimal("3.070")  # 2.56 + 0.51
        assert june.total == 0
        assert not InvoiceLine.objects.exclude(corrects=None).exists()

    def test_of_a_void_bill_is_charged_by_the_one_in_its_place(self, ours):
        issue(ours)
        late(ours)
        approved()
        june = issue(ours, cycle=JUNE, now=LATER)
        void(june, now=LATER)

        assert issue(ours, cycle=JUNE, now=LATER).total == june.total


class TestLateInADearSlot:
    def test_is_billed_at_its_own_price_while_the_price_is_low(self):
        """5 kWh of a slot at × 2.0 arrive when the price is × 0.8: base price 0.2."""
        ours = home(definition=DYNAMIC)
        used(ours.meter, [1])
        prices(ours.region, ["0.2", "0.4"])
        prices(ours.region, ["0.16"] * 4, start=NOW - 2 * QUARTER)  # × 0.8 now
        may = issue(ours)
        first = list(Invoice.objects.values()), list(InvoiceLine.objects.values())
        late(ours, place=1)
        approved()

        june = issue(ours, cycle=JUNE, now=LATER)

        (line,) = june.lines.exclude(corrects=None)
        assert [(part["label"], part["price"]) for part in line.components] == [
            ("by load, × 2", "0.400000")
        ]
        assert (line.amount, june.total) == (Decimal("2.000"), Decimal("2.000"))
        old = Invoice.objects.filter(pk=may.pk), InvoiceLine.objects.filter(invoice=may)
        assert tuple(list(rows.values()) for rows in old) == first


class TestExplaining:
    def test_goes_from_the_invoice_through_line_and_component_to_the_interval(self, ours):
        issue(ours)
        late(ours, "5", place=2)
        (correction,) = approved()
        june = issue(ours, cycle=JUNE, now=LATER)
        stored = correction.lines.get(of="energy")

        on_list = invoices.changed_intervals(stored)
        on_bill = invoices.intervals(june.lines.get(carries=stored))

        assert on_bill == on_list
        (interval,) = on_bill
        assert (interval.start, interval.energy_kwh) == (MAY_START + 2 * QUARTER, Decimal(5))
        assert (interval.price, interval.component) == (Decimal("0.4"), "by load, × 2")
        assert interval.slot.starts_at == interval.start
        assert interval.amount == stored.exact

    def test_adds_up_at_every_level_where_energy_moved_between_blocks(self):
        blocks = [{"up_to_kwh": "10", "price": "0.1"}, {"price": "0.3"}]
        ours = home(definition={"energy": {"kind": "blocks", "blocks": blocks}})
        used(ours.meter, [4, 5], start=MAY_START + QUARTER)
        issue(ours)
        late(ours, "3.5", place=0)
        (correction,) = approved()

        line = correction.lines.get()
        found = invoices.changed_intervals(line)

        assert line.amount == Decimal("0.85")  # 1 kWh at 0.1 and 2.5 kWh at 0.3
        assert [(each.component, each.energy_kwh) for each in found] == [
            ("block 1", Decimal("3.5")), ("block 1", Decimal("-2.5")), ("block 2", Decimal("2.5")),
        ]  # fmt: skip
        assert sum(each.amount for each in found) == line.exact
        assert line.exact + line.rounding == line.amount


class TestWorklist:
    def test_names_what_late_data_change_in_a_closed_period_and_why(self, ours):
        issue(ours)
        late(ours)

        correcting.look_due(now=LATER)

        waits = Correction.objects.get()
        assert (waits.state, waits.total, waits.energy_mwh) == (
            CorrectionState.WAITING, Decimal("2.400"), 5_000_000,
        )  # fmt: skip
        assert (waits.filled, waits.replaced, waits.changed) == (1, 0, 0)
        assert waits.first_at == waits.last_at == MAY_START + 2 * QUARTER
        assert [str(line.amount) for line in waits.lines.all()] == ["2.000", "0.400"]
        assert not LateMark.objects.exists()

    def test_takes_nothing_of_a_period_that_is_not_billed(self, ours):
        late(ours)

        assert approved() == []
        assert not LateMark.objects.exists()

    def test_leaves_marks_alone_that_are_just_made(self, ours):
        correcting.look_due(now=LATER)  # of what was there before
        issue(ours)
        late(ours)

        assert correcting.look_due(now=NOW + timedelta(days=1, minutes=9)) == 0
        assert correcting.look_due(now=NOW + timedelta(days=1, minutes=10)) == 1

    def test_is_not_billed_until_it_is_approved(self, ours):
        issue(ours)
        late(ours)
        correcting.look_due(now=LATER)

        june = issue(ours, cycle=JUNE, now=LATER)

        assert june.total == 0
        assert Correction.objects.get().state == CorrectionState.WAITING

    def test_keeps_what_waits_when_nothing_came_and_replaces_it_when_more_did(self, ours):
        may = issue(ours)
        late(ours)
        first = correcting.find(invoice=may, now=LATER)

        same = correcting.find(invoice=may, now=LATER)
        late(ours, "1", place=3)
        more = correcting.find(invoice=may, now=LATER)

        assert same == first
        assert more is not None
        assert Correction.objects.get() == more
        assert more.energy_mwh == 6_000_000
        with pytest.raises(correcting.Decided):
            correcting.approve(correction=first, by=CLERK, now=LATER)

    def test_of_a_line_that_the_invoice_did_not_have(self):
        ours = home(definition={"energy": {"kind": "flat", "price": "1"}, "minimum": "10"})
        used(ours.meter, [12])
        may = issue(ours)
        QuarterWindow.objects.update(energy_mwh=8_000_000, revised_at=NOW + timedelta(days=1))

        found = correcting.find(invoice=may, now=LATER)

        assert [(line.label, str(line.amount)) for line in found.lines.all()] == [
            ("Energy", "-4.000"),
            ("Up to the minimum charge", "2.000"),
        ]
        assert found.changed == 1

    def test_of_one_invoice_that_fails_keeps_its_marks_and_lets_others_go_on(
        self, ours, monkeypatch
    ):
        other = home("B")
        used(other.meter, [1])
        may, theirs = issue(ours), issue(other)
        late(ours)
        late(other)
        reckon = corrections.of_invoice

        def trip(invoice, *, now):
            if invoice == may:
                raise ArithmeticError("this one is odd")
            return reckon(invoice, now=now)

        monkeypatch.setattr(corrections, "of_invoice", trip)
        correcting.look_due(now=LATER)

        assert Correction.objects.get().invoice == theirs
        assert set(LateMark.objects.values_list("meter_id", "look_at")) == {
            (ours.meter.pk, LATER + timedelta(hours=1))
        }


class TestDeciding:
    def test_to_reject_needs_no_bill_and_lets_later_data_count_beyond_it(self, ours):
        may = issue(ours)
        late(ours)
        waits = correcting.find(invoice=may, now=LATER)

        correcting.reject(correction=waits, reason="a test of the meter", by=CLERK, now=LATER)

        assert correcting.find(invoice=may, now=LATER) is None
        assert issue(ours, cycle=JUNE, now=LATER).total == 0
        late(ours, "2", place=3)
        later = correcting.find(invoice=may, now=LATER)
        assert later.energy_mwh == 2_000_000

    def test_happens_once(self, ours):
        may = issue(ours)
        late(ours)
        waits = correcting.find(invoice=may, now=LATER)
        correcting.approve(correction=waits, by=CLERK, now=LATER)

        with pytest.raises(correcting.Decided):
            correcting.reject(correction=waits, reason="no", by=CLERK, now=LATER)

    @pytest.mark.parametrize("model", [Correction, CorrectionLine], ids=["head", "lines"])
    def test_is_final(self, ours, model):
        issue(ours)
        late(ours)
        approved()

        with pytest.raises(IntegrityError, match="never changed"):
            model.objects.all()._raw_delete("default")


class TestDifference:
    def test_of_equal_lines_is_none(self):
        one = Booked(Decimal("1.00"), [Component("a", Decimal(2), "kWh", Decimal("0.5"))])

        assert difference(now=one, before=one) is None

    def test_shows_what_rounding_leaves_open(self):
        price = Decimal("0.333333")
        before = Booked(Decimal("0.33"), [Component("a", Decimal(1), "kWh", price)])
        now = Booked(Decimal("0.67"), [Component("a", Decimal(2), "kWh", price)])

        found = difference(now=now, before=before)

        assert (found.amount, found.exact) == (Decimal("0.34"), Decimal("0.333333"))
        assert found.exact + found.rounding == found.amount

    def test_is_held_against_the_line_with_all_its_corrections(self):
        first = Booked(Decimal(1), [Component("a", Decimal(2), "kWh", Decimal("0.5"))])
        second = Booked(Decimal(-1), [Component("a", Decimal(-2), "kWh", Decimal("0.5"))])

        assert booked([first, second]) == Booked(Decimal(0), [])
