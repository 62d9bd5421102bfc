"""The processes of SEGS. Only they know the queue, the stream and who must hear of a change."""

from workers.celery import app as celery_app

__all__ = ["celery_app"]
