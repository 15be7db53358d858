"""The first page of everybody who works here."""
