"""What tests of the desk's pages share: what a page lists, and whose alert matters."""

import re

from alerts.conditions.kinds import Kind, Matter, Subject
from alerts.models import Alert


def keys(page: str) -> list[int]:
    """The alerts that a page lists, in its order."""
    return [int(key) for key in re.findall(r'<tbody data-key="(\d+)"', page)]


def counted(page: str) -> list[str]:
    """How many alerts each tab holds."""
    return re.findall(r'<span class="tab-count">(\d+)</span>', page)


def matter(alert: Alert) -> Matter:
    return Matter(Kind(alert.kind), Subject.read(alert.subject))
