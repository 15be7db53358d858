"""Reads a `.pb` file and lists everything that is wrong with it."""

import re
from fractions import Fraction
from typing import Final

from portal.i18n import LANGUAGES, _l
from surveys.ballots.pabulib_format import (
    KINDS,
    MAX_BYTES,
    MAX_DECIMALS,
    MAX_PROJECTS,
    MAX_VOTES,
    OWN_COLUMNS,
    SECTIONS,
    VOTE_COLUMNS,
    VOTE_TYPES,
    Election,
    Reading,
    Vote,
    VoteType,
)
from surveys.ballots.pabulib_lines import TooManyError, rows, split
from surveys.ballots.rules.model import Amount, Ballot, BallotKind, Instance, Project
from surveys.ballots.rules.support import plain
from surveys.questionnaires.problems import ProblemList

_NUMBER: Final = re.compile(rf"[0-9]{{1,30}}([.,][0-9]{{1,{MAX_DECIMALS}}})?")
Row = dict[str, str]


class Reader:
    def __init__(self) -> None:
        self.problems = ProblemList()
        self.meta: dict[str, str] = {}
        self.meta_lines: dict[str, int] = {}
        self.projects: dict[str, Project] = {}
        self.project_fields: dict[str, Row] = {}
        self.votes: list[Vote] = []
        self.voters: set[str] = set()
        self.meta_is_read = False
        self.vote_type: VoteType | None = None
        self.kind: BallotKind = "approval"
        self.budget: Amount | None = None
        self.limits: dict[str, Amount] = {}

    def read(self, content: bytes) -> Reading:
        if len(content) > MAX_BYTES:
            self.problems.add("too_big", _l("The file is too big: at most 64 MB are read."))
            return self._done()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.problems.add(
                "encoding", _l("The file is not UTF-8 text. Save it as UTF-8."), row=line
            )
            return self._done()
        try:
            self._sections(text)
        except TooManyError as error:
            self.problems.add("too_many", error.args[0], row=error.args[1])
        return self._done()

    def _sections(self, text: str) -> None:
        lines = rows(text, self.problems)
        section = ""
        seen: set[str] = set()
        header: list[str] | None = None
        for line, cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            word = cells[0].strip().upper()
            if word in SECTIONS and not any(cell.strip() for cell in cells[1:]):
                if word in seen:
                    self.problems.add(
                        "section_twice",
                        _l("The section %(name)s occurs twice. Join the two.", name=word),
                        row=line,
                    )
                if missing := [
                    each for each in SECTIONS[: SECTIONS.index(word)] if each not in seen
                ]:
                    self.problems.add(
                        "section_order",
                        _l(
                            "The section %(name)s must come before %(this)s.",
                            name=missing[0],
                            this=word,
                        ),
                        row=line,
                    )
                    seen.update(missing)
                section, header = word, None
                seen.add(word)
                if section != "META":
                    self._end_of_meta()
                continue
            if not section:
                self.problems.add(
                    "no_section", _l("The file must begin with a line META."), row=line
                )
                return
            if header is None:
                header = [cell.strip().lower() for cell in cells]
                self._check_header(section, header, line)
                continue
            self._row(section, header, cells, line)
        for name in SECTIONS:
            if name not in seen:
                self.problems.add(
                    "section_missing", _l("The section %(name)s is missing. Add it.", name=name)
                )
        self._counts()

    def _check_header(self, section: str, header: list[str], line: int) -> None:
        needed = {
            "META": ["key", "value"],
            "PROJECTS": ["project_id", "cost"],
            "VOTES": ["vote", "points"] if self.kind == "points" else ["vote"],
        }[section]
        for name in needed:
            if name not in header:
                self.problems.add(
                    "column_missing",
                    _l("The column %(name)s is missing in this line. Add it.", name=name),
                    section,
                    line,
                    name,
                )
        for name in sorted({name for name in header if header.count(name) > 1}):
            self.problems.add(
                "column_twice",
                _l("The column %(name)s occurs twice. Rename one.", name=name),
                section,
                line,
                name,
            )

    def _row(self, section: str, header: list[str], cells: list[str], line: int) -> None:
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            self.problems.add(
                "too_many_fields",
                _l(
                    "This line has more fields than the section has columns. Put a text that holds "
                    "a semicolon in double quotes."
                ),
                section,
                line,
            )
            return
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        match section:
            case "META":
                self._meta_row(row, line)
            case "PROJECTS":
                self._project_row(row, line)
            case _:
                self._vote_row(row, line)

    def _meta_row(self, row: Row, line: int) -> None:
        key = row.get("key", "").lower()
        if not key:
            return
        if key in self.meta:
            self.problems.warn(
                "meta_twice",
                _l("%(name)s is given twice; the second value is taken.", name=key),
                "META",
                line,
                key,
            )
        self.meta[key] = row.get("value", "")
        self.meta_lines[key] = line

    def _end_of_meta(self) -> None:
        """Understand META once, before the first line that needs it."""
        if self.meta_is_read:
            return
        self.meta_is_read = True
        found = self.meta.get("vote_type", "").lower()
        if found in VOTE_TYPES:
            self.vote_type = next(each for each in VOTE_TYPES if each == found)
            self.kind = KINDS[found]
        else:
            self.problems.add(
                "vote_type",
                _l(
                    "vote_type must be one of %(known)s.",
                    known=", ".join(VOTE_TYPES),
                ),
                "META",
                self.meta_lines.get("vote_type"),
                "vote_type",
            )
        self.budget = self._meta_number("budget")
        if "budget" not in self.meta:
            self.problems.add(
                "budget",
                _l("The budget is missing. Add a line budget;1000 with the amount."),
                "META",
                None,
                "budget",
            )
        for name in ("min_length", "max_length", "max_sum_cost", "max_sum_points", "max_points"):
            if (limit := self._meta_number(name)) is not None:
                self.limits[name] = limit
        if self.vote_type == "choose-1":
            self.limits["min_length"] = self.limits["max_length"] = 1
        if self.vote_type == "approval" and "max_sum_cost" in self.limits:
            self.kind = "knapsack"

    def _meta_number(self, name: str) -> Amount | None:
        if not (written := self.meta.get(name, "")):
            return None
        return self._number(written, "META", self.meta_lines[name], name)

    def _number(self, written: str, section: str, line: int, column: str) -> Amount | None:
        if _NUMBER.fullmatch(written):
            return plain(Fraction(written.replace(",", ".")))
        self.problems.add(
            "number",
            _l(
                "“%(value)s” is not a number. Write it with digits only, e.g. 1500000 or 12.5.",
                value=written[:40],
            ),
            section,
            line,
            column,
        )
        return None

    def _project_row(self, row: Row, line: int) -> None:
        name = row.get("project_id", "")
        if len(self.projects) >= MAX_PROJECTS:
            raise TooManyError(_l("The file has too many projects."), line)
        if not name or "," in name:
            self.problems.add(
                "project_id",
                _l("A project needs an id without commas."),
                "PROJECTS",
                line,
                "project_id",
            )
            return
        if name in self.projects:
            self.problems.add(
                "project_twice",
                _l("The id %(name)s is given to two projects. Change one.", name=name),
                "PROJECTS",
                line,
                "project_id",
            )
            return
        cost = self._number(row.get("cost", ""), "PROJECTS", line, "cost")
        names = {code: text for code in LANGUAGES if (text := row.get(f"name_{code}"))}
        if not names and row.get("name"):
            names = {self.meta.get("language", "")[:2].lower() or "und": row["name"]}
        # A project with an unreadable cost is known all the same, or each vote for it is an error.
        self.projects[name] = Project(name, 0 if cost is None else cost, names)
        self.project_fields[name] = {
            key: value for key, value in row.items() if key not in OWN_COLUMNS and value
        }

    def _vote_row(self, row: Row, line: int) -> None:
        if len(self.votes) >= MAX_VOTES:
            raise TooManyError(_l("The file has too many votes."), line)
        voter = row.get("voter_id", "")
        if voter and voter in self.voters:
            self.problems.add(
                "voter_twice",
                _l("The voter %(name)s has voted before. Remove one of the lines.", name=voter),
                "VOTES",
                line,
                "voter_id",
            )
            return
        self.voters.add(voter)
        choices = split(row.get("vote", ""))
        points = split(row.get("points", "")) if self.kind == "points" else ()
        if not self._check_choices(choices, line):
            return
        if self.kind == "points" and len(points) != len(choices):
            self.problems.add(
                "points_count",
                _l("Give each project of the vote its points: as many numbers as projects."),
                "VOTES",
                line,
                "points",
            )
            return
        given = [self._number(each, "VOTES", line, "points") for each in points]
        if any(each is None for each in given):
            return
        amounts = tuple(each for each in given if each is not None)
        self._check_limits(choices, amounts, line)
        more = {key: value for key, value in row.items() if key not in VOTE_COLUMNS and value}
        self.votes.append(Vote(Ballot(self.kind, choices, amounts), voter, more))

    def _check_choices(self, choices: tuple[str, ...], line: int) -> bool:
        unknown = [name for name in choices if name not in self.projects]
        for name in unknown[:10]:
            self.problems.add(
                "unknown_project",
                _l(
                    "The vote names the project %(name)s, which is not in PROJECTS.", name=name[:40]
                ),
                "VOTES",
                line,
                "vote",
            )
        if len(set(choices)) < len(choices):
            self.problems.add(
                "choice_twice",
                _l("The vote names a project twice. Name it once."),
                "VOTES",
                line,
                "vote",
            )
            return False
        return not unknown

    def _check_limits(
        self, choices: tuple[str, ...], points: tuple[Amount, ...], line: int
    ) -> None:
        """Votes beyond the limits that the file itself sets: told, and counted as they are."""
        sums: list[tuple[str, Amount, bool]] = [
            ("max_length", len(choices), True),
            ("min_length", len(choices), False),
            ("max_sum_cost", sum((self.projects[name].cost for name in choices), 0), True),
            ("max_sum_points", sum(points, 0), True),
            ("max_points", max(points, default=0), True),
        ]
        for name, amount, is_most in sums:
            limit = self.limits.get(name)
            if limit is None or (amount <= limit if is_most else amount >= limit):
                continue
            message = _l(
                "The vote breaks the limit %(name)s of %(limit)s. It is counted as it is.",
                name=name,
                limit=str(limit),
            )
            if self.vote_type == "choose-1":
                message = _l("In a vote of type choose-1 name exactly one project.")
                self.problems.add("choose_one", message, "VOTES", line, "vote")
                return
            if name == "max_length" and self.kind == "ranked":
                message = _l(
                    "The vote ranks more projects than max_length allows. Remove the last ones."
                )
                self.problems.add("too_long", message, "VOTES", line, "vote")
                return
            self.problems.warn("limit", message, "VOTES", line, "vote")

    def _counts(self) -> None:
        for name, number in (("num_projects", len(self.projects)), ("num_votes", len(self.votes))):
            said = self.meta.get(name)
            if said and said != str(number) and not self.problems.errors:
                self.problems.warn(
                    "count",
                    _l(
                        "%(name)s says %(said)s, the file has %(found)s. Correct it or look for "
                        "missing lines.",
                        name=name,
                        said=said[:40],
                        found=str(number),
                    ),
                    "META",
                    self.meta_lines[name],
                    name,
                )

    def _done(self) -> Reading:
        problems = tuple(self.problems.found)
        if self.problems.errors or self.vote_type is None or self.budget is None:
            return Reading(None, problems, self.problems.left_out)
        longest = self.limits.get("max_length") if self.kind == "ranked" else None
        instance = Instance(
            self.budget,
            tuple(self.projects.values()),
            longest_list=int(longest) if longest else None,
        )
        election = Election(
            self.vote_type, instance, tuple(self.votes), self.meta, self.project_fields
        )
        return Reading(election, problems, self.problems.left_out)
