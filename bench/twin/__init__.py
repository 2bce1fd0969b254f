"""The parts of `bench/handwritten.py`: the same graph without graphfold, which is not imported here."""
