"""The `arbitrio` command; also `python -m arbitrio`."""

import sys

from supervisor.terminal.cli import main

if __name__ == "__main__":
    sys.exit(main())
