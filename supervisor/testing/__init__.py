"""For tests of programs that embed arbitrio: a plugin of pytest."""
