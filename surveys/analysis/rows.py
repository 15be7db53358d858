"""Complete responses of a survey for files: one snapshot of the tables, read row by row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, func, select

from surveys.analysis import channels
from surveys.analysis.columns import Column, Value
from surveys.campaigns.models import Invitation
from surveys.questionnaires.models import SurveyVersion
from surveys.responses.models import Response
from surveys.ways.models import CampaignWays

BATCH: Final = 1000


class Snapshot:
    """What was there when it was opened: counts, widths and rows agree with each other."""

    def __init__(self, connection: Connection, survey_id: int, campaign_id: int | None) -> None:
        self._connection = connection
        self._survey_id = survey_id
        self._campaign_id = campaign_id

    def _wanted(self, query: Select[Any]) -> Select[Any]:
        query = query.join(SurveyVersion, SurveyVersion.id == Response.version_id).where(
            SurveyVersion.survey_id == self._survey_id,
            Response.state == "complete",
            Response.is_test.is_(False),
        )
        if self._campaign_id is not None:
            query = query.where(Response.campaign_id == self._campaign_id)
        return query

    def count(self) -> int:
        """Number of rows."""
        query = self._wanted(select(func.count()).select_from(Response))
        return self._connection.scalar(query) or 0

    def widths(self, columns: Sequence[Column]) -> dict[str, int]:
        """Bytes in UTF-8 of the longest answer in each of these columns, as JSON writes it, by
        the column's name."""
        widest: dict[str, int] = {}
        # PostgreSQL returns at most 1,664 columns.
        for start in range(0, len(columns), 500):
            part = columns[start : start + 500]
            query = self._wanted(
                select(
                    *(
                        func.max(func.octet_length(_answer(column).astext)).label(f"w{place}")
                        for place, column in enumerate(part)
                    )
                ).select_from(Response)
            )
            found = self._connection.execute(query).one()
            widest.update(
                (column.name, width or 0) for column, width in zip(part, found, strict=True)
            )
        return widest

    def rows(self, columns: Sequence[Column]) -> Iterator[list[Value]]:
        """The values of each response in these columns, in the order of their ids."""
        query = self._wanted(
            select(
                Response.id,
                SurveyVersion.number,
                Response.language,
                Response.submitted_at,
                Response.mode,
                Response.answers,
                channels.verification().label("verification"),
            )
            .outerjoin(Invitation, Invitation.id == Response.invitation_id)
            .outerjoin(CampaignWays, CampaignWays.campaign_id == Response.campaign_id)
        ).order_by(Response.id)
        found = self._connection.execution_options(yield_per=BATCH).execute(query)
        for part in found.mappings().partitions():
            for row in part:
                answers = row["answers"]
                yield [
                    column.value(row.get(column.source)) if column.is_first else column.of(answers)
                    for column in columns
                ]


def _answer(column: Column) -> Any:
    if not column.round:
        return Response.answers[column.source]
    return Response.answers[column.repeat][column.round - 1][column.source]


@contextmanager
def snapshot(engine: Engine, survey_id: int, campaign_id: int | None = None) -> Iterator[Snapshot]:
    """Neither session nor application: a download goes on after the request that began it."""
    with engine.connect() as connection:
        repeatable = connection.execution_options(isolation_level="REPEATABLE READ")
        with repeatable.begin():
            yield Snapshot(repeatable, survey_id, campaign_id)
