"""Documents say everything in every language, and compiled is what is written."""

import ast
import gettext
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.utils import translation

from billing import apps
from billing.choices import Of
from billing.documents import charts, figures, fonts, paying, wording
from billing.rating.daily import DayUse

LANGUAGES = [code for code, _ in configured.LANGUAGES if code != configured.LANGUAGE_CODE]
FOLDER = Path(configured.BASE_DIR) / "billing" / "locale"
MARKED = {"_", "gettext_lazy", "ngettext"}


def said() -> set[str]:
    """Every text that documents are made of."""
    trees = [ast.parse(path.read_text()) for path in Path(wording.__file__).parent.glob("*.py")]
    found = {
        node.args[0].value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in MARKED
        if isinstance(node.args[0], ast.Constant)
    }
    return {str(text) for text in found} | {str(label) for label in Of.labels}


class TestEachLanguage:
    @pytest.mark.parametrize("code", LANGUAGES)
    def test_says_all_that_documents_say(self, code: str) -> None:
        catalog = gettext.translation("django", FOLDER, [code])._catalog  # type: ignore[attr-defined]

        known = {key[0] if isinstance(key, tuple) else key for key in catalog}
        assert len(said()) > 70
        assert said() - known == set()

    @pytest.mark.parametrize("code", LANGUAGES)
    def test_is_compiled_from_what_is_written(self, code: str) -> None:
        folder = FOLDER / code / "LC_MESSAGES"
        compiled = (folder / "django.mo").read_bytes().decode(errors="replace")
        written = [
            line.removeprefix("msgstr").lstrip("[01] ").strip('"').replace("\\\\", "\\")
            for line in (folder / "django.po").read_text().splitlines()
            if line.startswith("msgstr") and line != 'msgstr ""'
        ]

        assert len(written) > 70
        assert [text for text in written if text not in compiled] == []

    @pytest.mark.parametrize(
        ("code", "written"),
        [("en", "1 June 2026"), ("de", "1. Juni 2026"), ("es", "1 de junio de 2026"),
         ("fr", "1 juin 2026"), ("nl", "1 juni 2026")],
    )  # fmt: skip
    def test_writes_a_day_its_own_way(self, code: str, written: str) -> None:
        with translation.override(code):
            assert figures.day(date(2026, 6, 1)).lower() == written.lower()


class TestLabels:
    @pytest.mark.parametrize(
        ("kept", "german"),
        [
            ("Standing charge", "Grundpreis"),
            ("12 of 31 days", "12 von 31 Tagen"),
            ("19.50 % of", "19,5 % von"),
            ("block 2", "Block 2"),
            ("Energy, correction of INV-000007", "Energie, Korrektur von INV-000007"),
            ("Night & weekend", "Night & weekend"),
        ],
    )
    def test_are_said_in_the_reader_s_language_unless_a_plan_names_them(
        self, kept: str, german: str
    ) -> None:
        with translation.override("de"):
            assert wording.label(kept) == german


class TestFigures:
    def test_lose_no_digit_and_stand_below_each_other(self) -> None:
        assert figures.column(["0.200000", "0.125", "-1"]) == ["0.200", "0.125", "−1.000"]
        assert figures.exact("1234.500") == "1,234.5"

    def test_have_the_digits_of_the_currency(self) -> None:
        assert figures.amount(Decimal("12.340"), "EUR") == "12.34"
        assert figures.amount(Decimal("12.000"), "JPY") == "12"


class TestTheChart:
    def test_draws_shares_of_a_round_height(self) -> None:
        days = [DayUse(date(2026, 5, 1), 7_000_000, 3_500_000), DayUse(date(2026, 5, 2), None)]

        drawn = charts.chart(days)

        assert drawn is not None
        assert [line["label"] for line in drawn["lines"]] == ["0", "2", "4", "6", "8"]
        assert [bar["height"] for bar in drawn["bars"]] == [0.875, 0]
        assert drawn["bars"][0]["estimated"] == 0.4375
        assert drawn["legend"] == ["measured", "estimated"]
        assert "most on 1 May 2026 with 7.00 kWh" in drawn["alt"]

    def test_is_left_out_where_nothing_was_used(self) -> None:
        assert charts.chart([DayUse(date(2026, 5, 1), 0), DayUse(date(2026, 5, 2), None)]) is None


class TestPaying:
    @pytest.mark.parametrize(
        ("iban", "currency", "amount", "expected"),
        [
            ("BE68539007547034", "EUR", "12.36", True),
            ("", "EUR", "12.36", False),
            ("BE68539007547034", "INR", "12.36", False),
            ("BE68539007547034", "EUR", "0.00", False),
        ],
    )
    def test_is_a_transfer_in_euros_to_a_known_account(
        self, iban: str, currency: str, amount: str, expected: bool
    ) -> None:
        found = paying.is_transfer(iban=iban, currency=currency, amount=Decimal(amount))

        assert found is expected

    def test_groups_an_iban_by_four(self) -> None:
        assert paying.grouped("BE68539007547034") == "BE68 5390 0754 7034"


class TestFonts:
    def test_are_all_there(self) -> None:
        assert apps.has_fonts(None) == []

    @pytest.mark.parametrize(("debug", "serious"), [(False, True), (True, False)])
    def test_that_are_missing_stop_a_start_but_not_a_demo(
        self, settings: Any, tmp_path: Path, debug: bool, serious: bool
    ) -> None:
        settings.SEGS_FONTS, settings.DEBUG = [str(tmp_path)], debug

        (found,) = apps.has_fonts(None)

        assert found.is_serious() is serious
        for words in ("Noto Sans CJK SC (Chinese)", str(tmp_path), "fonts-noto-cjk"):
            assert words in found.msg

    def test_that_are_missing_let_nothing_be_drawn(self, settings: Any, tmp_path: Path) -> None:
        settings.SEGS_FONTS = [str(tmp_path)]

        with pytest.raises(fonts.MissingFont, match="Noto Sans Thai"):
            fonts.known()
