"""The tree: books, detector and venues, for the application and for programs that embed it."""
