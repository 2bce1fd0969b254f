"""What a backend's team proves of its adapter with one statement: the rules of `graphfold.manifest`, each a check.

May import: everything but server and cli.
To add a rule: its words in `graphfold.manifest`, its check in the file of its kind, both named in `suite.py`; and a
deliberately broken adapter in the tests that fails this rule and no other.
"""

from graphfold.testing.conformance.sample import Sample
from graphfold.testing.conformance.suite import conformance

__all__ = ["Sample", "conformance"]
