"""Special messages: several ways at once, each to its own end."""
