"""Six backends of one invented company as real servers on loopback: what the graph is run and tested against."""
