"""Pages of the alarm desk: its lists, what is done there, what is written down, how it does."""
