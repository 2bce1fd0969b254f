"""Graph: a project's schema with its adapters and settings, and what lives as long as the graph runs.

To add a method to `Graph`: write it in the room that does the work and call it from here.
May import: everything but testing, cli and __main__.
"""
