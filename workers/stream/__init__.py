"""The stream between ingest and storage. It does not know what it carries."""
