"""Changes of alerts: what raises, clears and links them, and what people do with them."""
