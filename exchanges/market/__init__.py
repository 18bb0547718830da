"""What is traded and told, in one vocabulary for all venues."""
