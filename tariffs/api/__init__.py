"""REST doors of prices."""
