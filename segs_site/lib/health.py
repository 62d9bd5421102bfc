"""Whether a process is alive, ready, and what it counts: `/health`, `/readyz`, `/metrics`."""

from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from segs_site.lib import hub
from segs_site.lib import metrics as counted

ALIVE = {"status": "ok"}
OK = "ok"


@dataclass(frozen=True, slots=True)
class Readiness:
    """What each dependency says by name: "ok" or what is wrong with it."""

    dependencies: dict[str, str]

    @classmethod
    def of(cls, dependencies: dict[str, str]) -> "Readiness":
        """Make one from what the checks said."""
        return cls(dependencies)

    @property
    def http_status(self) -> int:
        """200 when every dependency is well, else 503."""
        return 200 if all(word == OK for word in self.dependencies.values()) else 503

    def document(self) -> dict[str, Any]:
        """Return what is answered."""
        word = "ready" if self.http_status == 200 else "not ready"
        return {"status": word, "dependencies": self.dependencies}


def describe(problem: Exception) -> str:
    """Return a failure in one line that gives no address away."""
    return type(problem).__name__


def check_database() -> None:
    """Raise unless the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _says(check: Any) -> str:
    try:
        await check()
    except Exception as problem:  # noqa: BLE001 whatever it is, it is the answer
        return describe(problem)
    return OK


def alive(request: HttpRequest) -> HttpResponse:
    """Answer that the process serves requests."""
    return JsonResponse(ALIVE)


async def ready(request: HttpRequest) -> HttpResponse:
    """Answer whether each dependency of the web process can be used."""
    state = Readiness(
        {
            "database": await _says(database_sync_to_async(check_database)),
            "broker": await _says(hub.ping),
        }
    )
    for name, word in state.dependencies.items():
        counted.note(name, answers=word == OK)
    return JsonResponse(state.document(), status=state.http_status)


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer what this process has counted, for Prometheus."""
    return HttpResponse(counted.exposition(), content_type=counted.CONTENT_TYPE_LATEST)
