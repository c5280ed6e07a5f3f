"""Problems that a user can mend."""

__all__ = ["UserError"]


class UserError(Exception):
    """A problem with what the user gave; its one-line message says what, where and how to fix it."""
