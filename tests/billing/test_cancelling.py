"""Bill runs that are called off."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from billing.choices import RunState, TurnState
from billing.models import BillException, BillRun, Invoice, Turn
from billing.services import approving, cancelling, running
from tests.billing.test_running import request, states, work
from tests.billing.worlds import CLERK, MAY_START, NOW, home, used

pytestmark = pytest.mark.django_db


def rated(name: str = "A") -> BillRun:
    """A run that drafted a bill for a home with one quarter-hour, which is resolved."""
    used(home(name).meter, [1], start=MAY_START)
    run = request()
    work()
    for exception in BillException.objects.all():
        approving.resolve(exception=exception, note="new", by=CLERK, now=NOW)
    return run


def cancel(run: BillRun) -> int:
    return cancelling.cancel(run=run, by=CLERK, now=NOW)


class TestCancel:
    def test_deletes_the_drafts_and_leaves_nothing_to_approve(self) -> None:
        run = rated()
        assert Invoice.objects.count() == 1

        assert cancel(run) == 1

        run.refresh_from_db()
        assert (run.state, run.cancelled_by, run.finished_at) == (RunState.CANCELLED, CLERK, NOW)
        assert states(run) == {"ACC-A": TurnState.CANCELLED}
        assert not Invoice.objects.exists()
        with pytest.raises(approving.NothingToApprove):
            approving.approve(run=run, by=CLERK)

    def test_stops_a_run_before_workers_take_it_up(self) -> None:
        home("A")
        run = request()

        cancel(run)

        assert work() == 0
        assert states(run) == {}

    def test_lets_accounts_be_billed_by_another_run(self) -> None:
        cancel(rated())

        again = request()
        work()

        assert Invoice.objects.get().turns.get().run == again

    def test_keeps_a_draft_that_another_run_wrote_too(self) -> None:
        first = rated()
        second = request()
        work()

        assert cancel(first) == 0
        assert Turn.objects.get(run=second).invoice == Invoice.objects.get()

    def test_comes_too_late_once_something_is_approved(self) -> None:
        run = rated()
        approving.approve(run=run, by=CLERK)

        with pytest.raises(cancelling.NotCancellable):
            cancel(run)

        run.refresh_from_db()
        assert run.state == RunState.RUNNING
        assert states(run) == {"ACC-A": TurnState.APPROVED}
        assert Invoice.objects.count() == 1

    def test_comes_too_late_once_something_is_issued(self) -> None:
        run = rated()
        Turn.objects.update(state=TurnState.ISSUED)

        with pytest.raises(cancelling.NotCancellable):
            cancel(run)

    def test_happens_once(self) -> None:
        run = rated()
        cancel(run)

        with pytest.raises(cancelling.NotCancellable):
            cancel(run)

    def test_takes_the_pen_from_a_worker_that_is_at_a_turn(self) -> None:
        used(home("A").meter, [1], start=MAY_START)
        run = request()
        running._begin(run)
        (turn,) = running._claim(TurnState.WAITING, NOW)
        cancel(run)

        with pytest.raises(IntegrityError, match="cancelled"), transaction.atomic():
            running._rate([turn], NOW + timedelta(seconds=1))

        assert states(run) == {"ACC-A": TurnState.CANCELLED}
        assert not Invoice.objects.exists()
