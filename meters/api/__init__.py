"""REST doors of meters: what they measured, how they do, what waits for a decision."""
