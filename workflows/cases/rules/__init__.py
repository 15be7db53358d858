"""Who gets a new case: rules with a reason, and who stands in for whom."""
