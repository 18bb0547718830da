"""Order books and their actors."""
