"""Every address and every topic × everybody: what opens, what stays shut.

The expectations stand in `tests/journeys/matrix.py`. An address without one fails, and so does an
expectation without an address.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from accounts import services as accounts_services
from accounts.choices import UserRole
from accounts.models import Customer, CustomerAccount, ServiceAgreement, User
from alerts.conditions.kinds import Kind
from alerts.models import AlertRule
from alerts.services import planning
from billing.models import (
    AsBilled,
    BankEntry,
    BankFile,
    BillException,
    BillRun,
    Correction,
    CorrectionDay,
    CorrectionLine,
    Delivery,
    Dispute,
    Invoice,
    InvoiceEvent,
    InvoiceLine,
    PeriodClaim,
    PrintBatch,
    Turn,
)
from billing.packing import VERSION
from grid import consumers
from meters.choices import UploadState
from meters.models import (
    Finding,
    GatewayRequest,
    Meter,
    QuarantinedReading,
    ServicePoint,
    Upload,
)
from meters.services import requests
from segs_site.lib import health
from segs_site.lib.models import DeadLetter
from segs_site.lib.periods import QUARTER, Period
from tariffs.models import RatePlan
from tests import worlds
from tests.alerts.builders import raised
from tests.grid.test_consumers import ORIGIN, Open, World, session_cookie, socket, world
from tests.journeys import matrix

__all__ = ["socket", "world"]  # fixtures

ROLES = {
    matrix.CARL: UserRole.CUSTOMER,
    matrix.OTTO: UserRole.CUSTOMER,
    matrix.OLGA: UserRole.OPERATOR,
    matrix.CLEO: UserRole.CLERK,
    matrix.ADA: UserRole.ADMIN,
}
SECRET = "segs-matrix-key"
# One for all: each builds the chain of middleware anew, which costs more than a request.
CLIENT = Client(raise_request_exception=False)
SHUT = {401, 403, 404, 405}
NOT_THERE = (  # who may: 404
    "api/admin/tariffs/override/",
    "tariffs/overrides/",
    "alerts/",
    "account/data/archive",
)


def addresses() -> list[str]:
    return list(matrix.registered(get_resolver()))


def expectations() -> dict[str, matrix.Rule]:
    return {f"api/{path}": rule for path, rule in matrix.API.items()} | matrix.SITE


class TestTheTable:
    def test_names_every_address(self) -> None:
        unnamed = [
            path
            for path in addresses()
            if path not in expectations()
            and path != matrix.NO_ADDRESS
            and not f"{path}/".startswith(matrix.DESK)
        ]

        assert unnamed == [], "say in tests/journeys/matrix.py to whom they open"

    def test_names_nothing_that_is_gone(self) -> None:
        assert sorted(expectations().keys() - set(addresses())) == []

    def test_names_every_topic_of_the_socket(self) -> None:
        assert matrix.TOPICS.keys() == consumers.TOPICS.keys()


@dataclass(frozen=True)
class Somebody:
    """Sends requests, each as with a browser of its own, and leaves nothing behind."""

    name: str
    session: str

    def answer(self, method: str, path: str, body: str = "{}") -> Any:
        headers = {"Authorization": f"Api-Key {SECRET}"} if self.name == matrix.KEY else {}
        CLIENT.cookies.clear()
        if self.session:
            CLIENT.cookies[settings.SESSION_COOKIE_NAME] = self.session
        with transaction.atomic():
            answer = CLIENT.generic(
                method, path, body, content_type="application/json", headers=headers
            )
            transaction.set_rollback(True)
        return answer


@dataclass(frozen=True)
class Scene:
    """Rows that addresses name, all of them Carl's where they are somebody's."""

    people: dict[str, User]
    parts: dict[str, dict[str, Any]]

    def address(self, path: str) -> str:
        """Return a path of the table with its parts filled in."""
        parts = next((p for start, p in self.parts.items() if path.startswith(start)), {})
        for name, value in parts.items():
            path = path.replace(f":{name}", str(value))
        assert ":" not in path, f"say in this test what {path} stands for"
        return f"/{path}/" if path and not path.endswith((".js", ".csv")) else f"/{path}"

    def somebody(self, name: str) -> Somebody:
        if name not in self.people:
            return Somebody(name, "")
        client = Client()
        client.force_login(self.people[name])
        return Somebody(name, client.cookies[settings.SESSION_COOKIE_NAME].value)


@pytest.fixture
def scene(small_grid: worlds.SmallGrid, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Scene:
    cache.clear()
    # Readiness is asked in a thread that hangs up the connection, which a test shares.
    monkeypatch.setattr(health, "database_sync_to_async", sync_to_async)
    people = {
        name: User.objects.create(email=f"{name.replace(' ', '.')}@home.example", role=role)
        for name, role in ROLES.items()
    }
    key, _ = accounts_services.issue_key(name="matrix", key=SECRET, now=now)
    customer = Customer.objects.create(code="USR-1", name="Carl", user=people[matrix.CARL])
    account = CustomerAccount.objects.create(number="ACC-1", customer=customer)
    plan = RatePlan.objects.create(code="standard", name="Standard")
    point = ServicePoint.objects.get(code="SP-MTR-N0")
    ServiceAgreement.objects.create(
        account=account, service_point=point, plan=plan, during=(now, None)
    )
    held = QuarantinedReading.objects.create(
        serial="MTR-X", ts=now, reason="unknown_meter", raw="{}", received_at=now, origin="1-0"
    )
    letter = DeadLetter.objects.create(shard=0, letter="1-0", origin="1-0", reason="odd", size=1)
    sent = Upload.objects.create(
        name="nem.csv", size=1, state=UploadState.READY, uploaded_by="olga", uploaded_at=now
    )
    carl = {"pk": people[matrix.CARL].pk}
    alert = raised(small_grid.north_meters[0], at=now)
    found = found_in(small_grid.north_meters[0], now)
    rule = AlertRule.objects.create(kind=Kind.OUTAGE, region=small_grid.north, severity=3)
    order = planning.Order(Period(now, now + timedelta(hours=1)), "Work.", region=small_grid.south)
    work = planning.plan(order=order, by="olga@utility.example", now=now)
    return Scene(
        people,
        {
            "api/users/": carl,
            "api/admin/users/": carl,
            "api/auth/second-factor/passkeys/": {"passkey_id": 1},
            "api/admin/api-keys/": {"pk": key.pk},
            "api/admin/alerts/planned-work/": {"pk": work.pk},
            "api/admin/alerts/rules/": {"pk": rule.pk},
            "api/admin/alerts/": {"pk": alert.pk},
            "api/alerts/mine/": {"pk": alert.pk},
            "alerts/planned-work/": {"pk": work.pk},
            "alerts/": {"pk": alert.pk},
            "api/telemetry/requests/": {"pk": asked_of(small_grid.north_meters[0], now)},
            "api/admin/imports/": {"pk": sent.pk},
            "meters/imports/": {"pk": sent.pk},
            "meters/validation/": {"pk": found},
            "api/admin/meters/": {"pk": small_grid.north_meters[0].pk},
            "meters/": {"pk": small_grid.north_meters[0].pk},
            "api/admin/quarantine/": {"pk": held.pk},
            "api/admin/validation/": {"pk": found},
            "api/admin/dead-letters/": {"pk": letter.pk},
            "api/admin/regions/": {"code": "North"},
            **bills(account, now),
            "api/tariffs/regions/": {"code": "North"},
            "verify-email/": {"token": "odd"},
            "reset-password/": {"token": "odd"},
            **{start: {"pk": 7} for start in NOT_THERE},
        },
    )


def found_in(meter: Meter, now: datetime) -> int:
    """Have a gap of a meter in the worklist; return which finding that is."""
    return Finding.objects.create(
        meter=meter, rule="gap", start=now - QUARTER, end=now, state="open", found_at=now,
        changed_at=now,
    ).pk  # fmt: skip


def asked_of(meter: Meter, now: datetime) -> int:
    """Ask a meter whether it is there; return which request that is."""
    requests.ping(meters=[meter], reason="an outage is proposed", now=now)
    return GatewayRequest.objects.get(meter=meter).pk


def bills(account: CustomerAccount, now: datetime) -> dict[str, dict[str, Any]]:
    """Return what the addresses of bills name: an invoice of Carl's, and a run that has one."""
    draft = Invoice.objects.create(
        account=account, starts_on="2026-05-01", ends_on="2026-06-01", zone="UTC", currency="EUR",
        during=(now - timedelta(days=31), now), total=1, energy_mwh=0, estimated_mwh=0,
        parties={}, sections=[{"plan": {"definition": {}}}], drafted_at=now)  # fmt: skip
    line = InvoiceLine.objects.create(
        invoice=draft, place=0, section=0, of="energy", label="Energy", amount=1, exact=1,
        rounding=0, components=[])  # fmt: skip
    AsBilled.objects.create(line=line, day="2026-05-01", packed=bytes([VERSION]))
    Invoice.objects.update(number="INV-1", issued_at=now, due_on="2026-06-15")
    InvoiceEvent.objects.create(invoice=draft, state="issued", at=now)
    dispute = Dispute.objects.create(invoice=draft, reason="odd", opened_at=now)
    run = BillRun.objects.create(day="2026-05-15", requested_at=now)
    turn = Turn.objects.create(run=run, account=account, state="rated")
    correction = late(draft, line, now)
    exception = BillException.objects.create(turn=turn, trouble="missing", detail="odd")
    file = BankFile.objects.create(
        name="bank.xml", format="camt053", sha256="1", taken_at=now, entries=1, added=1,
    )  # fmt: skip
    entry = BankEntry.objects.create(
        file=file, line=1, key="K", booked_on="2026-06-02", amount=1, currency="EUR",
        is_credit=True, is_return=False, is_batch=False, state="waiting", mismatch="several",
    )  # fmt: skip
    delivery = Delivery.objects.create(invoice=draft, way="print", wanted_at=now, due_at=now)
    batch = PrintBatch.objects.create(wanted_at=now, wanted_by="clara@utility.example")
    parts = {
        "billing/bank/entries/": {"pk": entry.pk},
        "billing/deliveries/": {"pk": delivery.pk},
        "billing/invoices/": {"pk": draft.pk, "place": 0},
        "billing/disputes/": {"pk": dispute.pk},
        "billing/runs/": {"pk": run.pk},
        "billing/exceptions/": {"pk": exception.pk},
        "billing/corrections/": {"pk": correction.pk, "place": 0},
    }
    return parts | {
        "api/billing/invoices/": parts["billing/invoices/"],
        "bills/": parts["billing/invoices/"],
        "api/billing/disputes/": parts["billing/disputes/"],
        "api/admin/deliveries/": parts["billing/deliveries/"],
        "api/admin/print-batches/": {"pk": batch.pk},
        "api/admin/bank-entries/": parts["billing/bank/entries/"],
        "api/admin/bill-runs/": parts["billing/runs/"],
        "api/admin/bill-exceptions/": parts["billing/exceptions/"],
        "api/admin/corrections/": parts["billing/corrections/"],
    }


