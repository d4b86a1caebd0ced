"""The errors that leave TrueUp with an exit code of their own."""

from __future__ import annotations


class TrueUpError(Exception):
    """The run failed. The message is one clear line that says what and where."""

    exit_code = 3


class ConfigurationError(TrueUpError):
    """A setting, a reference file or a mapping is wrong. Nothing was changed."""

    exit_code = 2


class FileRejectedError(Exception):
    """One landed file cannot be loaded. The reason is stored and never quotes the file's values."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
