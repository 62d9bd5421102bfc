"""Dead letters as the database knows them: copied from the broker by workers, replayed by them."""

from datetime import datetime

from segs_site.lib.models import DeadLetter


def ask_replay(*, pk: int, by: str, now: datetime) -> DeadLetter:
    """Ask for a letter to be replayed; asking twice keeps the first. Raises DoesNotExist."""
    waiting = DeadLetter.objects.filter(pk=pk, replay_asked_at__isnull=True)
    waiting.update(replay_asked_at=now, replay_asked_by=by)
    return DeadLetter.objects.get(pk=pk)
