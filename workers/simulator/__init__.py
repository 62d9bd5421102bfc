"""Meters that do not exist, living believable days: readings for demos, tests and benchmarks.

households, climate, appliances, randomness, scenarios: pure calculation · messages: what goes on
the wire · feed: the bodies of each moment · pacing: when they are due · sender, appending: where
they go · tally: what became of them · running: the loop that joins them.
"""
