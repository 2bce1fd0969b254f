"""The `graphfold` command: one file per command, each a function that `main.py` registers.

May import everything in `graphfold`; the web server only inside functions, since half of the commands do without it.
A problem that the user can mend is a `Stop` with one clear message; a traceback is a defect of ours.
"""
