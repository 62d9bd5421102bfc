"""Ways out of the house that need the network: webhooks, and the gateway of text messages."""
