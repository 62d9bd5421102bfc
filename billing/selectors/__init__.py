"""Questions about bills, and the reading of what they are made of."""
