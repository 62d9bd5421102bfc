"""REST doors of people."""
