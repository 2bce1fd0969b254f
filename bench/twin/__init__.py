"""The rooms of `bench/handwritten.py`: the same graph without graphfold. Nothing of graphfold is imported here."""
