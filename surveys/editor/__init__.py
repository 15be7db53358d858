"""Editing a questionnaire in the browser: drafts, texts side by side, changes, preview."""
