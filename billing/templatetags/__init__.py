"""How templates show bills."""
