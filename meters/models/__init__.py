"""Service points, meters, their readings and the windows summed from them."""

from meters.models.held import Channel, IntervalRead, QuarantinedReading, ReadFile
from meters.models.imports import ImportChannel, ImportProfile, ReplacedRead
from meters.models.places import (
    Gateway,
    GatewayRequest,
    Meter,
    MeterInstallation,
    ServicePoint,
)
from meters.models.readings import (
    MINUTES,
    QUARTERS,
    READINGS,
    LatestReading,
    MinuteWindow,
    QuarterWindow,
    Reading,
    Window,
    WindowClock,
    WindowMark,
    WindowRevision,
)
from meters.models.registers import MeterExchange, RegisterTurn
from meters.models.rules import ValidationMark, ValidationRule
from meters.models.uploads import Upload, UploadPart
from meters.models.validation import Finding, IntervalEdit

__all__ = [
    "MINUTES",
    "QUARTERS",
    "READINGS",
    "Channel",
    "Finding",
    "Gateway",
    "GatewayRequest",
    "ImportChannel",
    "ImportProfile",
    "IntervalEdit",
    "IntervalRead",
    "LatestReading",
    "Meter",
    "MeterExchange",
    "MeterInstallation",
    "MinuteWindow",
    "QuarantinedReading",
    "QuarterWindow",
    "ReadFile",
    "Reading",
    "RegisterTurn",
    "ReplacedRead",
    "ServicePoint",
    "Upload",
    "UploadPart",
    "ValidationMark",
    "ValidationRule",
    "Window",
    "WindowClock",
    "WindowMark",
    "WindowRevision",
]
