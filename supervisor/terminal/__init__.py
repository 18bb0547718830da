"""The application: commands and what they show."""
