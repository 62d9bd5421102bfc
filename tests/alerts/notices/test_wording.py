import ast
import gettext
from pathlib import Path

import pytest
from django.conf import settings

from alerts.choices import Kind, Severity
from alerts.conditions import wording as for_customers
from alerts.notifications import wording

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def said() -> set[str]:
    """Every text that notices and customers' alerts are made of."""
    tree = ast.parse(Path(wording.__file__).read_text())
    texts = {
        argument.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"_", "ngettext"}
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant)
    }
    occasions = {
        value.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for value in node.values
        if isinstance(value, ast.Call) and isinstance(value.args[0], ast.Constant)
    }
    labels = {str(label) for choices in (Kind, Severity) for label in choices.labels}
    return {str(text) for text in texts | occasions} | labels | set(for_customers.FOR_CUSTOMERS)


class TestEachLanguage:
    @pytest.mark.parametrize("code", LANGUAGES)
    def test_says_all_that_notices_say(self, code: str) -> None:
        folder = Path(settings.BASE_DIR) / "alerts" / "locale"
        words = gettext.translation("django", folder, [code])

        catalog = words._catalog  # type: ignore[attr-defined]
        known = {key[0] if isinstance(key, tuple) else key for key in catalog}
        assert said() - known == set()

    @pytest.mark.parametrize("code", LANGUAGES)
    def test_is_compiled_from_what_is_written(self, code: str) -> None:
        folder = Path(settings.BASE_DIR) / "alerts" / "locale" / code / "LC_MESSAGES"
        compiled = (folder / "django.mo").read_bytes().decode(errors="replace")

        written = [
            line.removeprefix("msgstr").lstrip("[01] ").strip('"')
            for line in (folder / "django.po").read_text().splitlines()
            if line.startswith("msgstr") and line != 'msgstr ""'
        ]

        assert len(written) > 30
        assert [text for text in written if text not in compiled] == []
