"""Run the six backends of an invented company as real servers on loopback, for development and tests."""
