"""Plugin: the city listens and follows up. Calendars and clocks, cases, call-ins, packets."""
