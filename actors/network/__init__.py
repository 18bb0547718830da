"""The outside world, replaceable as a whole."""
