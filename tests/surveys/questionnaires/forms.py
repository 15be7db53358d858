"""Small spreadsheets written as Markdown tables, for tests."""

from surveys.questionnaires.schema import Questionnaire
from surveys.questionnaires.xlsform import Reading, read


def markdown(survey: str, choices: str = "", settings: str = "") -> bytes:
    """Each argument holds rows of cells parted by |, the header first."""
    lines: list[str] = []
    for name, rows in (("survey", survey), ("choices", choices), ("settings", settings)):
        if rows:
            lines.append(f"| {name} |")
            lines += [f"| | {line.strip()} |" for line in rows.strip().splitlines()]
    return "\n".join(lines).encode()


def reading(survey: str, choices: str = "", settings: str = "") -> Reading:
    return read(markdown(survey, choices, settings), "form.md")


def questionnaire(survey: str, choices: str = "", settings: str = "") -> Questionnaire:
    result = reading(survey, choices, settings)
    assert result.questionnaire is not None, [str(p.message) for p in result.problems]
    return result.questionnaire


def codes(result: Reading, severity: str = "error") -> list[str]:
    return [problem.code for problem in result.problems if problem.severity == severity]
