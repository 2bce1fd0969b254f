"""What stands between an adapter's call and its backend, so that trouble stays small. A public room.

Declared on an adapter: `resilience = Resilience(retries=1, quota=Quota(600, per=60))`; adapter code sees none of it.
May import: transport, mistakes, deadline, errors. To add a guard: a file of its own, and its turn in `guard.py`.
"""

from graphfold.resilience.declaration import Breaker, Quota, Resilience

__all__ = ["Breaker", "Quota", "Resilience"]
