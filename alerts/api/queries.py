"""What may be asked of alerts and said to them."""

from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from alerts import lifecycle
from alerts.choices import Kind, Severity, State, Step
from alerts.models import AlertRule
from alerts.selectors.desk import Wanted
from grid.models import Feeder, Region, Transformer
from segs_site.lib.moments import MomentField
from segs_site.lib.paging import PageQuerySerializer

MOST = 10_000
NOTE_LENGTH = 500
OPEN = "open"
SEVERITIES = [severity.name.lower() for severity in Severity]
ORDERINGS = ["-severity", "raised_at", "-raised_at", "last_at", "-last_at"]


class ListedField(serializers.CharField):
    """One or several of some words, with commas between."""

    def __init__(self, words: list[str], **options: Any) -> None:
        self._words = words
        told = f"some of: {', '.join(words)}; with commas between"
        super().__init__(required=False, default="", max_length=300, help_text=told, **options)

    def to_internal_value(self, data: Any) -> Any:
        """Return the words; refuse one that is none of them."""
        asked = [word for word in str(super().to_internal_value(data)).split(",") if word]
        if not set(asked) <= set(self._words):
            raise serializers.ValidationError(f"Choose among {', '.join(self._words)}.")
        return asked


class AlertFilterSerializer(serializers.Serializer[Any]):
    """Which alerts. What another alert or planned work explains is left out unless asked for."""

    state = ListedField([OPEN, *State])
    severity = ListedField(SEVERITIES)
    kind = ListedField(Kind.values)
    region = serializers.CharField(required=False, max_length=64, default="", help_text="code")
    feeder = serializers.CharField(required=False, max_length=64, default="", help_text="code")
    transformer = serializers.CharField(
        required=False, max_length=64, default="", help_text="code"
    )
    meter = serializers.CharField(required=False, max_length=64, default="", help_text="serial")
    since = MomentField(required=False, default=None, help_text="raised then or later")
    before = MomentField(required=False, default=None, help_text="raised before")
    text = serializers.CharField(
        required=False, max_length=100, default="", help_text="part of message or note"
    )
    parent = serializers.IntegerField(  # type: ignore[assignment]
        required=False, default=None, min_value=1, max_value=2**63 - 1,
        help_text="what this alert explains",
    )  # fmt: skip
    assigned_to = serializers.RegexField(
        r"\A(me|nobody|\d{1,18})\Z", required=False, default="",
        help_text="a user's id, `me` or `nobody`",
    )  # fmt: skip
    shelved = serializers.BooleanField(required=False, default=None, allow_null=True)
    explained = serializers.ChoiceField(
        choices=["yes", "no", "any"], required=False, default="",
        help_text="by another alert or planned work; `no` unless a meter or parent is named",
    )  # fmt: skip


def wanted(asked: dict[str, Any], *, me: int) -> Wanted:
    """Return what a valid filter asks for."""
    is_near = asked["meter"] or asked["parent"]
    explained = asked["explained"] or ("any" if is_near else "no")
    return Wanted(
        states=tuple(_states(asked["state"])),
        severities=tuple(Severity[word.upper()] for word in asked["severity"]),
        kinds=tuple(asked["kind"]),
        assigned_to=_owner(asked["assigned_to"], me),
        explained={"yes": True, "no": False, "any": None}[explained],
        **{
            name: asked[name]
            for name in (
                "region", "feeder", "transformer", "meter", "since", "before", "text",
                "parent", "shelved",
            )
        },
    )  # fmt: skip


def _owner(word: str, me: int) -> int | None:
    return int(word) if word.isdecimal() else {"me": me, "nobody": 0}.get(word)


def _states(words: list[str]) -> set[State]:
    open_states = {State(state) for state in lifecycle.OPEN}
    named = {State(word) for word in words if word != OPEN}
    return named | open_states if OPEN in words or not words else named


class AlertListQuerySerializer(PageQuerySerializer, AlertFilterSerializer):
    """A page of alerts; the worst and newest first unless another order is asked for."""

    ordering = serializers.ChoiceField(choices=ORDERINGS, default="-severity")


class JournalQuerySerializer(PageQuerySerializer):
    """Which steps; newest first."""

    step = serializers.ChoiceField(choices=Step.choices, required=False, default="")
    by = serializers.CharField(required=False, max_length=254, default="", help_text="address")
    since = MomentField(required=False, default=None)
    before = MomentField(required=False, default=None)


class AlertNotedSerializer(serializers.Serializer[Any]):
    """Why, or what else is to be said."""

    note = serializers.CharField(
        required=False, allow_blank=True, max_length=NOTE_LENGTH, default=""
    )


class AlertTextSerializer(serializers.Serializer[Any]):
    """A note."""

    note = serializers.CharField(max_length=NOTE_LENGTH)


