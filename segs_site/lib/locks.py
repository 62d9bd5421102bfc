"""Advisory locks of the database, in one list so that no two are the same number."""

from enum import IntEnum


class Lock(IntEnum):
    """What only one session at a time may do."""

    PARTITIONS = 0x5E65_0001
    RELAY = 0x5E65_0002
    IMPORTS = 0x5E65_0003
    WINDOWS = 0x5E65_0004
    VALIDATION = 0x5E65_0005
    PRICES = 0x5E65_0006
    DESK = 0x5E65_0007
    NOTICES = 0x5E65_0008
    UPLOADS = 0x5E65_0009
    SWEEP = 0x5E65_0010
    JUDGING = 0x5E65_0011
