"""Supervision: the policy decides, the loop obeys. It knows neither venues nor actors."""
