"""Units of the city: a tree with an escalation chain."""
