"""Campaigns: a survey, a part of the contact bank, an SMS per language, a launch."""
