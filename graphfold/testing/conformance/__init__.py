"""The conformance suite of an adapter: a test for each rule of `graphfold.manifest`, made by one statement.

How a test runs:

    suite             one test for each rule that the adapter's manifest claims
      *_rules         the checks: each yields a text for everything that breaks its rule
        adapter_under_test    the operations with their samples, and ways to run them
          trial               one run: the adapter in a graph of its own, over a scripted backend
            virtual_time      an event loop on which waiting takes no time
          failure_scenarios, echoing_refusals, *_template    what the backend replies

May import: everything but server and cli.
To add a rule: its text in `graphfold.manifest`, its check in the `*_rules` module of its kind, named in `suite.py`, and
in the tests an adapter that breaks this rule and no other.
"""

from graphfold.testing.conformance.sample import Sample
from graphfold.testing.conformance.suite import conformance

__all__ = ["Sample", "conformance"]
