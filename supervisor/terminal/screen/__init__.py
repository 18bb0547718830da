"""The terminal screen of a running engine: what stands on it, and the keys that turn it."""
