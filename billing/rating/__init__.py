"""What electricity costs: intervals and prices in force become components, lines and a bill."""
