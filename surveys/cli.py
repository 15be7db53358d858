"""`flask surveys …`: the commands of the features under one name."""

from flask.cli import AppGroup

from surveys.analysis.cli import export
from surveys.ballots.cli import export_command as ballot_export
from surveys.ballots.cli import import_command as ballot_import
from surveys.ballots.tally_cli import tally_command
from surveys.questionnaires.cli import check, evaluate_command
from surveys.questionnaires.import_cli import import_command
from surveys.sampling.cli import sample_command

surveys = AppGroup("surveys", help="Questionnaires: check, import, evaluate, export, tally.")
surveys.add_command(check)
surveys.add_command(evaluate_command)
surveys.add_command(import_command)
surveys.add_command(export)
surveys.add_command(tally_command)
surveys.add_command(ballot_import)
surveys.add_command(ballot_export)
surveys.add_command(sample_command)
