"""Thousands of rows of numbers out of the database as columns, for detection to reckon with."""

import numpy as np
from django.db import connection

from alerts.conditions.fleet import Ints
from segs_site.lib import pgcopy

_BEFORE_BODY = len(pgcopy.HEADER) + 2 + 4  # the count of fields, and the length of the only one
_AS_ONE = """
COPY (SELECT coalesce(string_agg(cells, ''), '') FROM ({statement}) AS ordered)
TO STDOUT (FORMAT BINARY)
"""


def columns(statement: str, width: int) -> list[Ints]:
    """Return the columns of a query whose rows are `cells`: so many 8-byte numbers each.

    They come as one value: a row of its own for each meter would cost a turn of Python each.
    """
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(_AS_ONE.format(statement=statement)) as copy,
    ):
        body = b"".join(copy)
    count = (len(body) - _BEFORE_BODY - len(pgcopy.TRAILER)) // (8 * width)
    numbers = np.frombuffer(body, ">i8", count * width, offset=_BEFORE_BODY)
    return [column.astype(np.int64) for column in numbers.reshape(count, width).T]
