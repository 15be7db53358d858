"""Pages of the people who work on cases, under /staff/cases."""
