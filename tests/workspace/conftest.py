"""What tests of the workspace share."""

from tests.working import computer, server

__all__ = ["computer", "server"]
