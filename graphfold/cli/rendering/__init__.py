"""Turns what commands print into text: backends, explanations and the errors of an answer.

Functions return lines; the command prints them. Only `backend_status` prints by itself, as it redraws a live table.
To add a rendering: a function from data to lines in a file of its own, called by its command.
"""
