"""Orders for runs in tests."""

from datetime import UTC, datetime

from workers.simulator import options
from workers.simulator.options import Options

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)  # 18:30 in the demo's regions, a Wednesday


def orders(*, now: datetime = NOW, **given: object) -> Options:
    texts = {name: str(value) for name, value in given.items()}
    return options.read(texts, {}, now=now)
