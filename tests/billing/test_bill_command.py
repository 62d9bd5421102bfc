"""`manage.py bill`, as a clerk types it."""

from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from billing.models import BillRun, Invoice
from tests.billing.worlds import NOW, home, whole_month

pytestmark = pytest.mark.django_db(transaction=True)


def bill(*arguments: str) -> str:
    said = StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command("bill", *arguments, stdout=said, stderr=StringIO())
    return said.getvalue()


class TestBill:
    def test_reckons_dry_and_writes_nothing(self):
        whole_month(home().meter, "0.1")

        assert bill("--period", "2026-05", "--dry-run") == (
            "rated: 1\ntotal 74.400, 297.600000 kWh\n"
        )
        assert not Invoice.objects.exists()

    def test_issues_when_asked(self):
        whole_month(home().meter, "0.1")

        assert bill("--period", "2026-05", "--issue").startswith("issued: 1\n")
        assert Invoice.objects.get().number == "INV-000001"

    def test_says_what_waits_for_the_clerk(self, capsys):
        home()

        with pytest.raises(CommandError, match="1 exceptions wait") as refused:
            bill("--period", "2026-05", "--issue")

        assert refused.value.returncode == 1
        assert not Invoice.objects.filter(number__isnull=False).exists()

    @pytest.mark.parametrize(
        ("arguments", "fault"),
        [
            (["--period", "May"], "'May' is no month such as 2026-10"),
            (["--period", "2026-13"], "no month"),
            ([], "--period"),
            (["--period", "2026-05", "--region", "Nowhere"], "no region 'Nowhere'"),
            (["--period", "2026-05", "--account", "X"], "no account 'X'"),
            (["--period", "2026-05", "--dry-run", "--issue"], "nothing to --issue"),
        ],
    )
    def test_names_what_was_typed_wrong(self, arguments, fault):
        with pytest.raises(CommandError, match=fault):
            bill(*arguments)

        assert not BillRun.objects.exists()
