"""Run the `graphfold` command, by `python -m graphfold`."""

import sys

from graphfold.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
