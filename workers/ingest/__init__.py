"""The ingest process: telemetry over HTTP into the stream, durably, before it is answered."""

from workers.ingest.app import application

__all__ = ["application"]
