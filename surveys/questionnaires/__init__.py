"""Questionnaires: reading spreadsheets, the frozen form, its expressions and its flow."""
