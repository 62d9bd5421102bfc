"""Bills by REST."""
