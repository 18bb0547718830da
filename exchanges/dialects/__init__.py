"""Protocols that several venues speak."""
