"""Measurements of this system on this machine; see `arbitrio bench`."""
