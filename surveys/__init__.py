"""Plugin: the city asks. Questionnaires, campaigns, answers, results."""
