"""What fails again and again is told again and again, but less and less often."""


class Repeats:
    """Counts the failures in a row of one thing; the first, second, fourth and so on is told."""

    def __init__(self) -> None:
        self.count = 0

    def failed(self) -> bool:
        """It has failed once more; whether that is to be told."""
        self.count += 1
        return self.count & (self.count - 1) == 0

    def succeeded(self) -> None:
        """It works: the next failure is news."""
        self.count = 0
