"""A stream worker that dies or stops where it hurts: `python -m benchmarks.torture_worker`.

It runs the same worker, handler and transport as `manage.py run_stream_worker`. Between COPY and
commit, and between commit and acknowledgement, it looks for a fuse: a file `PLACE.SIGNAL` in the
folder that SEGS_TORTURE_FUSES names. Whoever removes it first burns: it sends itself the signal.
"""

import os
import pkgutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import django
from django.core.management import call_command

BEFORE_COMMIT, BEFORE_ACK = "before-commit", "before-ack"
KILL, STOP = signal.SIGKILL.name, signal.SIGSTOP.name
STORE = "meters.services.storing.store"  # the last thing in the transaction of a batch
ACKNOWLEDGE = "workers.stream.redis.RedisTransport.acknowledge"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "segs_site.settings")
    django.setup()
    store, acknowledge = pkgutil.resolve_name(STORE), pkgutil.resolve_name(ACKNOWLEDGE)
    with (
        mock.patch(STORE, _burning_after(store, BEFORE_COMMIT)),
        mock.patch(ACKNOWLEDGE, _burning_before(acknowledge, BEFORE_ACK)),
    ):
        call_command("run_stream_worker")


def _burning_after(call: Callable[..., Any], place: str) -> Callable[..., Any]:
    def burning(*args: Any, **kwargs: Any) -> Any:
        result = call(*args, **kwargs)
        burn(place)
        return result

    return burning


def _burning_before(call: Callable[..., Any], place: str) -> Callable[..., Any]:
    def burning(*args: Any, **kwargs: Any) -> Any:
        burn(place)
        return call(*args, **kwargs)

    return burning


def fuse(folder: Path, place: str, signal_name: str) -> Path:
    """Return the file that is a fuse."""
    return folder / f"{place}.{signal_name}"


def burn(place: str) -> None:
    """Send this process the signal of a fuse that lies at this place, if one does."""
    folder = Path(os.environ["SEGS_TORTURE_FUSES"])
    for name in (KILL, STOP):
        try:
            fuse(folder, place, name).unlink()
        except FileNotFoundError:
            continue
        os.kill(os.getpid(), signal.Signals[name])


if __name__ == "__main__":
    main()