def late(invoice: Invoice, line: InvoiceLine, now: datetime) -> Correction:
    """Return what late data change in an invoice, which is live."""
    PeriodClaim.objects.create(
        invoice=invoice, account=invoice.account, during=(now - timedelta(days=31), now)
    )
    made = Correction.objects.create(invoice=invoice, found_at=now, energy_mwh=0, total=1)
    changed = CorrectionLine.objects.create(
        correction=made, place=0, corrects=line, of="energy", label="Energy", amount=1, exact=1,
        rounding=0, components=[])  # fmt: skip
    CorrectionDay.objects.create(line=changed, day="2026-05-01", packed=bytes([VERSION]))
    return made


def opens(answer: Any) -> bool:
    """Tell whether a door let somebody in: also to be told that he sent nonsense."""
    is_sent_to_sign_in = (
        answer.status_code == 302
        and urlsplit(answer["Location"]).path == "/sign-in/"
        and answer.request["PATH_INFO"] != "/sign-out/"  # which leads there, too
    )
    assert answer.status_code < 500 or answer.status_code == 503, answer.request["PATH_INFO"]
    return answer.status_code not in SHUT and not is_sent_to_sign_in


def is_for_keys(rule: matrix.Rule) -> bool:
    """Tell whether a person is nobody there, whoever he is."""
    return set(rule.values()) == {frozenset({matrix.KEY})}


