"""What each command of `arbitrio` does; see `supervisor.cli`."""
