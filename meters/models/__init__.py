"""Service points, meters, their readings and the windows summed from them."""

from meters.models.held import Channel, IntervalRead, QuarantinedReading, ReadFile
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
)

__all__ = [
    "MINUTES",
    "QUARTERS",
    "READINGS",
    "Channel",
    "Gateway",
    "GatewayRequest",
    "IntervalRead",
    "LatestReading",
    "Meter",
    "MeterInstallation",
    "MinuteWindow",
    "QuarantinedReading",
    "QuarterWindow",
    "ReadFile",
    "Reading",
    "ServicePoint",
    "Window",
    "WindowClock",
    "WindowMark",
]
