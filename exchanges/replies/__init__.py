"""What came back from a venue, and what it means where that is no answer."""
