"""The messages of the venue's binary frames; `make proto` compiles the definitions."""
