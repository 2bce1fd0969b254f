"""What is remembered of backends' answers, per operation and per kind of viewer. May import: nothing of ours."""
