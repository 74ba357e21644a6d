"""The business in plain Python: what things are and what is true about them, with no I/O and no clock."""
