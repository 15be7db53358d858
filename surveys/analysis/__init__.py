"""Results: counts, charts and exports."""
