"""Pages of meters: the list, one meter, and what waits in quarantine."""