class AlertShelveSerializer(serializers.Serializer[Any]):
    """Until when, and why."""

    until = MomentField(required=False, help_text="or `minutes`; at most seven days ahead")
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=7 * 24 * 60)
    reason = serializers.CharField(max_length=NOTE_LENGTH)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one end."""
        if ("until" in attrs) == ("minutes" in attrs):
            raise serializers.ValidationError({"until": ["Give either `until` or `minutes`."]})
        return attrs


def end_of_shelf(said: dict[str, Any], *, now: datetime) -> datetime:
    """Return the end that was asked for."""
    until: datetime | None = said.get("until")
    return until or now + timedelta(minutes=said["minutes"])


class AlertAssignSerializer(AlertNotedSerializer):
    """To whom; null for nobody."""

    assigned_to = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), allow_null=True
    )


class AlertBulkSerializer(serializers.Serializer[Any]):
    """One thing done to many: those named by `ids`, or all that `where` finds open."""

    action = serializers.ChoiceField(
        choices=["acknowledge", "resolve", "shelve", "unshelve", "assign", "note"]
    )
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False, min_length=1, max_length=MOST,
    )  # fmt: skip
    where = AlertFilterSerializer(required=False)
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=NOTE_LENGTH, default=""
    )
    reason = serializers.CharField(required=False, max_length=NOTE_LENGTH, help_text="of `shelve`")
    until = MomentField(required=False, help_text="of `shelve`")
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=7 * 24 * 60)
    assigned_to = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), allow_null=True, required=False
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for what the action needs."""
        if ("ids" in attrs) == ("where" in attrs):
            raise serializers.ValidationError({"ids": ["Give either `ids` or `where`."]})
        if attrs["action"] == "shelve":
            said: dict[str, Any] = {
                name: attrs[name] for name in ("until", "minutes", "reason") if name in attrs
            }
            # Instants have been read already: the shelf's own rules are asked, not its fields.
            if "reason" not in said:
                raise serializers.ValidationError({"reason": ["Say why."]})
            AlertShelveSerializer().validate(said)
        if attrs["action"] == "note" and not attrs["note"]:
            raise serializers.ValidationError({"note": ["Write the note."]})
        if attrs["action"] == "assign" and "assigned_to" not in attrs:
            raise serializers.ValidationError({"assigned_to": ["Say to whom; null for nobody."]})
        return attrs


class _Code(serializers.SlugRelatedField[Any]):
    """A part of the grid by its code."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what PostgreSQL can keep in no text as any text is."""
        return super().to_internal_value(serializers.CharField().run_validation(data))


def part(model: Any, **options: Any) -> serializers.SlugRelatedField[Any]:
    """Return a field for a part of the grid by its code."""
    return _Code(slug_field="code", queryset=model.objects.all(), **options)


class PlannedWorkOrderSerializer(serializers.Serializer[Any]):
    """Work that will make meters dark, in one place: a region, a feeder or a transformer."""

    region = part(Region, required=False, allow_null=True, default=None)
    feeder = part(Feeder, required=False, allow_null=True, default=None)
    transformer = part(Transformer, required=False, allow_null=True, default=None)
    start = MomentField()
    end = MomentField(help_text="half-open")
    reason = serializers.CharField(max_length=NOTE_LENGTH)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one place and some length."""
        if attrs["end"] <= attrs["start"]:
            raise serializers.ValidationError({"end": ["The end must come after the start."]})
        if sum(attrs[name] is not None for name in ("region", "feeder", "transformer")) != 1:
            raise serializers.ValidationError({"region": ["Name one place."]})
        return attrs


class PlannedWorkQuerySerializer(PageQuerySerializer):
    """Which planned work; the latest start first."""

    over = serializers.BooleanField(default=False, help_text="also what is over or called off")


class ShiftTextSerializer(serializers.Serializer[Any]):
    """What one shift tells the next."""

    text = serializers.CharField(max_length=4000)


@extend_schema_field({"type": "string", "enum": SEVERITIES})
class SeverityField(serializers.Field[Any, Any, Any, Any]):
    """A severity by its lower-case word."""

    def to_internal_value(self, data: Any) -> Severity:
        """Return the severity of a word."""
        if data not in SEVERITIES:
            raise serializers.ValidationError(f"Choose among {', '.join(SEVERITIES)}.")
        return Severity[data.upper()]

    def to_representation(self, value: Any) -> str:
        """Return the word."""
        return Severity(value).name.lower()


class AlertRuleSerializer(serializers.ModelSerializer[AlertRule]):
    """When a condition is an alert; what threshold and deadband mean depends on the kind."""

    region = part(Region, required=False, allow_null=True, default=None)
    severity = SeverityField()

    class Meta:
        model = AlertRule
        fields = [
            "id", "kind", "region", "is_enabled", "severity", "threshold", "deadband",
            "on_delay_s", "off_delay_s", "share_pct", "count", "escalate_after_s",
        ]  # fmt: skip


class AlertRuleChangeSerializer(AlertRuleSerializer):
    """A rule stays of its kind and region."""

    class Meta(AlertRuleSerializer.Meta):
        read_only_fields = ["kind", "region"]

    region = serializers.SlugRelatedField(slug_field="code", read_only=True)
