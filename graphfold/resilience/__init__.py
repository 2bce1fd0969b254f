"""Keep trouble with one backend small: retries, circuit breaker, bulkhead, quota, hedging. A public room.

An adapter declares it: `resilience = Resilience(retries=1, quota=Quota(600, per=60))`. Its methods see none of it.
To add a mechanism: a module of its own, called by `guard.py`.
May import: transport, mistakes, deadline, errors, observer.
"""

from graphfold.resilience.options import Breaker, Quota, Resilience

__all__ = ["Breaker", "Quota", "Resilience"]
