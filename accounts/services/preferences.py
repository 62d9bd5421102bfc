"""What people set about themselves."""

from typing import Any

from accounts.models import Preferences, User


def of(user: User) -> Preferences:
    """Return what the person prefers; an unsaved row of defaults, if he never said."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)


def set_preferences(*, user: User, **chosen: Any) -> Preferences:
    """Keep the chosen fields of `Preferences`; those not named stay as they are.

    A budget that was set is looked at soon.
    """
    if "budget" in chosen:
        chosen = chosen | {"budget_looked_at": None}
    row, _ = Preferences.objects.update_or_create(user=user, defaults=chosen)
    return row


def set_name(*, user: User, first_name: str, last_name: str) -> None:
    """Keep how a person is called."""
    user.first_name, user.last_name = first_name, last_name
    user.save(update_fields=["first_name", "last_name"])
