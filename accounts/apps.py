"""People, customers, their agreements and the keys of head-ends."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, customers, their agreements and the keys of head-ends."""

    name = "accounts"
