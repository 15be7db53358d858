"""Flask-Security's messages in our words; its own catalogs know no Persian.

Plain strings: Flask-Security looks them up in our catalog when it shows them.
"""


def N_(message: str) -> str:  # noqa: N802 (the name that extraction looks for)
    """Mark for translation."""
    return message


_WRONG = N_("The email address or the password is not right.")
_AGAIN = N_("Please sign in again.")

MESSAGES: dict[str, tuple[str, str]] = {
    "GENERIC_AUTHN_FAILED": (_WRONG, "error"),
    "USER_DOES_NOT_EXIST": (_WRONG, "error"),
    "DISABLED_ACCOUNT": (_WRONG, "error"),
    "INVALID_EMAIL_ADDRESS": (_WRONG, "error"),
    "INVALID_PASSWORD": (N_("The password is not right."), "error"),
    "EMAIL_NOT_PROVIDED": (N_("Write your email address."), "error"),
    "PASSWORD_NOT_PROVIDED": (N_("Write your password."), "error"),
    "RETYPE_PASSWORD_MISMATCH": (N_("The two passwords are not the same."), "error"),
    "PASSWORD_INVALID_LENGTH": (N_("The password needs at least %(length)s characters."), "error"),
    "PASSWORD_TOO_SIMPLE": (N_("Choose a password that is harder to guess."), "error"),
    "PASSWORD_IS_THE_SAME": (N_("The new password must differ from the old one."), "error"),
    "PASSWORD_CHANGE": (
        N_("Your password was changed. You were signed out on other devices."),
        "success",
    ),
    "LOGIN": (N_("Please sign in to open this page."), "info"),
    "UNAUTHENTICATED": (N_("Please sign in to open this page."), "error"),
    "UNAUTHORIZED": (N_("This page is not open to you"), "error"),
    "REFRESH": (_AGAIN, "info"),
    "REAUTHENTICATION_REQUIRED": (N_("To go on, type your password once more."), "info"),
    "REAUTHENTICATION_SUCCESSFUL": (N_("Thank you; you can go on."), "success"),
    "ANONYMOUS_USER_REQUIRED": (N_("You are signed in already."), "info"),
    "INVALID_CODE": (N_("The code is not right. It changes every 30 seconds."), "error"),
    "TWO_FACTOR_INVALID_TOKEN": (
        N_("The code is not right. It changes every 30 seconds."),
        "error",
    ),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (N_("You are signed in."), "success"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (
        N_("The second factor is set up. Now make recovery codes and keep them safe."),
        "success",
    ),
    "TWO_FACTOR_PERMISSION_DENIED": (_AGAIN, "error"),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (N_("This way is not offered here."), "error"),
    "TWO_FACTOR_DISABLED": (N_("The second factor is switched off."), "success"),
    "TWO_FACTOR_SETUP_EXPIRED": (
        N_("That took longer than %(within)s. Please begin again."),
        "error",
    ),
    "INVALID_RECOVERY_CODE": (N_("This recovery code is not right or was used before."), "error"),
    "NO_RECOVERY_CODES_SETUP": (N_("You have no recovery codes yet."), "info"),
    "INVALID_REDIRECT": (_AGAIN, "error"),
    "API_ERROR": (N_("This could not be read. Please try again."), "error"),
    "INVALID_INPUT": (N_("This could not be read. Please try again."), "error"),
}
