"""The `graphfold` command: one file for each subcommand, what they share, and `rendering` for longer output.

A problem that the user can solve is a `Stop` with one clear message; a traceback is a defect of the engine. The web
server is imported inside functions only, since half of the commands do without it.
May import everything in `graphfold`.
To add a command: a function in a file of its own, registered in `main.py`.
"""
