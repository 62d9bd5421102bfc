"""Alerts and notices by REST."""
