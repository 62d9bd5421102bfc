"""Bills by REST: who sees what, shapes, refusals."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.choices import UserRole
from accounts.models import User
from billing.models import BillException, Invoice
from billing.services import running
from tests.billing.worlds import (
    DYNAMIC,
    MAY,
    MAY_START,
    NOW,
    Home,
    home,
    plan,
    prices,
    used,
    whole_month,
)
from tests.tariffs.conftest import by_token

pytestmark = pytest.mark.django_db(transaction=True)
INVOICES, RUNS = "/api/billing/invoices", "/api/admin/bill-runs"


@pytest.fixture(autouse=True)
def _in_june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clara(db: None) -> User:
    """Is a billing clerk."""
    return User.objects.create_user("clara@utility.example", "secret", role=UserRole.CLERK)


@pytest.fixture
def carls(carl: User) -> Home:
    """Carl's home, on a dynamic plan with tax; used 3 kWh for 1.00."""
    made = home(definition=DYNAMIC | {"taxes": [{"name": "VAT", "pct": "20"}]})
    made.account.customer.user = carl
    made.account.customer.save()
    used(made.meter, [1, 2])
    prices(made.region, ["0.2", "0.4"])
    return made


def send(user: User, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return by_token(user).post(path, body or {}, content_type="application/json", headers=headers)


def issue(clara: User, home: Home) -> int:
    answer = send(clara, INVOICES, {"account": home.account.number, "day": "2026-05-15"})
    assert answer.status_code == 201, answer.json()
    return int(answer.json()["id"])


class TestInvoices:
    def test_are_issued_by_the_clerk_and_read_by_the_customer(self, clara, carl, carls):
        pk = issue(clara, carls)

        whole = by_token(carl).get(f"{INVOICES}/{pk}").json()

        assert (whole["number"], whole["state"]) == ("INV-000001", "issued")
        assert (whole["total"], whole["open"], whole["energy_kwh"]) == (
            "1.200",
            "1.200",
            "3.000000",
        )
        assert [row["number"] for row in by_token(carl).get(INVOICES).json()["results"]] == [
            "INV-000001"
        ]

    def test_are_issued_once(self, clara, carls):
        assert issue(clara, carls) == issue(clara, carls)

    def test_are_listed_a_page_at_a_time(self, clara, carls):
        other = home("B")
        used(other.meter, [1])
        pages = [issue(clara, carls), issue(clara, other)]

        first = by_token(clara).get(f"{INVOICES}?limit=1").json()
        second = by_token(clara).get(first["next"]).json()

        assert [page["results"][0]["id"] for page in (first, second)] == pages[::-1]
        assert second["next"] is None

    def test_explain_themselves_down_to_the_interval(self, clara, carl, carls):
        pk = issue(clara, carls)

        lines = by_token(carl).get(f"{INVOICES}/{pk}/lines").json()["lines"]
        found = by_token(carl).get(f"{INVOICES}/{pk}/lines/0/intervals").json()["intervals"]

        assert [(line["of"], line["amount"]) for line in lines] == [
            ("energy", "1.000"),
            ("tax", "0.200"),
        ]
        assert found[1] == {
            "start": "2026-05-01T00:15:00Z",
            "energy_kwh": "2.000000",
            "quality": "actual",
            "component": "by load, × 2",
            "price": "0.400000",
            "amount": "0.800000000000000",
            "load_pct": None,
            "band_from_pct": None,
            "override": None,
            "reason": "test",
        }

    def test_show_one_day_of_intervals(self, clara, carl, carls):
        path = f"{INVOICES}/{issue(clara, carls)}/lines/0/intervals"

        assert len(by_token(carl).get(path, {"day": "2026-05-01"}).json()["intervals"]) == 2
        assert by_token(carl).get(path, {"day": "2026-05-02"}).json()["intervals"] == []

    @pytest.mark.parametrize("rest", ["", "/lines", "/lines/0/intervals"])
    def test_of_another_do_not_exist(self, clara, carls, rest):
        pk = issue(clara, carls)
        nina = User.objects.create_user("nina@home.example", "secret", role=UserRole.CUSTOMER)

        assert by_token(nina).get(f"{INVOICES}/{pk}{rest}").status_code == 404
        assert by_token(nina).get(INVOICES).json()["results"] == []
        asked = by_token(nina).get(INVOICES, {"account": carls.account.number})
        assert asked.status_code == 404

    def test_that_are_drafts_are_the_clerks(self, clara, carl, carls):
        running.request(day=MAY.start, by="x", now=NOW)
        while running.work_due(now=NOW):
            pass

        assert by_token(carl).get(INVOICES).json()["results"] == []
        assert len(by_token(clara).get(INVOICES, {"state": "draft"}).json()["results"]) == 1

    def test_refuse_with_a_code(self, clara, carls):
        used(carls.meter, [1], start=MAY_START.replace(day=2))

        refused = send(clara, INVOICES, {"account": "ACC-A", "day": "2026-05-15"})
        early = send(clara, INVOICES, {"account": "ACC-A", "day": "2026-06-15"})

        assert (refused.status_code, refused.json()["code"]) == (409, "not_whole")
        assert "no price from 2026-05-02 00:00" in refused.json()["detail"]
        assert (early.status_code, early.json()["code"]) == (409, "not_over")

    def test_are_taken_back_by_the_clerk_alone(self, clara, carl, carls):
        path = f"{INVOICES}/{issue(clara, carls)}/void"

        assert send(carl, path, {"reason": "x"}).status_code == 403
        note = send(clara, path, {"reason": "wrong meter"})
        again = send(clara, path, {"reason": "wrong meter"})

        assert (note.status_code, note.json()["total"]) == (201, "1.200")
        assert (again.status_code, again.json()["code"]) == (409, "not_live")


class TestCalculate:
    PATH = "/api/billing/calculate"
    DAYS = {"start": "2026-05-01", "end": "2026-05-03"}

    def test_answers_what_would_be_owed(self, carl, carls):
        (account,) = by_token(carl).get(self.PATH, self.DAYS).json()["accounts"]

        assert (account["total"], account["is_whole"]) == ("1.200", True)
        assert account["troubles"] == {"missing": "190 of 192 quarter-hours are not known"}
        assert account["sections"][0]["lines"][0]["components"][1] == {
            "label": "by load, × 2",
            "quantity": "2.000000",
            "unit": "kWh",
            "price": "0.400000",
            "amount": "0.800000000000",
        }
        assert not Invoice.objects.exists()

    def test_is_kept_for_half_a_minute(self, carl, carls):
        first = by_token(carl).get(self.PATH, self.DAYS).json()
        used(carls.meter, [4], start=MAY_START.replace(day=2))

        assert by_token(carl).get(self.PATH, self.DAYS).json() == first
        with time_machine.travel(NOW + timedelta(seconds=31), tick=False):
            (account,) = by_token(carl).get(self.PATH, self.DAYS).json()["accounts"]
        assert "no price from 2026-05-02" in str(account["troubles"])

    def test_of_another_is_for_those_who_see_customers(self, carl, clara, carls):
        asked = self.DAYS | {"userId": carl.pk}
        nina = User.objects.create_user("nina@home.example", "secret", role=UserRole.CUSTOMER)

        assert by_token(clara).get(self.PATH, asked).json()["accounts"][0]["account"] == "ACC-A"
        assert by_token(nina).get(self.PATH, asked).status_code == 404
        assert by_token(nina).get(self.PATH, self.DAYS).json() == {"accounts": []}

    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"start": "2026-05-03", "end": "2026-05-03"},
            {"start": "2026-05-03", "end": "2027-06-03"},
            {"start": "1999-05-03", "end": "1999-05-04"},
            {"start": "soon", "end": "2026-05-04"},
        ],
    )
    def test_refuses_days_that_are_none(self, carl, asked):
        assert by_token(carl).get(self.PATH, asked).json()["code"] == "invalid"


