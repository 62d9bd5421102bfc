"""What is said to people and systems, when, and the port through which it leaves."""
