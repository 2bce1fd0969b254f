"""The base class of the six backends: a name, a media type and one method that answers a request."""

from __future__ import annotations

from abc import ABC, abstractmethod

from sandbox.messages import Request, Response


class Backend(ABC):
    """One vendor's server, mounted under `/<name>`."""

    name: str
    media_type = "application/json"

    @abstractmethod
    async def answer(self, request: Request) -> Response:
        """Answer a request whose path starts with `/<name>`."""

    def is_data(self, request: Request) -> bool:
        """Return False for requests that only prepare others, such as fetching a token or a WSDL."""
        return True
