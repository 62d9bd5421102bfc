"""Questions about prices, a noun a file."""
