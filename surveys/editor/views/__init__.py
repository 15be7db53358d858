"""Staff pages of the editor."""

from surveys.editor.views import drafts, preview, questions, texts, trials
from surveys.editor.views.blueprint import blueprint

__all__ = ["blueprint", "drafts", "preview", "questions", "texts", "trials"]
