"""Open311 GeoReport v2: other applications read and send messages to the city."""
