"""Trio actors: everything that waits."""
