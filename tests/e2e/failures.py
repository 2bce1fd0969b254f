"""The failures of a backend and their effects: shown in `docs/failures.md`, checked by `test_matrix.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphfold.errors import CODES
from graphfold.testing import Blackhole, Cut, Delay, Drip, Fault, HalfClose, Refuse, Reset, Stale

__all__ = ["FAILURES", "PROTOCOLS", "Failure", "row"]

PROTOCOLS = {
    "crm": "REST",
    "shop": "REST",
    "catalog": "GraphQL",
    "inventory": "SOAP",
    "billing": "SOAP",
    "marketing": "REST",
}


@dataclass(frozen=True)
class Failure:
    """One of them, the same for these backends.

    `fault` is one of the sandbox, or of the proxy before it. `repeated`: a call that may be made again
    is, while it has time left. `counted`: it brings the breaker nearer to opening. `slow`: only the limit ends it.
    """

    what: str
    fault: Mapping[str, Any] | Fault
    code: str | None
    repeated: bool = False
    counted: bool = False
    slow: bool = False
    backends: tuple[str, ...] = tuple(PROTOCOLS)

    def __str__(self) -> str:
        return json.dumps(self.fault) if isinstance(self.fault, Mapping) else repr(self.fault)

    @property
    def protocols(self) -> list[str]:
        return list(dict.fromkeys(PROTOCOLS[backend] for backend in self.backends))


_SOAP = ("inventory", "billing")
_REST = ("crm", "shop", "marketing")
_ONE_ADDRESS = ("catalog", *_SOAP)


def _unavailable(what: str, fault: Mapping[str, Any] | Fault, backends: tuple[str, ...] = tuple(PROTOCOLS)) -> Failure:
    return Failure(what, fault, "BACKEND_UNAVAILABLE", repeated=True, counted=True, backends=backends)


def _late(what: str, fault: Mapping[str, Any] | Fault) -> Failure:
    return Failure(what, fault, "BACKEND_TIMEOUT", counted=True, slow=True)


def _bad(what: str, fault: Mapping[str, Any] | Fault) -> Failure:
    return Failure(what, fault, "BACKEND_BAD_REPLY", counted=True)


def _status(status: int) -> dict[str, Any]:
    return {"fault": "status", "status": status, "only": "data"}


FAILURES = [
    _unavailable("no process listens", Refuse()),
    _unavailable("the connection is reset", Reset()),
    _unavailable("it is reset within the reply", Reset(40)),
    _unavailable("the connection ends without a reply", Cut()),
    _unavailable("it ends within the reply", Cut(40)),
    _unavailable("the backend closes its half of the connection", HalfClose()),
    _late("packets are dropped silently", Blackhole()),
    _late("each packet takes a minute", Delay(60)),
    _late("the reply comes a byte at a time", Drip(0.05)),
    Failure("a kept-alive connection ends as it is used again", Stale(), None),
    _unavailable("closes the connection", {"fault": "reset"}),
    _unavailable("ends in the middle of its reply", {"fault": "truncate"}),
    _late("takes half a minute", {"fault": "latency", "seconds": 30}),
    _late("answers a byte a second", {"fault": "drip"}),
    _bad("answers nonsense", {"fault": "garbage"}),
    _bad("answers with an HTML page", {"fault": "html"}),
    Failure(
        "answers in another form than agreed, as a success", {"fault": "shape", "only": "data"}, "BACKEND_CONTRACT"
    ),
    _unavailable("answers with a fault of the server", {"fault": "soap-fault"}, _SOAP),
    _unavailable("answers with a fault of the server, as a success", {"fault": "soap-fault", "status": 200}, _SOAP),
    _unavailable("answers with an error", {"fault": "graphql-error"}, ("catalog",)),
    Failure("refuses the query", {"fault": "graphql-error", "status": 400}, "BACKEND_CONTRACT", backends=("catalog",)),
    _bad("accepts the call without a result", _status(202)),
    _bad("redirects", _status(302)),
    _bad("redirects, with the request's body", _status(307)),
    Failure("rejects the request", _status(400), "BACKEND_REJECTED"),
    Failure("no longer accepts the token, which is renewed", {"fault": "expired-token"}, None, backends=("crm",)),
    Failure("refuses the credentials, fresh ones too", _status(401), "BACKEND_CREDENTIALS"),
    Failure("accepts them but forbids the call", _status(403), "BACKEND_CREDENTIALS"),
    Failure("is not at this address", _status(404), "BACKEND_CONTRACT", backends=_ONE_ADDRESS),
    Failure("does not have the resource", _status(404), "NOT_FOUND", backends=_REST),
    Failure("does not support the method", _status(405), "BACKEND_CONTRACT"),
    Failure("did not get the request in time", _status(408), "BACKEND_TIMEOUT", repeated=True, counted=True),
    Failure("is no longer at this address", _status(410), "BACKEND_CONTRACT", backends=_ONE_ADDRESS),
    Failure("no longer has the resource", _status(410), "NOT_FOUND", backends=_REST),
    Failure("does not accept this format", _status(415), "BACKEND_CONTRACT"),
    Failure("limits the rate", _status(429), "BACKEND_BUSY", repeated=True),
    _unavailable("fails", _status(500)),
    _unavailable("cannot reach its own upstream", _status(502)),
    _unavailable("is down", _status(503)),
    Failure("gets no reply from its own upstream", _status(504), "BACKEND_TIMEOUT", repeated=True, counted=True),
]


def row(failure: Failure) -> str:
    """Return its row of the page."""
    protocols = ", ".join(failure.protocols) if len(failure.protocols) < 3 else "all"
    cells = [
        f"`{failure}` {failure.what}",
        protocols,
        f"`{failure.code}`" if failure.code else "none",
        "yes" if failure.repeated else "no",
        "yes" if failure.counted else "no",
        _seen(failure.code),
    ]
    return f"| {' | '.join(cells)} |"


def _seen(code: str | None) -> str:
    if code is None:
        return "the whole answer"
    return f"null, and an error that is {'' if CODES[code].retryable else 'not '}retryable"