class TestCompare:
    def test_answers_every_plan_cheapest_first(self, carl, carls):
        plan("CHEAP", {"energy": {"kind": "flat", "price": "0.01"}})
        plan("BLOCKS", {"energy": {"kind": "blocks", "blocks": [{"price": "5"}]}})

        found = by_token(carl).get(
            "/api/tariffs/compare", {"start": "2026-05-01", "end": "2026-06-01"}
        ).json()  # fmt: skip

        assert found["energy_kwh"] == "3.000000"
        assert [(one["plan"], one["total"], one["is_current"]) for one in found["plans"]] == [
            ("CHEAP", "0.030", False),
            ("PLAN-A", "1.200", True),
            ("BLOCKS", "15.000", False),
        ]

    def test_says_which_plan_cannot_price_it(self, carl, carls):
        plan("DEMAND", {"energy": {"kind": "dynamic"}})
        used(carls.meter, [1], start=MAY_START.replace(day=9))

        found = by_token(carl).get(
            "/api/tariffs/compare", {"start": "2026-05-01", "end": "2026-06-01"}
        ).json()  # fmt: skip

        assert [one["total"] for one in found["plans"]] == [None, None]
        assert "no price from 2026-05-09" in found["plans"][0]["trouble"]


class TestPayments:
    def body(self, **said: Any) -> dict[str, Any]:
        return {
            "account": "ACC-A",
            "invoice": "INV-000001",
            "amount": "0.50",
            "currency": "EUR",
            "received_on": "2026-06-02",
            "reference": "BANK-1",
        } | said

    def test_are_booked_by_the_clerk_and_seen_by_the_customer(self, clara, carl, carls):
        pk = issue(clara, carls)
        path = "/api/billing/payments"

        booked = send(clara, path, self.body())
        again = send(clara, path, self.body())
        other = send(clara, path, self.body(amount="0.60"))

        assert (booked.status_code, again.json()) == (201, booked.json())
        assert (other.status_code, other.json()["code"]) == (409, "booked_before")
        assert by_token(carl).get(f"{INVOICES}/{pk}").json()["state"] == "part_paid"
        assert len(by_token(carl).get(path).json()["results"]) == 1
        assert send(carl, path, self.body()).status_code == 403

    def test_once_by_their_key(self, clara, carls):
        issue(clara, carls)
        headers = {"Idempotency-Key": "k-1"}

        first = send(clara, "/api/billing/payments", self.body(), **headers)
        second = send(clara, "/api/billing/payments", self.body(), **headers)

        assert first.json() == second.json()


