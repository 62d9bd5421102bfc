"""Pages of meters: the list, one meter, what waits in quarantine, what validation found."""
