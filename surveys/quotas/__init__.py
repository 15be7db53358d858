"""Quotas: how many of a group may answer."""
