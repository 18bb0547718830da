"""Processes that a test starts."""

import signal


def heed_interrupts() -> None:
    """To be run in a child before its program: a suite in the background ignores interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
