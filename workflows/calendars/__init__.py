"""Business calendars: when a unit works, and when a promise of so many hours falls due."""
