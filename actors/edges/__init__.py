"""Between actors: clocks, channels, hubs, counts."""
