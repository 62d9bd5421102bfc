"""What electricity costs its customers, and how that came about."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from billing.documents import fonts


class BillingConfig(AppConfig):
    """What electricity costs its customers, and how that came about."""

    name = "billing"

    def ready(self) -> None:
        """Look at every start whether bills can be set."""
        checks.register(has_fonts)


def has_fonts(
    app_configs: Sequence[AppConfig] | None, **options: Any
) -> list[checks.CheckMessage]:
    """Refuse to start where a name could not be printed; a demo does without documents."""
    lacking = fonts.missing()
    if not lacking:
        return []
    level = checks.Warning if settings.DEBUG else checks.Error
    return [level(f"Bills cannot be drawn: {fonts.explained(lacking)}.", id="billing.E001")]
