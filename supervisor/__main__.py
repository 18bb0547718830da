"""`python -m supervisor` and the `arbitrio` command."""
