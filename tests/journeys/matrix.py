"""The table of the access matrix: for each address, who may do what there.

One line a path, as `spelled` writes it. A method that is not named must open to nobody; Django's
admin has one rule.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver

NOBODY, CARL, OTTO, OLGA, CLEO, ADA, KEY = (
    "nobody", "customer", "other customer", "operator", "clerk", "admin", "ingest key",
)  # fmt: skip
EVERYBODY = frozenset({NOBODY, CARL, OTTO, OLGA, CLEO, ADA, KEY})
PEOPLE = frozenset({CARL, OTTO, OLGA, CLEO, ADA})
STAFF = frozenset({OLGA, CLEO, ADA})
OPERATORS = frozenset({OLGA, ADA})
CLERKS = frozenset({CLEO, ADA})
ADMINS = frozenset({ADA})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Rule = Mapping[str, frozenset[str]]


def read(to: frozenset[str]) -> Rule:
    """Open to be read."""
    return {"GET": to}


def send(to: frozenset[str]) -> Rule:
    """Open to a POST."""
    return {"POST": to}


def put(to: frozenset[str]) -> Rule:
    """Open to be read and set."""
    return {"GET": to, "PUT": to}


# Below /api/, without the slash at the end. `:name` stands for a part that varies.
API: dict[str, Rule] = {
    "auth/login": send(EVERYBODY),
    "auth/login/second-factor": send(EVERYBODY),
    "auth/login/passkey-options": send(EVERYBODY),
    "auth/refresh": send(EVERYBODY),
    "auth/logout": send(EVERYBODY),
    "auth/register": send(EVERYBODY),
    "auth/verify-email": send(EVERYBODY),
    "auth/resend-verification": send(EVERYBODY),
    "auth/forgot-password": send(EVERYBODY),
    "auth/reset-password": send(EVERYBODY),
    "auth/change-password": send(PEOPLE),
    "auth/second-factor": read(PEOPLE),
    "auth/second-factor/app": send(PEOPLE),
    "auth/second-factor/app/confirm": send(EVERYBODY),  # a proof of the first step will do
    "auth/second-factor/app/remove": send(PEOPLE),
    "auth/second-factor/passkeys/options": send(PEOPLE),
    "auth/second-factor/passkeys": send(EVERYBODY),  # likewise
    "auth/second-factor/passkeys/:passkey_id/remove": send(PEOPLE),
    "auth/second-factor/recovery-codes": send(PEOPLE),
    "users/me": put(PEOPLE),
    "users/me/preferences": put(PEOPLE),
    "users/me/notices": read(PEOPLE),
    "users/me/notices/read": send(PEOPLE),
    "users/me/notifications": put(PEOPLE),
    "users/me/notifications/test": send(PEOPLE),
    "users/:pk/consumption": read(STAFF | {CARL}),  # :pk is Carl
    "users/:pk/consumption/summary": read(STAFF | {CARL}),
    "telemetry/my-meters": read(PEOPLE),
    "telemetry/history": read(PEOPLE),
    "telemetry/stats": read(PEOPLE),
    "telemetry/daily": read(PEOPLE),
    "telemetry/monthly": read(PEOPLE),
    "telemetry/export.csv": read(PEOPLE),
    "telemetry/export.xml": read(PEOPLE),
    "telemetry/requests": read(frozenset({KEY})),
    "telemetry/requests/:pk/answer": send(frozenset({KEY})),
    "admin/users": read(ADMINS) | send(ADMINS),
    "admin/users/:pk": {"GET": ADMINS, "PATCH": ADMINS},
    "admin/users/:pk/reset-second-factor": send(ADMINS),
    "admin/api-keys": read(ADMINS) | send(ADMINS),
    "admin/api-keys/:pk": {"DELETE": ADMINS},
    "admin/audit": read(ADMINS),
    "admin/grid/status": read(STAFF),
    "admin/grid/load": read(STAFF),
    "admin/grid/topology": read(STAFF),
    "admin/regions/stats": read(STAFF),
    "admin/regions/:code/capacities": read(STAFF) | send(OPERATORS),
    "admin/meters": read(STAFF),
    "admin/meters.csv": read(STAFF),
    "admin/meters/:pk": read(STAFF),
    "admin/meters/:pk/history": read(STAFF),
    "admin/meters/:pk/exchange": send(OPERATORS),
    "admin/meters/:pk/registers": read(STAFF),
    "admin/meters/:pk/revisions": read(STAFF),
    "admin/top-consumers": read(STAFF),
    "admin/quarantine": read(OPERATORS),
    "admin/quarantine/bulk": send(OPERATORS),
    "admin/quarantine/:pk/adopt": send(OPERATORS),
    "admin/quarantine/:pk/confirm": send(OPERATORS),
    "admin/quarantine/:pk/discard": send(OPERATORS),
    "admin/validation": read(OPERATORS),
    "admin/validation/:pk": read(OPERATORS),
    "admin/validation/:pk/accept": send(OPERATORS),
    "admin/validation/:pk/edit": send(OPERATORS),
    "admin/validation/:pk/estimate": send(OPERATORS),
    "admin/imports": read(OPERATORS) | send(OPERATORS),
    "admin/imports/:pk": {"GET": OPERATORS, "DELETE": OPERATORS},
    "admin/imports/:pk/format": send(OPERATORS),
    "admin/imports/:pk/apply": send(OPERATORS),
    "admin/imports/:pk/undo": send(OPERATORS),
    "admin/dead-letters": read(OPERATORS),
    "admin/dead-letters/:pk/replay": send(OPERATORS),
    "alerts/mine": read(PEOPLE),
    "alerts/mine/:pk": read(frozenset({CARL})),  # :pk is his
    "admin/alerts": read(STAFF),
    "admin/alerts/stats": read(STAFF),
    "admin/alerts/bulk": send(OPERATORS),
    "admin/alerts/journal": read(STAFF),
    "admin/alerts/planned-work": read(STAFF) | send(OPERATORS),
    "admin/alerts/planned-work/:pk": {"GET": STAFF, "DELETE": OPERATORS},
    "admin/alerts/shift-notes": read(STAFF) | send(OPERATORS),
    "admin/alerts/rules": read(STAFF) | send(ADMINS),
    "admin/alerts/rules/:pk": {"GET": STAFF, "PATCH": ADMINS, "DELETE": ADMINS},
    "admin/alerts/:pk": read(STAFF),
    "admin/alerts/:pk/journal": read(STAFF),
    "admin/alerts/:pk/acknowledge": {"POST": OPERATORS, "PUT": OPERATORS},
    "admin/alerts/:pk/resolve": send(OPERATORS),
    "admin/alerts/:pk/shelve": send(OPERATORS),
    "admin/alerts/:pk/unshelve": send(OPERATORS),
    "admin/alerts/:pk/assign": send(OPERATORS),
    "admin/alerts/:pk/note": send(OPERATORS),
    "admin/metrics": read(OPERATORS),
    "tariffs/current": read(PEOPLE),
    "tariffs/regions/:code": read(PEOPLE),
    "tariffs/history": read(PEOPLE),
    "tariffs/estimate": read(PEOPLE),
    "tariffs/forecast": read(PEOPLE),
    "tariffs/plans": read(PEOPLE),
    "admin/tariffs/analytics": read(STAFF),
    "admin/tariffs/override": read(STAFF) | send(OPERATORS),
    "admin/tariffs/override/:pk": {"GET": STAFF, "DELETE": OPERATORS},
    "admin/tariffs/override/:pk/approve": send(OPERATORS),
    "tariffs/compare": read(PEOPLE),
    "billing/calculate": read(PEOPLE),
    "billing/invoices": read(PEOPLE) | send(CLERKS),
    "billing/invoices/:pk": read(STAFF | {CARL}),  # :pk is Carl's
    "billing/invoices/:pk/lines": read(STAFF | {CARL}),
    "billing/invoices/:pk/lines/:place/intervals": read(STAFF | {CARL}),
    "billing/invoices/:pk/invoice.pdf": read(STAFF | {CARL}),
    "billing/invoices/:pk/intervals.csv": read(STAFF | {CARL}),
    "billing/invoices/:pk/void": send(CLERKS),
    "billing/payments": read(PEOPLE) | send(CLERKS),
    "billing/receivables": read(CLERKS),
    "billing/receivables.csv": read(CLERKS),
    "billing/ledger.csv": read(CLERKS),
    "admin/deliveries": read(CLERKS),
    "admin/deliveries/:pk/see": send(CLERKS),
    "admin/bounces": send(CLERKS),
    "admin/print-batches": read(CLERKS) | send(CLERKS),
    "admin/print-batches/:pk/batch.pdf": read(CLERKS),
    "admin/bank-files": read(CLERKS) | send(CLERKS),
    "admin/bank-entries": read(CLERKS),
    "admin/bank-entries/:pk/assign": send(CLERKS),
    "admin/bank-entries/:pk/take-back": send(CLERKS),
    "admin/bank-entries/:pk/ignore": send(CLERKS),
    "admin/bank-entries/:pk/undo": send(CLERKS),
    "billing/disputes": read(PEOPLE) | send(PEOPLE),
    "billing/disputes/:pk/review": send(CLERKS),
    "billing/disputes/:pk/close": send(CLERKS),
    "billing/reminders": read(PEOPLE),
    "admin/corrections": read(CLERKS),
    "admin/corrections/:pk": read(CLERKS),
    "admin/corrections/:pk/lines/:place/intervals": read(CLERKS),
    "admin/corrections/:pk/approve": send(CLERKS),
    "admin/corrections/:pk/reject": send(CLERKS),
    "admin/bill-runs": read(CLERKS) | send(CLERKS),
    "admin/bill-runs/:pk": read(CLERKS),
    "admin/bill-runs/:pk/approve": send(CLERKS),
    "admin/bill-runs/:pk/retry": send(CLERKS),
    "admin/bill-runs/:pk/cancel": send(CLERKS),
    "admin/bill-runs/:pk/exceptions": read(CLERKS),
    "admin/bill-exceptions/:pk/resolve": send(CLERKS),
    "schema": read(EVERYBODY),
    "docs": read(EVERYBODY),
}

# Pages, and what is watched: functions of which many take any method for the one they know, so
# only what is named here is asked.
SITE: dict[str, Rule] = {
    "": read(PEOPLE),  # customers are led to their home
    "words.js": read(EVERYBODY),
    "sign-in": read(EVERYBODY),
    "sign-out": send(EVERYBODY),
    "sign-in/second-step": read(frozenset()),  # opens in a session that has taken the first
    "register": read(EVERYBODY),
    "verify-email/:token": read(EVERYBODY),
    "resend-verification": read(EVERYBODY),
    "forgot-password": read(EVERYBODY),
    "reset-password/:token": read(EVERYBODY),
    "account": read(PEOPLE),
    "account/close": read(PEOPLE),
    "account/data": read(PEOPLE),
    "account/data/archive": read(PEOPLE),
    "account/data/ask": send(PEOPLE),
    "account/notices": read(PEOPLE),
    "account/notices/test": send(PEOPLE),
    "account/password": read(PEOPLE),
    "account/present": send(PEOPLE),
    "account/second-factor": read(PEOPLE),
    "meters": read(STAFF),
    "meters/quarantine": read(OPERATORS) | send(OPERATORS),
    "meters/validation": read(OPERATORS) | send(OPERATORS),
    "meters/validation/:pk": read(OPERATORS) | send(OPERATORS),
    "meters/imports": read(OPERATORS) | send(OPERATORS),
    "meters/imports/:pk": read(OPERATORS) | send(OPERATORS),
    "meters/:pk": read(STAFF),
    "meters/:pk/exchange": read(OPERATORS) | send(OPERATORS),
    "meters/:pk/day": read(STAFF),
    "meters/:pk/readings": read(STAFF),
    "meters/:pk/alerts": read(STAFF),
    "tariffs": read(STAFF),
    "tariffs/overrides/:pk/approve": send(OPERATORS),
    "tariffs/overrides/:pk/end": send(OPERATORS),
    "alerts": read(STAFF),
    "alerts/act": send(OPERATORS),
    "alerts/count": read(STAFF),
    "alerts/top": read(STAFF),
    "alerts/notes": send(OPERATORS),
    "alerts/planned-work": send(OPERATORS),
    "alerts/planned-work/:pk/cancel": send(OPERATORS),
    "alerts/performance": read(STAFF),
    "alerts/performance.csv": read(STAFF),
    "alerts/:pk": read(STAFF),
    "alerts/:pk/children": read(STAFF),
    "home": read(PEOPLE),
    "compare": read(PEOPLE),
    "usage": read(PEOPLE),
    "usage/table.csv": read(PEOPLE),
    "prices": read(PEOPLE),
    "bills": read(PEOPLE),
    "bills/:pk": read(frozenset({CARL})),
    "bills/:pk/lines/:place": read(frozenset({CARL})),
    "bills/:pk/dispute": send(frozenset({CARL})),
    "billing": read(CLERKS) | send(CLERKS),
    "billing/runs/:pk": read(CLERKS),
    "billing/runs/:pk/approve": send(CLERKS),
    "billing/runs/:pk/retry": send(CLERKS),
    "billing/runs/:pk/cancel": send(CLERKS),
    "billing/exceptions/:pk/resolve": send(CLERKS),
    "billing/deliveries": read(CLERKS),
    "billing/deliveries/:pk/see": send(CLERKS),
    "billing/print-batches": send(CLERKS),
    "billing/bank": read(CLERKS) | send(CLERKS),
    "billing/bank/entries/:pk/assign": send(CLERKS),
    "billing/bank/entries/:pk/take-back": send(CLERKS),
    "billing/bank/entries/:pk/ignore": send(CLERKS),
    "billing/bank/entries/:pk/undo": send(CLERKS),
    "billing/receivables": read(CLERKS),
    "billing/invoices": read(CLERKS),
    "billing/invoices/:pk": read(CLERKS),
    "billing/invoices/:pk/lines/:place": read(CLERKS),
    "billing/invoices/:pk/pay": send(CLERKS),
    "billing/invoices/:pk/void": send(CLERKS),
    "billing/invoices/:pk/dispute": send(CLERKS),
    "billing/disputes/:pk/review": send(CLERKS),
    "billing/disputes/:pk/close": send(CLERKS),
    "billing/corrections": read(CLERKS),
    "billing/corrections/:pk": read(CLERKS),
    "billing/corrections/:pk/lines/:place": read(CLERKS),
    "billing/corrections/:pk/approve": send(CLERKS),
    "billing/corrections/:pk/reject": send(CLERKS),
    "billing/reminders": read(CLERKS),
    "health": read(EVERYBODY),
    "readyz": read(EVERYBODY),
    "metrics": read(EVERYBODY),
}

# Django's admin, all of it: to administrators. What no address serves below /api/ is answered 404.
DESK, NO_ADDRESS = "admin/", "api(?:/|)"

# Topics of the socket.
TOPICS: dict[str, frozenset[str]] = {
    "grid": STAFF,
    "map": STAFF,
    "alerts": STAFF,
    "mine": PEOPLE,
}


def spelled(pattern: str) -> str:
    """Return a pattern of the resolver as the table writes it."""
    plain = re.sub(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>", lambda m: f":{m[1] or m[2]}", pattern)
    plain = plain.replace("^", "").replace("$", "").replace("\\.", ".").replace("/?", "")
    return plain.replace("healthz?", "health").rstrip("/")


def registered(resolver: Any, before: str = "") -> Iterator[str]:
    """Return every address that the site serves, as the table writes it."""
    for entry in resolver.url_patterns:
        pattern = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from registered(entry, pattern)
        elif isinstance(entry, URLPattern):
            yield spelled(pattern)
