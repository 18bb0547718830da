"""What is worth telling, and the actor that tells it."""
