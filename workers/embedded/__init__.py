"""PostgreSQL and Valkey from their wheels: for the demo and the tests, on one bare machine.

Both keep what they promise: `fsync` stays on, every append of Valkey is on disk before it is
answered. The wheels bring the programs alone; starting them is done here, because the wheels'
own starters open the folders above the data to everybody, give a recovering database ten
seconds, and let Ctrl-C reach the broker before the processes that still write to it.
"""

from workers.embedded.broker import Broker, free_port
from workers.embedded.database import Database
from workers.embedded.faults import CannotStart

__all__ = ["Broker", "CannotStart", "Database", "free_port"]
