"""Celery tasks, by what they are about; each looks what is due by the database and makes one call.

A task's name is `workers.tasks.VERB`, whatever file it stands in: what is queued finds it still
after it has moved.
"""

from workers.tasks import (
    alerts,
    billing,
    desk,
    health,
    house,
    imports,
    mail,
    notices,
    prices,
    validation,
    windows,
)

__all__ = [
    "alerts",
    "billing",
    "desk",
    "health",
    "house",
    "imports",
    "mail",
    "notices",
    "prices",
    "validation",
    "windows",
]
