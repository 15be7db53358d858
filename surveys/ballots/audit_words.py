"""What the audit trail calls the changes of ballots."""

from portal.audit.words import describe
from portal.i18n import _l

describe(
    {
        "ballot.created": _l("Ballot scheme drafted"),
        "ballot.changed": _l("Ballot scheme changed"),
        "ballot.area_added": _l("Neighbourhood added to a ballot scheme"),
        "ballot.area_removed": _l("Neighbourhood taken out of a ballot scheme"),
        "ballot.budget_changed": _l("Budget of a neighbourhood's ballot changed"),
        "ballot.published": _l("Ballot scheme published"),
        "ballot.cancelled": _l("Ballot scheme called off"),
        "ballot.imported": _l("Election imported from a file"),
        "ballot.proposed": _l("Project proposed"),
        "ballot.proposal_changed": _l("Project changed"),
        "ballot.proposal_accepted": _l("Project put on the ballot"),
        "ballot.proposal_merged": _l("Proposal merged into another"),
        "ballot.proposal_declined": _l("Proposal declined"),
        "ballot.proposal_submitted": _l("Proposal put back for a decision"),
        "ballot.invited_to_propose": _l("People invited to propose"),
        "ballot.opened": _l("Vote opened"),
        "ballot.closed": _l("Vote closed"),
        "ballot.box_opened": _l("Ballot box opened"),
        "ballot.voted_on_paper": _l("Voter marked as having voted on paper"),
        "ballot.sheet_typed": _l("Paper ballot typed"),
        "ballot.sheet_decided": _l("Paper ballot decided by a third person"),
        "ballot.counted": _l("Votes counted, result published"),
        "ballot.reminded": _l("Voters reminded"),
        "ballot.announced": _l("People told of the result"),
    },
    {"ballot_scheme": _l("Ballot scheme"), "ballot_proposal": _l("Project")},
)
