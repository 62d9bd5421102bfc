"""Changes to prices, a noun a file."""
