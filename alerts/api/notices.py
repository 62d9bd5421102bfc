"""What a person was told in the console, and how he wants to be told."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from alerts.choices import SEVERITY_WORDS, Channel, Severity
from alerts.models import Notice, NoticeSettings
from alerts.models.hearers import PHONE
from alerts.selectors import hearing, journal
from alerts.services import preferring, reading
from grid.models import Region
from segs_site.lib import paging

ORDER = paging.Order(("id",), descending=True)
MOST_NAMED = 1000


class SeverityField(serializers.ChoiceField):
    """A severity by its lower-case word."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=SEVERITY_WORDS, allow_null=True, **options)

    def to_internal_value(self, data: Any) -> Any:
        """Return the number of a word."""
        return Severity[super().to_internal_value(data).upper()]

    def to_representation(self, value: Any) -> Any:
        """Return the word of a number."""
        return None if value is None else Severity(value).name.lower()


class RegionCodesField(serializers.ListField):
    """Regions by their codes."""

    def to_internal_value(self, data: Any) -> list[Region]:
        """Return the regions; refuse a code that is none."""
        codes = set(super().to_internal_value(data))
        found = list(Region.objects.filter(code__in=codes))
        unknown = sorted(codes - {region.code for region in found})
        if unknown:
            message = f"There is no region {', '.join(unknown)}."
            raise serializers.ValidationError(message)
        return found

    def to_representation(self, regions: Any) -> list[str]:
        """Return the codes."""
        return list(regions.values_list("code", flat=True))


class NoticeSettingsSerializer(serializers.Serializer[NoticeSettings]):
    """How a person is told: by each channel from a severity on, null for never."""

    channels = serializers.SerializerMethodField(help_text="what this site offers")
    in_app_from = SeverityField()
    mail_from = SeverityField()
    sms_from = SeverityField()
    regions = RegionCodesField(
        child=serializers.CharField(max_length=64),
        max_length=MOST_NAMED,
        help_text="codes; empty: every region",
    )
    is_on_duty = serializers.BooleanField(help_text="hears of every escalation")
    phone = serializers.CharField(max_length=16, allow_blank=True, validators=[PHONE])
    quiet_from = serializers.TimeField(allow_null=True, help_text="in the person's zone")
    quiet_until = serializers.TimeField(allow_null=True)
    critical_passes = serializers.BooleanField(
        help_text="critical alerts and escalations pass the quiet hours"
    )

    def get_channels(self, row: NoticeSettings) -> list[Channel]:
        """Return the channels that the site has."""
        return list(hearing.offered())


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """One notice in the console."""

    class Meta:
        model = Notice
        fields = ["id", "occasion", "alert", "subject", "text", "done_at", "read_at"]
        read_only_fields = fields


class NoticeListSerializer(serializers.Serializer[Any]):
    """A page of notices, newest first, and how many are unread."""

    unread = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    results = NoticeSerializer(many=True)


class NoticeQuerySerializer(paging.PageQuerySerializer):
    """Which notices."""

    unread = serializers.BooleanField(default=False, help_text="the unread alone")


class ReadSerializer(serializers.Serializer[Any]):
    """Which notices are read."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        allow_null=True,
        default=None,
        max_length=MOST_NAMED,
        help_text="none: all of them",
    )


class UnreadSerializer(serializers.Serializer[Any]):
    """How many notices are unread."""

    unread = serializers.IntegerField()


class TestedSerializer(serializers.Serializer[Any]):
    """By which channels a test was sent."""

    channels = serializers.ListField(child=serializers.ChoiceField(Channel.choices))


class NoticesView(APIView):
    """What the signed-in person was told in the console."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="users_me_notices",
        parameters=[NoticeQuerySerializer],
        responses=NoticeListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of notices."""
        query = NoticeQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        mine = journal.of_person(_person(request))
        page = paging.cut(
            mine.unread() if asked["unread"] else mine,
            order=ORDER,
            cursor=asked.get("cursor"),
            limit=asked["limit"],
        )
        rows = NoticeSerializer(page.rows, many=True).data
        return Response({"unread": mine.unread().count()} | page.document(request, list(rows)))


class ReadNoticesView(APIView):
    """Notices that the person has read."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="users_me_notices_read", request=ReadSerializer, responses=UnreadSerializer
    )
    def post(self, request: Request) -> Response:
        """Mark notices as read; those of others are left alone."""
        sent = ReadSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        user = _person(request)
        reading.mark_read(user=user, ids=sent.validated_data["ids"], now=timezone.now())
        return Response({"unread": journal.of_person(user).unread().count()})


class NoticeSettingsView(APIView):
    """How the signed-in person is told."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="users_me_notifications", responses=NoticeSettingsSerializer)
    def get(self, request: Request) -> Response:
        """Answer the settings; the defaults of the role where nothing was said."""
        row = hearing.settings_of(_person(request))
        return Response(NoticeSettingsSerializer(row).data)

    @extend_schema(
        operation_id="users_me_notifications_change",
        request=NoticeSettingsSerializer,
        responses=NoticeSettingsSerializer,
    )
    def put(self, request: Request) -> Response:
        """Set all of them."""
        sent = NoticeSettingsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            row = preferring.set_settings(user=_person(request), **sent.validated_data)
        except preferring.NotOffered as problem:
            raise ValidationError({"sms_from": ["No text messages are sent here."]}) from problem
        except preferring.NoPhone as problem:
            raise ValidationError({"phone": ["Text messages need a number."]}) from problem
        except preferring.HalfQuiet as problem:
            message = "Quiet hours need a beginning and another time as their end."
            raise ValidationError({"quiet_until": [message]}) from problem
        return Response(NoticeSettingsSerializer(row).data)


class TestNoticeView(APIView):
    """A test of the person's channels."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="users_me_notifications_test",
        request=None,
        responses={202: TestedSerializer},
    )
    def post(self, request: Request) -> Response:
        """Send a test by each channel that is on; it comes within seconds."""
        try:
            channels = reading.ask_for_test(user=_person(request), now=timezone.now())
        except reading.TooSoon as problem:
            raise ValidationError("A test was sent just now.") from problem
        return Response({"channels": channels}, status=202)


def _person(request: Request) -> User:
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
