"""Binary COPY through Django's connection, with Django's errors."""

from django.db import connection


def copy_in(*, table: str, columns: str, body: bytes) -> None:
    """Copy rows in the binary format into a table, inside the current transaction.

    Raises what the ORM would (`IntegrityError` for a key that is there, `OperationalError` for a
    database that is away): psycopg's own errors would pass those who watch for Django's.
    """
    statement = f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)"
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.write(body)
