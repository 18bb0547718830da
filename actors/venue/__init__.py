"""A venue's side: requests, sessions, connections, instruments, audits."""
