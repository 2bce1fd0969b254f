"""What whoever writes calls down must not write: a transport finds it in the extensions of each request."""

from __future__ import annotations

from typing import NamedTuple

from graphfold.secret import Secret

__all__ = ["DISCRETION", "Discretion"]

DISCRETION = "discretion"
"""The name in `request.extensions`."""


class Discretion(NamedTuple):
    """`places` are where a backend's credential stands, headers or `?parameters`; `secrets` are what it is made of."""

    places: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
