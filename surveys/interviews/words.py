"""What the page of an interviewer says while it runs; `{…}` is filled in on the phone."""

from portal.i18n import _


def texts() -> dict[str, str]:
    """In the reader's language."""
    return {
        "counts": _("%(waiting)s in the queue, %(sent)s sent", waiting="{waiting}", sent="{sent}"),
        "online": _("There is a network."),
        "offline": _("No network. Interviews are kept on this phone."),
        "loading": _("The questionnaire is being fetched…"),
        "ready": _("The questionnaire is on this phone. You can go."),
        "notReady": _("The questionnaire is not on this phone yet. Open this page with a network."),
        "noStore": _("This browser cannot keep interviews. Use Chrome, not in a private window."),
        "sending": _("Sending…"),
        "failed": _("The network broke off. Nothing is lost; send again later."),
        "busy": _("Too many at once. The rest is sent in a minute."),
        "signIn": _("Sign in again, then send. Nothing is lost."),
        "toSignIn": _("Sign in"),
        "again": _("Send again"),
        "other": _("Somebody else is signed in on this phone. Open the page again."),
        "interview": _("Interview %(number)s, %(time)s", number="{number}", time="{time}"),
        "goOn": _("Go on"),
        "correct": _("Correct"),
        "delete": _("Delete"),
        "sureDelete": _("Delete this interview? Its answers are lost."),
        "page": _("Page %(number)s of %(total)s", number="{number}", total="{total}"),
        "next": _("Next"),
        "previous": _("Previous"),
        "finish": _("Finish the interview"),
        "later": _("Keep and go on later"),
        "kept": _("The interview is in the queue."),
        "fix": _("Please correct the following"),
        "error": _("Error:"),
        "unsaved": _("This phone could not keep the interview. Do not close this page."),
        "places": _("Two answers have place %(place)s. Change one.", place="{place}"),
    }
