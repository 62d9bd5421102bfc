"""What must be true beneath SEGS, and what to do where it is not: `manage.py doctor`."""

from workers.doctor.persistence import broker_faults

__all__ = ["broker_faults"]
