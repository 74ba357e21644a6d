"""Everything remembered, in one table with its changelog."""
