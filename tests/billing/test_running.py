"""Bill runs, from wish to invoice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.choices import RunState, Trouble, TurnState
from billing.invoicing import Cycle
from billing.models import BillException, BillingTerms, BillRun, Invoice, Turn
from billing.selectors import reckoning
from billing.services import approving, issuing, running
from meters.models import WindowMark
from tests.billing.worlds import CLERK, DYNAMIC, MAY_START, NOW, Home, home, prices, whole_month

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 5, 15)


def billed(name: str, kwh: str | int = "0.1", **said) -> Home:
    made = home(name, **said)
    whole_month(made.meter, kwh)
    return made


def request(**said) -> BillRun:
    return running.request(day=DAY, by=CLERK, now=NOW, **said)


def work(*, now: datetime = NOW) -> int:
    done = 0
    while step := running.work_due(now=now):
        done += step
    return done


def states(run: BillRun) -> dict[str, str]:
    turns = Turn.objects.filter(run=run).select_related("account")
    return {turn.account.number: turn.state for turn in turns}


class TestRun:
    def test_drafts_everybody_and_waits_for_the_clerk(self):
        billed("A")
        billed("B", "0.2")
        run = request()

        work()
        run.refresh_from_db()

        assert states(run) == {"ACC-A": TurnState.RATED, "ACC-B": TurnState.RATED}
        assert run.state == RunState.DONE
        assert list(Invoice.objects.values_list("number", "total").order_by("total")) == [
            (None, Decimal("74.400")),
            (None, Decimal("148.800")),
        ]

    def test_issues_what_is_approved(self):
        billed("A")
        run = request()
        work()

        assert approving.approve(run=run, by=CLERK) == 1
        work()

        assert states(run) == {"ACC-A": TurnState.ISSUED}
        assert Invoice.objects.get().number == "INV-000001"

    def test_that_is_dry_writes_no_draft(self):
        billed("A")
        run = request(is_dry=True)

        work()

        assert Turn.objects.get().total == Decimal("74.400")
        assert not Invoice.objects.exists()
        with pytest.raises(approving.NothingToApprove):
            approving.approve(run=run, by=CLERK)

    def test_takes_a_region_or_one_account(self):
        ours, _ = billed("A"), billed("B")
        of_account = request(account=ours.account)
        of_region = request(region=ours.region)
        work()

        assert states(of_account) == {"ACC-A": TurnState.RATED}
        assert len(states(of_region)) == 2

    def test_bills_each_account_by_its_own_cycle(self):
        ours = billed("A")
        BillingTerms.objects.create(account=ours.account, anchor=date(2026, 1, 10))
        run = request()
        work()

        invoice = Invoice.objects.get()
        assert (invoice.starts_on, invoice.ends_on) == (date(2026, 5, 10), date(2026, 6, 10))
        assert states(run) == {"ACC-A": TurnState.HELD}  # June is not there yet

    def test_asked_for_twice_bills_once(self):
        billed("A")
        first, second = request(), request()
        work()
        for run in (first, second):
            approving.approve(run=run, by=CLERK)
        work()

        assert Invoice.objects.count() == 1
        assert states(first) == states(second) == {"ACC-A": TurnState.ISSUED}

    def test_worked_by_four_at_once_bills_each_once(self):
        for name in "ABCDEF":
            billed(name)
        run = request()
        approved = []

        def worker(_: int) -> None:
            try:
                work()
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(worker, range(4)))
            approved.append(approving.approve(run=run, by=CLERK))
            list(pool.map(worker, range(4)))

        assert set(states(run).values()) == {TurnState.ISSUED}
        numbers = sorted(Invoice.objects.values_list("number", flat=True))
        assert numbers == [f"INV-{number:06d}" for number in range(1, 7)]


class TestExceptions:
    def test_hold_a_turn_until_each_is_resolved_with_a_reason(self):
        home("A")  # nothing known of it at all
        run = request()
        work()
        (exception,) = BillException.objects.all()

        assert (exception.trouble, exception.detail) == (
            Trouble.MISSING,
            "2976 of 2976 quarter-hours are not known",
        )
        with pytest.raises(approving.NothingToApprove):
            approving.approve(run=run, by=CLERK)
        approving.resolve(exception=exception, note="meter burnt", by=CLERK, now=NOW)
        approving.approve(run=run, by=CLERK)
        work()

        assert states(run) == {"ACC-A": TurnState.ISSUED}

    def test_that_leave_no_price_cannot_be_let_be(self):
        billed("A", definition=DYNAMIC)
        request()
        work()

        exception = BillException.objects.get(trouble=Trouble.NO_PRICE)
        with pytest.raises(approving.StillHeld):
            approving.resolve(exception=exception, note="never mind", by=CLERK, now=NOW)
        assert not Invoice.objects.exists()

    def test_go_when_the_cause_is_gone_and_the_turn_is_tried_again(self):
        ours = billed("A", definition=DYNAMIC)
        run = request()
        work()
        prices(ours.region, ["0.1"] * 2976)

        assert approving.retry(run=run) == 1
        work()

        assert states(run) == {"ACC-A": TurnState.RATED}
        assert not BillException.objects.exists()

    def test_of_a_bill_far_from_the_one_before(self):
        ours = billed("A")
        whole_month(ours.meter, 2, start=MAY_START + timedelta(days=31))
        issuing.issue(account=ours.account, cycle=running.BillingTerms().cycle_of(DAY),
                      by=CLERK, now=NOW)  # fmt: skip
        running.request(day=date(2026, 6, 2), by=CLERK, now=NOW)
        work(now=datetime(2026, 7, 2, tzinfo=UTC))

        assert BillException.objects.get().detail == (
            "1440.00 where the bill before lets expect 72.00"
        )


class TestFailure:
    def test_of_one_account_is_parked_and_the_others_go_on(self, monkeypatch):
        homes = [billed(name) for name in "ABC"]
        reckon = reckoning.Reckoner.reckon

        def trip(self, cycles):
            if homes[1].account.pk in cycles:
                raise ArithmeticError("this one is odd")
            return reckon(self, cycles)

        monkeypatch.setattr(reckoning.Reckoner, "reckon", trip)
        run = request()
        work()

        assert states(run) == {
            "ACC-A": TurnState.RATED,
            "ACC-B": TurnState.PARKED,
            "ACC-C": TurnState.RATED,
        }
        assert BillException.objects.get().detail == "ArithmeticError: this one is odd"
        assert approving.approve(run=run, by=CLERK) == 2

    def test_that_the_database_finds_leaves_the_others_issued(self):
        homes = [billed(name) for name in "ABC"]
        run = request()
        work()
        approving.approve(run=run, by=CLERK)
        issuing.issue(account=homes[1].account, cycle=Cycle(date(2026, 4, 20), date(2026, 5, 20)),
                      by=CLERK, now=NOW)  # fmt: skip

        work()

        assert states(run) == {
            "ACC-A": TurnState.ISSUED,
            "ACC-B": TurnState.PARKED,
            "ACC-C": TurnState.ISSUED,
        }
        assert BillException.objects.get().detail.startswith("Overlapping")
        numbers = Invoice.objects.issued().values_list("number", flat=True)
        assert sorted(numbers) == ["INV-000001", "INV-000002", "INV-000003"]

    def test_of_a_worker_is_taken_over_when_its_lease_ends(self):
        billed("A")
        run = request()
        running._begin(run)
        running._claim(TurnState.WAITING, NOW)  # and then it was killed

        assert work(now=NOW + timedelta(seconds=59)) == 0
        assert work(now=NOW + timedelta(seconds=61)) == 1

    def test_of_sums_to_be_there_yet_is_waited_out(self):
        ours = billed("A")
        run = request()
        work()
        approving.approve(run=run, by=CLERK)
        mark = WindowMark.objects.create(
            shard=ours.meter.shard, meter_id=ours.meter.pk, minute=MAY_START
        )

        work()
        assert states(run) == {"ACC-A": TurnState.APPROVED}
        mark.delete()
        work(now=NOW + timedelta(seconds=61))

        assert states(run) == {"ACC-A": TurnState.ISSUED}
