"""The signed-in person by REST."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import serializers
from accounts.api.base import person, sent
from accounts.services import preferences


class MeView(APIView):
    """Who is signed in."""

    @extend_schema(operation_id="users_me", responses=serializers.MeSerializer)
    def get(self, request: Request) -> Response:
        """Answer the person."""
        return Response(serializers.MeSerializer(person(request)).data)

    @extend_schema(
        operation_id="users_me_change",
        request=serializers.MeSerializer,
        responses=serializers.MeSerializer,
    )
    def put(self, request: Request) -> Response:
        """Change how the person is called; address and role are not his to change."""
        preferences.set_name(user=person(request), **sent(serializers.MeSerializer, request))
        return Response(serializers.MeSerializer(person(request)).data)


class PreferencesView(APIView):
    """How the person wants to be spoken to."""

    @extend_schema(
        operation_id="users_me_preferences", responses=serializers.PreferencesSerializer
    )
    def get(self, request: Request) -> Response:
        """Answer the preferences; defaults where nothing was said."""
        return Response(serializers.PreferencesSerializer(preferences.of(person(request))).data)

    @extend_schema(
        operation_id="users_me_preferences_change",
        request=serializers.PreferencesSerializer,
        responses=serializers.PreferencesSerializer,
    )
    def put(self, request: Request) -> Response:
        """Set all of them."""
        chosen = sent(serializers.PreferencesSerializer, request)
        row = preferences.set_preferences(user=person(request), **chosen)
        return Response(serializers.PreferencesSerializer(row).data)
