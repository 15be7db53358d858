"""Surveys exported from LimeSurvey as `.lss`."""

from .convert import Converted, convert
from .document import is_limesurvey

__all__ = ["Converted", "convert", "is_limesurvey"]
