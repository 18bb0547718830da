"""Sandbox venues as servers, and what can go wrong there."""
