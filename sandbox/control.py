"""The control API under `/_sandbox`: call counters, faults and the gateway's settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sandbox.backend import Backend
from sandbox.catalog import Catalog
from sandbox.credentials import variables
from sandbox.crm import Crm
from sandbox.faults import Fault, Faults
from sandbox.messages import BadRequest, Request, Response, json_object, json_response
from sandbox.soap import SoapService

FAULTS: dict[str, set[str]] = {
    "latency": {"seconds"},
    "status": {"status"},
    "html": set(),
    "reset": set(),
    "truncate": set(),
    "drip": set(),
    "shape": set(),
    "soap-fault": set(),
    "graphql-error": set(),
    "expired-token": set(),
    "garbage": set(),
}
"""Every fault with the parameters it cannot do without."""

OPTIONAL: dict[str, set[str]] = {"soap-fault": {"status"}, "graphql-error": {"status"}}
FITS: dict[str, type[Backend]] = {"soap-fault": SoapService, "graphql-error": Catalog, "expired-token": Crm}


class Control:
    """The handler of `/_sandbox/requests`, `/_sandbox/faults` and `/_sandbox/settings`."""

    def __init__(self, backends: Mapping[str, Backend], counts: dict[str, int], faults: Faults) -> None:
        self._backends = backends
        self._counts = counts
        self._faults = faults

    def answer(self, request: Request) -> Response:
        try:
            return self._route(request)
        except BadRequest as error:
            lists = {"backends": list(self._backends), "faults": list(FAULTS)}
            return json_response({"error": str(error), **lists}, error.status)

    def _route(self, request: Request) -> Response:
        match request.method, request.segments[1:]:
            case "GET", ["requests"]:
                return json_response(self._counts)
            case "DELETE", ["requests"]:
                self._counts.update(dict.fromkeys(self._counts, 0))
                return Response(204)
            case "GET", ["settings"]:
                return json_response(variables(f"http://{request.headers.get('host', '')}"))
            case "GET", ["faults"]:
                return json_response({"faults": [fault.shown() for fault in self._faults]})
            case "POST", ["faults"]:
                fault = self._read(json_object(request))
                self._faults.put(fault)
                return json_response(fault.shown(), 201)
            case "DELETE", ["faults"]:
                return self._clear(request.query.get("backend"))
            case _:
                raise BadRequest(f"{request.method} {request.path}", "is not here", 404)

    def _clear(self, backend: str | None) -> Response:
        if backend is not None:
            _choice("backend", backend, self._backends)
        self._faults.clear(backend)
        return Response(204)

    def _read(self, fields: dict[str, object]) -> Fault:
        backend = _choice("backend", fields.pop("backend", None), self._backends)
        fault = _choice("fault", fields.pop("fault", None), FAULTS)
        self._fits(backend, fault)
        _complete(fault, fields)
        for name, value in fields.items():
            _sound(fault, name, value)
        return Fault(backend, fault, **fields)  # type: ignore[arg-type]  # each value was checked just above

    def _fits(self, backend: str, fault: str) -> None:
        kind = FITS.get(fault, Backend)
        fitting = [name for name, one in self._backends.items() if isinstance(one, kind)]
        if backend not in fitting:
            raise BadRequest("backend", f"of {fault} must be one of {', '.join(fitting)}, not {backend!r}")


def _choice(name: str, value: object, choices: Iterable[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise BadRequest(name, f"must be one of {', '.join(choices)}, not {value!r}")
    return value


def _complete(fault: str, fields: Mapping[str, object]) -> None:
    needed, allowed = FAULTS[fault], FAULTS[fault] | OPTIONAL.get(fault, set()) | {"times", "only"}
    for name in sorted(needed - fields.keys()):
        raise BadRequest(name, f"is needed for {fault}")
    for name in sorted(fields.keys() - allowed):
        raise BadRequest(name, f"means nothing to {fault}; it takes {', '.join(sorted(allowed))}")


def _sound(fault: str, name: str, value: object) -> None:
    rule, wanted = SOUND.get(f"{fault} {name}") or SOUND[name]
    if not rule(value):
        raise BadRequest(name, f"must be {wanted}, not {value!r}")


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and 0 <= value <= 3600


SOUND: dict[str, tuple[Callable[[object], bool], str]] = {
    "seconds": (_seconds, "a number from 0 to 3600"),
    "status": (_whole(200, 599), "a whole number from 200 to 599"),
    "soap-fault status": (lambda value: value in (200, 500), "200 or 500"),
    "graphql-error status": (lambda value: value in (200, 400), "200 or 400"),
    "times": (_whole(1, 1_000_000), "a whole number from 1"),
    "only": (lambda value: value == "data", '"data"'),
}
"""What a parameter's value must be, and the words for it; a fault may have a rule of its own."""
