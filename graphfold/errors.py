"""The errors of an answer, classified by what the caller can do next. The list of codes is closed.

GraphError
 |- InvalidInput         BAD_INPUT             the query, a variable or an argument is wrong
 |- LimitExceeded        LIMIT_EXCEEDED        the query asks for more than a limit allows
 |- Unauthenticated      UNAUTHENTICATED       the caller has to sign in
 |- Forbidden            FORBIDDEN             the caller may not see or do this
 |- NotFound             NOT_FOUND             it does not exist
 |- DeadlineExceeded     DEADLINE_EXCEEDED     the operation's time is over
 |- Internal             INTERNAL              a defect on our side
 `- BackendError
     |- BackendUnavailable   BACKEND_UNAVAILABLE   refused, reset, 5xx
     |- BackendTimeout       BACKEND_TIMEOUT       no complete answer in time
     |- BackendBadReply      BACKEND_BAD_REPLY     not a message of its protocol: an HTML page, half a reply
     |- BackendRejected      BACKEND_REJECTED      a business refusal
     |- BackendBusy          BACKEND_BUSY          429, queue full, quota used up
     |- BackendCredentials   BACKEND_CREDENTIALS   our credentials were refused
     `- BackendContract      BACKEND_CONTRACT      a reply that does not have the agreed form

OVERLOADED has no class: the server answers with it before there is an operation that could raise it.

The message is for the caller. Text that only the operator may see goes into `internal`, which is logged and never sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

__all__ = [
    "CODES",
    "BackendBadReply",
    "BackendBusy",
    "BackendContract",
    "BackendCredentials",
    "BackendError",
    "BackendRejected",
    "BackendTimeout",
    "BackendUnavailable",
    "Code",
    "DeadlineExceeded",
    "Forbidden",
    "GraphError",
    "Internal",
    "InvalidInput",
    "LimitExceeded",
    "NotFound",
    "Unauthenticated",
]


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of the closed list of codes.

    An `outage` has nothing to do with the request or the caller, so a fallback or a stale cache entry may answer
    instead. `status` is the HTTP status of an answer that has this error and no data at all.
    """

    name: str
    meaning: str
    retryable: bool
    status: int
    advice: str
    outage: bool = False


CODES: dict[str, Code] = {
    code.name: code
    for code in (
        Code("BAD_INPUT", "The query, a variable or an argument is wrong.", False, 400, "Change the request."),
        Code("LIMIT_EXCEEDED", "The query asks for more than a limit allows.", False, 400, "Ask for less at a time."),
        Code("UNAUTHENTICATED", "The caller is not signed in.", False, 401, "Sign in and send the credentials."),
        Code("FORBIDDEN", "The caller may not see or do this.", False, 403, "Ask for the permission."),
        Code("NOT_FOUND", "The requested object does not exist.", False, 200, "Check the id."),
        Code(
            "BACKEND_UNAVAILABLE", "A backend cannot be reached or failed.", True, 503, "Try again later.", outage=True
        ),
        Code("BACKEND_TIMEOUT", "A backend did not answer in time.", True, 504, "Try again later.", outage=True),
        Code(
            "BACKEND_BAD_REPLY",
            "A backend's reply cannot be used.",
            False,
            502,
            "Tell the backend's owner.",
            outage=True,
        ),
        Code("BACKEND_REJECTED", "A backend refused for a business reason.", False, 200, "Read the message."),
        Code(
            "BACKEND_BUSY", "A backend takes no more calls now.", True, 503, "Wait `retryAfter` seconds.", outage=True
        ),
        Code("BACKEND_CREDENTIALS", "A backend refuses our credentials.", False, 502, "Tell the operator."),
        Code("BACKEND_CONTRACT", "A backend's interface has changed.", False, 502, "Tell the backend's owner."),
        Code(
            "DEADLINE_EXCEEDED",
            "The operation's time is over.",
            True,
            504,
            "Ask for less, or allow more time.",
            outage=True,
        ),
        Code("OVERLOADED", "The gateway takes no more operations now.", True, 503, "Wait `retryAfter` seconds."),
        Code("INTERNAL", "A defect of the gateway.", False, 500, "Report the request id."),
    )
}


class GraphError(Exception):
    """An error with a code of the closed list.

    `backend`, `operation` (the backend operation's name) and `retry_after` (seconds) are set where they are known;
    `detail` is added to the error's `extensions`; `internal` goes to the log only. `defect` says how the adapter's own
    code failed while it read a backend's failure.
    """

    code: ClassVar[str] = "INTERNAL"
    defect: str | None = None

    def __init__(
        self,
        message: str,
        *,
        backend: str | None = None,
        operation: str | None = None,
        retry_after: float | None = None,
        detail: Mapping[str, object] | None = None,
        internal: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.backend = backend
        self.operation = operation
        self.retry_after = retry_after
        self.detail = dict(detail or {})
        self.internal = internal

    def at(self, backend: str, operation: str) -> Self:
        """Set the backend and the operation it happened in, unless they are set already. Return the error."""
        self.backend = self.backend or backend
        self.operation = self.operation or operation
        return self

    @property
    def is_outage(self) -> bool:
        """Whether a fallback or stale entry may answer instead, and the circuit breaker counts it as a failure."""
        return CODES[self.code].outage

    @property
    def extensions(self) -> dict[str, Any]:
        """The `extensions` of the GraphQL error. graphql-core copies them from the exception by this name."""
        optional = {"backend": self.backend, "operation": self.operation, "retryAfter": self.retry_after}
        present = {name: value for name, value in optional.items() if value is not None}
        return {"code": self.code, "retryable": CODES[self.code].retryable, **present, **self.detail}


class InvalidInput(GraphError):
    code = "BAD_INPUT"


class LimitExceeded(GraphError):
    code = "LIMIT_EXCEEDED"


class Unauthenticated(GraphError):
    code = "UNAUTHENTICATED"


class Forbidden(GraphError):
    code = "FORBIDDEN"


class NotFound(GraphError):
    code = "NOT_FOUND"


class DeadlineExceeded(GraphError):
    code = "DEADLINE_EXCEEDED"


class Internal(GraphError):
    code = "INTERNAL"


class BackendError(GraphError):
    """A backend failed, or refused a call. Raise one of the subclasses."""

    code = "BACKEND_UNAVAILABLE"


class BackendUnavailable(BackendError):
    code = "BACKEND_UNAVAILABLE"


class BackendTimeout(BackendError):
    code = "BACKEND_TIMEOUT"


class BackendBadReply(BackendError):
    code = "BACKEND_BAD_REPLY"


class BackendRejected(BackendError):
    code = "BACKEND_REJECTED"


class BackendBusy(BackendError):
    code = "BACKEND_BUSY"


class BackendCredentials(BackendError):
    code = "BACKEND_CREDENTIALS"


class BackendContract(BackendError):
    code = "BACKEND_CONTRACT"
