"""Template filters of meters."""
