"""Supervision, and the engine that runs under it; `arbitrio` gives out what is public of it."""
