"""Shapes of signing in."""

from typing import Any

from rest_framework import serializers


class CredentialsSerializer(serializers.Serializer[Any]):
    """What a person types."""

    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, style={"input_type": "password"})


class RefreshSerializer(serializers.Serializer[Any]):
    """The token that gets new ones, once."""

    refresh = serializers.CharField()


class TokensSerializer(serializers.Serializer[Any]):
    """What requests carry (15 minutes) and what renews it (7 days)."""

    access = serializers.CharField()
    refresh = serializers.CharField()