class TestDisputes:
    PATH = "/api/billing/disputes"

    def test_are_opened_by_the_customer_and_closed_by_the_clerk(self, clara, carl, carls):
        pk = issue(clara, carls)
        made = send(carl, self.PATH, {"invoice": pk, "reason": "I was away"}).json()

        assert send(carl, f"{self.PATH}/{made['id']}/close", {}).status_code == 403
        assert send(clara, f"{self.PATH}/{made['id']}/review").json()["state"] == "under_review"
        closed = send(
            clara, f"{self.PATH}/{made['id']}/close", {"is_upheld": False, "answer": "Read twice."}
        )

        assert (closed.json()["state"], closed.json()["answer"]) == ("rejected", "Read twice.")
        assert by_token(carl).get(self.PATH).json()["results"] == [closed.json()]

    def test_of_the_invoice_of_another_do_not_exist(self, clara, carls):
        pk = issue(clara, carls)
        nina = User.objects.create_user("nina@home.example", "secret", role=UserRole.CUSTOMER)

        assert send(nina, self.PATH, {"invoice": pk, "reason": "x"}).status_code == 404


class TestRuns:
    def work(self) -> None:
        while running.work_due(now=NOW):
            pass

    def test_go_from_wish_to_invoices(self, clara, carls):
        whole_month(home("B", definition={"energy": {"kind": "flat", "price": "1"}}).meter, "0.1")
        run = send(clara, RUNS, {"day": "2026-05-15"}).json()
        self.work()
        stands = by_token(clara).get(f"{RUNS}/{run['id']}").json()["progress"]
        (exception,) = by_token(clara).get(f"{RUNS}/{run['id']}/exceptions").json()["results"]

        assert (stands["turns"], stands["unresolved"]) == ({"held": 1, "rated": 1}, 1)
        assert (exception["account"], exception["trouble"]) == ("ACC-A", "missing")

        resolve = f"/api/admin/bill-exceptions/{exception['id']}/resolve"
        assert send(clara, resolve, {"reason": "new meter"}).json()["note"] == "new meter"
        assert send(clara, f"{RUNS}/{run['id']}/approve").json() == {"turns": 2}
        self.work()
        assert by_token(clara).get(f"{RUNS}/{run['id']}").json()["progress"]["turns"] == {
            "issued": 2
        }
        again = send(clara, f"{RUNS}/{run['id']}/approve")
        assert (again.status_code, again.json()["code"]) == (409, "nothing_to_approve")

    def test_cannot_let_a_missing_price_be(self, clara, carls):
        used(carls.meter, [1], start=MAY_START.replace(day=9))
        run = send(clara, RUNS, {"day": "2026-05-15", "account": "ACC-A"}).json()
        self.work()
        exception = BillException.objects.get(trouble="no_price")

        refused = send(
            clara, f"/api/admin/bill-exceptions/{exception.pk}/resolve", {"reason": "x"}
        )

        assert (refused.status_code, refused.json()["code"]) == (409, "still_held")
        assert send(clara, f"{RUNS}/{run['id']}/retry").json() == {"turns": 1}

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_are_nobodys_but_the_clerks(self, client: Client, carl, olga, method):
        assert getattr(client, method)(RUNS).status_code in (401, 403)
        for user in (carl, olga):
            assert getattr(by_token(user), method)(RUNS).status_code == 403

    def test_names_what_is_wrong_in_the_wish(self, clara):
        answer = send(clara, RUNS, {"day": "2026-05-15", "region": "Nowhere"})

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["region"])
