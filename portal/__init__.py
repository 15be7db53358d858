"""The host: everything a city's citizen-voice site needs whether it asks, listens or both."""
