"""Messages of citizens and what becomes of them: cases, stages, clocks, the citizen's consent."""
