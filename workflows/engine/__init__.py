"""Workflows as data: definitions, their checks, versions, running them, drawing them."""
