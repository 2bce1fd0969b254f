"""The `graphfold` command: one file per command.

May import everything in `graphfold`; the web server only inside functions, since half of the commands do without it.
A problem that the user can mend is a `Stop` with one clear message; a traceback is a defect of ours.
To add a command: a function in a file of its own, registered in `main.py`.
"""
