"""A month of use that waits to be billed, and the clerk who bills it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.choices import UserRole
from accounts.models import Customer, CustomerAccount, ServiceAgreement, User
from billing.models import BillException, BillRun, Invoice, Turn
from billing.services import approving, banking, matching, receiving, running
from meters.models import Meter, MeterInstallation
from segs_site.lib.periods import Period, local_day
from tariffs.models import RatePlan
from tests.billing.statements.files import payment, statement
from tests.billing.worlds import used
from tests.browser.scene import Grid

CLARA, PASSWORD = "clara@utility.example", "secret-clara"
PLAN = {"energy": {"kind": "flat", "price": "0.25"}, "taxes": [{"name": "VAT", "pct": "20"}]}


BACK = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"


def last_month() -> Period:
    """The month that is over, by the site's days."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    first = datetime.now(UTC).astimezone(zone).date().replace(day=1)
    start = (first - timedelta(days=1)).replace(day=1)
    return Period(local_day(start, zone).start, local_day(first, zone).start)


def month_word() -> str:
    """The same as the form writes it."""
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    return f"{last_month().start.astimezone(zone):%Y-%m}"


def settle_in(meter: Meter, name: str, *, kwh: str | None) -> None:
    """Give a meter an account, and last month's use unless nothing of it is known."""
    month = last_month()
    installed = MeterInstallation.objects.select_related("service_point").get(meter=meter)
    MeterInstallation.objects.filter(pk=installed.pk).update(during=(month.start, None))
    customer = Customer.objects.create(code=f"USR-{name}", name=f"Customer {name}")
    account = CustomerAccount.objects.create(number=f"ACC-{name}", customer=customer)
    plan, _ = RatePlan.objects.get_or_create(
        code="flat", defaults={"name": "Flat", "currency": "EUR", "definition": PLAN}
    )
    ServiceAgreement.objects.create(
        account=account, service_point=installed.service_point, plan=plan,
        during=(month.start, None),
    )  # fmt: skip
    if kwh is not None:
        count = (month.end - month.start) // timedelta(minutes=15)
        used(meter, [kwh] * count, start=month.start)


def work() -> None:
    """Do what workers do."""
    while running.work_due(now=datetime.now(UTC)):
        pass


def lay_office(grid: Grid) -> None:
    """Let Clara bill two homes, of which nothing is known of the second."""
    User.objects.create_user(CLARA, PASSWORD, role=UserRole.CLERK)
    settle_in(grid.meters[0], "A", kwh="0.1")
    settle_in(grid.meters[1], "B", kwh=None)


def match() -> None:
    """Do what workers do with the entries of bank files."""
    while matching.match_due(now=datetime.now(UTC), limit=50):
        pass


def lay_money(invoice: Invoice) -> None:
    """Lay a bank's file: a part of an invoice is booked, two entries wait, a return among them."""
    entries = [
        payment("12.00", invoice.number), payment("19.90", "thank you", ref="B-2"),
        payment("5.00", "", ref="B-3", way="DBIT", more=BACK),
    ]  # fmt: skip
    now = datetime.now(UTC)
    stream = BytesIO(statement(entries))
    banking.take_in(stream=stream, name="bank.xml", format_name="", by=CLARA, now=now)
    match()


def request() -> BillRun:
    """Ask for a run of last month."""
    day = date.fromisoformat(f"{month_word()}-01")
    return running.request(day=day, by=CLARA, now=datetime.now(UTC))


def issue(run: BillRun, account: str) -> Invoice:
    """Let one account of a run go out."""
    approving.approve(
        run=run, by=CLARA, turns=[Turn.objects.get(run=run, account__number=account)]
    )
    work()
    return Invoice.objects.live().get(account__number=account)


def park(account: str) -> None:
    """Park an account in its newest run."""
    turn = Turn.objects.filter(account__number=account).latest("run_id")
    Turn.objects.filter(pk=turn.pk).update(state="parked")
    BillException.objects.get_or_create(
        turn=turn, trouble="failed", defaults={"detail": "ArithmeticError: this one is odd"}
    )


def lay_month(grid: Grid) -> tuple[int, int]:
    """Lay a run with everything in it; return it and a part-paid invoice, by their keys."""
    lay_office(grid)
    settle_in(grid.meters[2], "C", kwh="0.2")
    settle_in(grid.meters[3], "D", kwh="0.35")
    run = request()
    work()
    invoice, now = issue(run, "ACC-A"), datetime.now(UTC)
    receiving.receive(
        account=invoice.account, invoice=invoice, amount=Decimal(40), currency="EUR",
        received_on=now.date(), reference="BANK-1", by=CLARA, now=now,
    )  # fmt: skip
    lay_money(invoice)
    park("ACC-D")
    return run.pk, invoice.pk
