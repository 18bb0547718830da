"""Configuration, and its errors."""
