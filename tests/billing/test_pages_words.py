"""The clerk's pages say everything in every language."""

import ast
import gettext
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import templatize

from billing.choices import CorrectionState, Trouble
from billing.documents import doubting

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
ROOT = Path(settings.BASE_DIR)
MARKED = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext"}
CODE = ("forms.py", "choices.py", "views/*.py", "services/*.py", "documents/*.py")


def of_code(source: str) -> Iterator[str]:
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    for call in calls:
        if ast.unparse(call.func) in MARKED and isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value)


def of_template(path: Path) -> Iterator[str]:
    """Every call that Django makes of a template's marked texts, read one by one."""
    made = templatize(path.read_text(), origin=str(path))
    rest = made
    while (at := rest.find("gettext(")) >= 0:
        rest = rest[at:]
        end = next(
            end
            for end in (place + 1 for place, sign in enumerate(rest) if sign == ")")
            if is_code(rest[:end])
        )
        yield from of_code(rest[:end])
        rest = rest[end:]


def is_code(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def said() -> set[str]:
    code = [path for name in CODE for path in (ROOT / "billing").glob(name)]
    found = {text for path in code for text in of_code(path.read_text())}
    pages = (ROOT / "templates" / "billing").glob("*.html")
    return found | {text for path in pages for text in of_template(path)}


class TestEachLanguage:
    @pytest.mark.parametrize("code", LANGUAGES)
    def test_says_all_that_the_clerk_s_pages_say(self, code: str) -> None:
        folder = ROOT / "billing" / "locale"
        catalog = gettext.translation("django", folder, [code])._catalog  # type: ignore[attr-defined]

        known = {key[0] if isinstance(key, tuple) else key for key in catalog}
        texts = said()
        assert len(texts) > 300
        assert "What late data change in issued invoices" in texts  # of a template
        assert texts - known == set()

    def test_names_states_and_troubles_in_german(self) -> None:
        with translation.override("de"):
            assert str(CorrectionState.APPROVED.label) == "freigegeben"
            assert str(Trouble.MISSING.label) == "Intervalle fehlen"


class TestDetails:
    @pytest.mark.parametrize(
        ("kept", "german"),
        [
            ("3 of 2976 quarter-hours are not known",
             "3 von 2976 Viertelstunden sind nicht bekannt"),
            ("20.0 % of the energy is estimated", "20.0 % der Energie sind geschätzt"),
            ("the customer would be paid", "der Kunde bekäme Geld"),
            ("2 readings wait in quarantine", "Messwerte, die in Quarantäne warten: 2"),
            ("1440.00 where the bill before lets expect 72.00",
             "1440.00, wo die vorige Rechnung 72.00 erwarten lässt"),
            ("no agreement runs in this period", "in diesem Zeitraum läuft kein Vertrag"),
            ("SP-1: no price from 2026-05-01 00:30 UTC, 1 intervals",
             "SP-1: kein Preis ab 2026-05-01 00:30 UTC, Intervalle: 1"),
            ("SP-1: prices are in EUR, the plan in USD",
             "SP-1: Preise sind in EUR, der Tarif in USD"),
            ("plans in EUR and USD", "Tarife in: EUR and USD"),
            ("ArithmeticError: this one is odd", "ArithmeticError: this one is odd"),
        ],
    )  # fmt: skip
    def test_are_said_in_the_reader_s_language(self, kept: str, german: str) -> None:
        with translation.override("de"):
            assert doubting.detail(kept) == german
