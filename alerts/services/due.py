"""What comes by the clock at the desk: called again and again, it does whatever is due."""

from datetime import datetime

from alerts.services import attending, escalating, planning, shelving


def run_due(*, now: datetime) -> None:
    """Begin and end planned work, end stays on the shelf, escalate, see whether anybody is there.

    Costs a few small questions while nothing is due.
    """
    planning.run_due(now=now)
    shelving.end_due(now=now)
    escalating.escalate_due(now=now)
    attending.judge(now=now)
