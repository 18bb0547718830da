"""Traffic to files and back."""
