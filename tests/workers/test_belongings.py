"""A person gets everything that is held about him, and may leave."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Closure, Customer, DataExport, Registration, User
from accounts.services import closing, exporting, preferences
from alerts.models import NoticeSettings
from billing.models import InvoiceDocument
from segs_site.lib.models import AuditEntry
from tests.billing import bills
from tests.billing.worlds import MAY_START, Home, home, used
from workers import belongings

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
YEARS = 10


@pytest.fixture(autouse=True)
def _in_june() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def of(user: User, name: str = "A") -> Home:
    made = home(name)
    Customer.objects.filter(pk=made.account.customer_id).update(user=user)
    return made


@pytest.fixture
def carls(client: Client, carl: User) -> Client:
    client.force_login(carl)
    return client


def files(packed: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        return {name: opened.read(name).decode(errors="replace") for name in opened.namelist()}


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


class TestTheArchive:
    def test_holds_all_that_is_his_and_nothing_of_another(self, carl: User, olga: User) -> None:
        ours, theirs = of(carl), of(olga, "B")
        used(ours.meter, ["0.5"] * 3, start=MAY_START)
        used(theirs.meter, ["9"], start=MAY_START)
        bill = bills.bill(ours, date(2026, 5, 1), kwh="10", lines=[("energy", "Energy", "2.50")])
        bills.bill(theirs, date(2026, 5, 1), kwh="10", lines=[("energy", "Energy", "7.77")])
        InvoiceDocument.objects.create(
            invoice=bill, wanted_at=NOW, try_at=NOW, pdf=b"%PDF", sha256="a" * 64, drawn_at=NOW
        )
        preferences.set_preferences(user=carl, budget="80.00")
        NoticeSettings.objects.create(user=carl, phone="+3225551234")

        found = files(belongings.archive(carl))

        person = json.loads(found["person.json"])
        assert (person["address"], person["preferences"][0]["budget"]) == (carl.email, "80.00")
        assert person["notice_settings"][0]["phone"] == "+3225551234"
        assert json.loads(found["service.json"])["agreements"][0]["account"] == "ACC-A"
        held = json.loads(found["bills.json"])
        assert [line["amount"] for line in held["lines"]] == ["2.500"]
        assert found[f"bills/{bill.number}.pdf"] == "%PDF"
        (name,) = [name for name in found if name.startswith("use/")]
        rows = list(csv.DictReader(io.StringIO(found[name])))
        assert [row["kwh"] for row in rows] == ["0.500000"] * 3
        assert carl.password not in "".join(found.values())
        assert olga.email not in "".join(found.values())
        assert "7.77" not in "".join(found.values())

    def test_is_made_by_a_job_fetched_and_forgotten_after_a_week(
        self, carls: Client, carl: User
    ) -> None:
        of(carl)
        assert carls.get("/account/data/archive/").status_code == 404

        carls.post("/account/data/ask/")
        assert "It is being made." in text(carls.get("/account/data/"))
        assert exporting.make_due(make=belongings.archive, now=NOW) == 1

        assert "Download it" in text(carls.get("/account/data/"))
        fetched = carls.get("/account/data/archive/")
        assert "person.json" in files(fetched.content)
        assert "no-store" in fetched.headers["Cache-Control"]
        exporting.make_due(make=belongings.archive, now=NOW + 7 * DAY)
        assert DataExport.objects.get().archive is None
        assert carls.get("/account/data/archive/").status_code == 404
        assert "The one before is no longer here." in text(carls.get("/account/data/"))

    def test_can_be_asked_for_once_a_day(self, carls: Client, carl: User) -> None:
        carls.post("/account/data/ask/")

        again = text(carls.post("/account/data/ask/", follow=True))

        assert "within a day" in again
        exporting.make_due(make=belongings.archive, now=NOW)
        assert exporting.ask(user=carl, now=NOW + DAY).archive is None

    def test_is_tried_again_where_its_making_fails(self, carl: User) -> None:
        exporting.ask(user=carl, now=NOW)

        with pytest.raises(OSError, match="away"):
            exporting.make_due(make=_fails, now=NOW)

        assert exporting.make_due(make=belongings.archive, now=NOW + timedelta(minutes=1)) == 0
        assert exporting.make_due(make=belongings.archive, now=NOW + timedelta(minutes=11)) == 1

    def test_is_another_s_to_nobody(self, carls: Client, olga: User) -> None:
        exporting.ask(user=olga, now=NOW)
        exporting.make_due(make=belongings.archive, now=NOW)

        assert carls.get("/account/data/archive/").status_code == 404


def _fails(_: User) -> bytes:
    raise OSError("the disk is away")


class TestClosing:
    def test_says_first_what_goes_on_and_what_is_owed(self, carls: Client, carl: User) -> None:
        ours = of(carl)
        bills.bill(ours, date(2026, 5, 1), kwh="10", lines=[("energy", "Energy", "2.50")])

        said = text(carls.get("/account/close/"))

        assert "Your supply goes on." in said
        assert "You still owe 2.50" in said
        assert "for 10 years" in said

    def test_needs_the_password(self, carls: Client, carl: User) -> None:
        said = text(carls.post("/account/close/", {"password": "guessed"}))

        assert "Your present password is another." in said
        assert User.objects.filter(pk=carl.pk).exists()

    def test_ends_the_login_and_keeps_the_customer(self, carls: Client, carl: User) -> None:
        ours = of(carl)
        Registration.objects.create(email=carl.email, password="", asked_at=NOW)
        exporting.ask(user=carl, now=NOW)

        said = text(carls.post("/account/close/", {"password": "secret-carl"}))

        assert "Your login is closed" in said
        assert not User.objects.filter(email=carl.email).exists()
        assert not DataExport.objects.exists()
        assert not Registration.objects.exists()
        kept = Customer.objects.get(pk=ours.account.customer_id)
        assert (kept.user, kept.name) == (None, "Customer A")
        assert Closure.objects.get(customer=kept).closed_at == NOW
        assert carls.get("/home/").status_code == 302
        assert not carls.login(email=carl.email, password="secret-carl")
        trail = AuditEntry.objects.filter(subject_type__in=["accounts.User", "accounts.Closure"])
        assert {(each.subject_type, each.verb) for each in trail} >= {
            ("accounts.User", "delete"), ("accounts.Closure", "insert"),
        }  # fmt: skip

    def test_is_not_for_whoever_works_here(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        said = text(client.get("/account/close/"))
        client.post("/account/close/", {"password": "secret-olga"})

        assert "an administrator takes your login away" in said
        assert User.objects.filter(pk=olga.pk).exists()


class TestErasing:
    def closed(self, carl: User, *, until: datetime | None) -> Home:
        ours = of(carl)
        ours.agreement.during = (None, until)
        ours.agreement.save()
        closing.close(user=carl, password="secret-carl", now=NOW)
        return ours

    def name(self, ours: Home) -> str:
        return Customer.objects.get(pk=ours.account.customer_id).name

    def test_waits_for_the_years_of_the_law(self, carl: User) -> None:
        ours = self.closed(carl, until=NOW)

        assert belongings.erase_due(years=YEARS, now=NOW + 3600 * DAY) == 0
        assert self.name(ours) == "Customer A"
        assert belongings.erase_due(years=YEARS, now=NOW + 3661 * DAY) == 1
        assert belongings.erase_due(years=YEARS, now=NOW + 3661 * DAY) == 0
        assert self.name(ours) == "erased"

    def test_spares_whoever_is_supplied(self, carl: User) -> None:
        ours = self.closed(carl, until=None)

        assert belongings.erase_due(years=YEARS, now=NOW + 3661 * DAY) == 0
        assert self.name(ours) == "Customer A"

    def test_spares_whoever_was_billed_since(self, carl: User) -> None:
        ours = self.closed(carl, until=NOW)
        bill = bills.bill(ours, date(2026, 6, 1), kwh="1", lines=[("energy", "Energy", "1")])

        later = bill.drafted_at + 3659 * DAY
        assert belongings.erase_due(years=YEARS, now=max(later, NOW + 3650 * DAY)) == 0

    def test_spares_whoever_came_back(self, carl: User, olga: User) -> None:
        ours = self.closed(carl, until=NOW)
        Customer.objects.filter(pk=ours.account.customer_id).update(user=olga)

        assert belongings.erase_due(years=YEARS, now=NOW + 3661 * DAY) == 0
