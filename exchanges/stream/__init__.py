"""One stream connection, sans I/O: frames in, events out; wishes in, frames out."""
