"""Changes to meters and their readings, a file a noun."""
