"""Questionnaires on paper: numbered sheets, typed twice by two people, compared field by field."""
