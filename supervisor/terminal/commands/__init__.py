"""What each command of `arbitrio` does; see `cli.py`."""