def named(path: str) -> matrix.Rule:
    return expectations()[path]


def asked() -> Iterator[tuple[str, str, frozenset[str]]]:
    for path, rule in expectations().items():
        for method, to in rule.items():
            yield path, method, to


@pytest.fixture
def _quiet() -> Iterator[None]:
    """Hundreds of refusals, each with its traceback, are no news here."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.django_db
@pytest.mark.usefixtures("_quiet")
class TestAMethod:
    def test_that_the_table_does_not_name_is_served_to_nobody(self, scene: Scene) -> None:
        ada, head_end = scene.somebody(matrix.ADA), scene.somebody(matrix.KEY)
        unnamed = {
            f"{method} {path}": (head_end if is_for_keys(rule) else ada)
            .answer(method, scene.address(path))
            .status_code
            for path, rule in expectations().items()
            for method in matrix.METHODS
            if path.startswith("api/") and method not in rule
        }

        assert {door: code for door, code in unnamed.items() if code != 405} == {}


@pytest.mark.django_db
@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize("name", sorted(matrix.EVERYBODY))
class TestEverybody:
    def test_finds_open_what_is_his_and_shut_what_is_not(self, scene: Scene, name: str) -> None:
        somebody = scene.somebody(name)
        wrong = []

        for path, method, to in asked():
            answer = somebody.answer(method, scene.address(path))
            is_open = opens(answer) or (
                answer.status_code == 404 and path.startswith(NOT_THERE) and method in named(path)
            )
            if is_open != (name in to):
                wrong.append(f"{method} {path} answers {answer.status_code}")

        assert wrong == [], "\n".join(wrong)

    def test_finds_the_admin_shut_unless_he_administers(self, scene: Scene, name: str) -> None:
        somebody = scene.somebody(name)
        pages = sorted({path for path in addresses() if f"{path}/".startswith(matrix.DESK)})

        found = {
            f"{method} {path}": somebody.answer(method, f"/{path}/").status_code
            for path in pages
            if ":" not in path
            for method in ("GET", "POST")
        }

        if name == matrix.ADA:
            assert found["GET admin"] == 200
        else:
            assert {door: code for door, code in found.items() if code not in SHUT | {302}} == {}
        assert max(found.values()) < 500


@pytest.mark.django_db(transaction=True)
class TestASocket:
    @pytest.mark.parametrize("topic", sorted(matrix.TOPICS))
    @pytest.mark.parametrize("name", sorted(matrix.EVERYBODY))
    async def test_opens_to_whoever_may_hear_its_topic(
        self, socket: Open, world: World, name: str, topic: str
    ) -> None:
        headers = await database_sync_to_async(credentials)(name)

        closed_with = await socket(f"topics={topic}", ORIGIN, *headers).open()

        if name in matrix.TOPICS[topic]:
            assert closed_with is None
        else:
            is_known = name in ROLES
            assert closed_with == (consumers.FORBIDDEN if is_known else consumers.SIGNED_OUT)


def credentials(name: str) -> list[tuple[bytes, bytes]]:
    if name not in ROLES:
        return [(b"authorization", f"Api-Key {SECRET}".encode())] if name == matrix.KEY else []
    user = User.objects.create(email=f"{name.replace(' ', '.')}@home.example", role=ROLES[name])
    return [session_cookie(user)]
