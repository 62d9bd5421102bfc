"""Instants as PostgreSQL writes them, read by Python's own parser.

psycopg reads them by a regular expression, which took more of a page of meters than all else.
"""

from datetime import UTC, datetime
from typing import Any

from psycopg.types.datetime import TimestamptzLoader


class InstantLoader(TimestamptzLoader):
    """Reads what is ISO 8601; leaves what is not (infinity, years before 1) to psycopg."""

    timezone = UTC  # Django asks for it, and puts its own reader back for any other

    def load(self, data: Any) -> datetime:
        """Return an aware instant, in UTC where the connection is."""
        try:
            return datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            return super().load(data)


def read_fast(connection: Any) -> None:
    """Have a Django connection read instants so."""
    if connection.vendor == "postgresql":
        connection.connection.adapters.register_loader("timestamptz", InstantLoader)
