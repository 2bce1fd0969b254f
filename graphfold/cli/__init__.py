"""The `graphfold` command: one file per command, each a function that `main.py` registers.

May import everything in `graphfold`, but inside functions where it is heavy: `--help` and `--version` answer at once.
A problem that the user can mend is a `Stop` with one clear message; a traceback is a defect of ours.
"""
