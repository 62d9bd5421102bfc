"""Users by REST, for administrators: who there is, who comes, who may do what, who is barred."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors
from accounts.api.base import person, sent
from accounts.api.refusals import Refusal
from accounts.choices import UserRole
from accounts.models import User
from accounts.services import users
from segs_site.lib import paging, schema
from segs_site.lib.access import Action, Needs

ORDER = paging.Order(("id",))


class UserSerializer(serializers.ModelSerializer[User]):
    """A person who may sign in."""

    has_second_factor = serializers.BooleanField()

    class Meta:
        model = User
        fields = [
            "id", "email", "first_name", "last_name", "role", "is_active", "date_joined",
            "last_login", "has_second_factor",
        ]  # fmt: skip
        read_only_fields = fields


class UserListSerializer(serializers.Serializer[Any]):
    """A page of users, the oldest first."""

    next = serializers.URLField(allow_null=True)
    results = UserSerializer(many=True)


class NewUserSerializer(serializers.Serializer[Any]):
    """Who is invited, and what for."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(UserRole.choices)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)


class UserChangeSerializer(serializers.Serializer[Any]):
    """What changes; what is not given stays."""

    role = serializers.ChoiceField(UserRole.choices, required=False)
    is_active = serializers.BooleanField(required=False)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)


class UserQuerySerializer(paging.PageQuerySerializer):
    """Which users: every filter that is given must fit."""

    role = serializers.ChoiceField(UserRole.choices, required=False)
    is_active = serializers.BooleanField(required=False, allow_null=True, default=None)
    search = serializers.CharField(
        required=False, max_length=254, help_text="part of the address or the name"
    )


class AdminView(APIView):
    """Lets administrators in."""

    permission_classes = [Needs(Action.ADMINISTER)]


class UsersView(AdminView):
    """Everybody who may sign in, and who was barred."""

    @extend_schema(
        operation_id="users_list",
        parameters=[UserQuerySerializer],
        responses=UserListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of users."""
        query = UserQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        page = paging.cut(
            _wanted(asked), order=ORDER, cursor=asked.get("cursor"), limit=asked["limit"]
        )
        return Response(page.document(request, list(UserSerializer(page.rows, many=True).data)))

    @extend_schema(
        operation_id="users_invite",
        request=NewUserSerializer,
        responses={
            201: UserSerializer,
            409: schema.refusal("There is a user with this address.", "user_known"),
        },
    )
    def post(self, request: Request) -> Response:
        """Let somebody in; a mail lets him choose his password."""
        asked = sent(NewUserSerializer, request)
        with _refusals():
            user = users.invite(**asked, now=timezone.now())
        return Response(UserSerializer(_user(user.pk)).data, status=201)


class UserView(AdminView):
    """One user."""

    @extend_schema(operation_id="users_retrieve", responses=UserSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Answer a user."""
        return Response(UserSerializer(_user(pk)).data)

    @extend_schema(
        operation_id="users_change",
        request=UserChangeSerializer,
        responses={
            200: UserSerializer,
            409: schema.refusal("Nobody would be left who administers.", "last_admin"),
        },
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Give a role, a name, or bar and let in again; nobody is deleted."""
        asked = sent(UserChangeSerializer, request)
        with _refusals():
            users.change(user=_user(pk), **asked, now=timezone.now())
        return Response(UserSerializer(_user(pk)).data)


class SecondFactorResetView(AdminView):
    """Helps somebody whose device is lost."""

    @extend_schema(
        operation_id="users_reset_second_factor",
        request=None,
        responses={
            204: OpenApiResponse(description="There is none any more; a mail tells the person."),
            409: schema.refusal(
                "There is none, or it is one's own.", "no_second_factor", "own_second_factor"
            ),
        },
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take away app, passkeys and recovery codes; the person's tokens end."""
        with _refusals():
            users.reset_second_factor(user=_user(pk), by=person(request).email, now=timezone.now())
        return Response(status=204)


def _user(pk: int) -> User:
    user = selectors.users().filter(pk=pk).first()
    if user is None:
        raise Http404(_("There is no such user."))
    return user


def _wanted(asked: dict[str, Any]) -> QuerySet[User]:
    found = selectors.users()
    if "role" in asked:
        found = found.filter(role=asked["role"])
    if asked["is_active"] is not None:
        found = found.filter(is_active=asked["is_active"])
    for word in asked.get("search", "").split():
        named = Q(first_name__icontains=word) | Q(last_name__icontains=word)
        found = found.filter(named | Q(email__icontains=word))
    return found


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except users.Known as problem:
        raise Refusal(409, "user_known", _("There is a user with this address.")) from problem
    except users.NothingHeld as problem:
        detail = _("This person has no second factor.")
        raise Refusal(409, "no_second_factor", detail) from problem
    except users.OneselfInstead as problem:
        detail = _("Remove your own second factor on the page of your account.")
        raise Refusal(409, "own_second_factor", detail) from problem
    except users.LastAdmin as problem:
        detail = _("Nobody would be left who administers: make somebody else one first.")
        raise Refusal(409, "last_admin", detail) from problem
