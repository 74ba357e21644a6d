"""Everything that acts: stream processors, clock, operator commands, web, command line."""
