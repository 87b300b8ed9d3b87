"""The errors a person can mend."""


class FunilError(Exception):
    """One or two plain sentences that name the setting at fault and what to do.

    Shown as they are, without a traceback; they never hold a secret.
    """
