"""Readers of bank files, and whose a payment may be."""
