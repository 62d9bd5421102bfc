"""The paper of an invoice: its words, its numbers as people read them, its typesetting."""
