"""Venues seen from the server, over synthetic markets."""
