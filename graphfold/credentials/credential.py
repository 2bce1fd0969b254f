"""What a credential is: a declaration on an adapter, and the session it opens with the secrets of this process."""

from __future__ import annotations

from typing import ClassVar

from pydantic import SecretStr

from graphfold.settings import BackendSettings
from graphfold.transport.session import Send, Session

__all__ = ["Credential", "secret"]


class Credential:
    """Declared on an adapter: `credential = ApiKey("X-Api-Key")`. Holds no secret: those come from the settings.

    `needs` names the settings it must have, e.g. `("token",)` for GRAPHFOLD_<BACKEND>_TOKEN.
    """

    needs: ClassVar[tuple[str, ...]] = ()

    def session(self, settings: BackendSettings, send: Send) -> Session:
        """Open it for one process; `send` reaches the backend without credentials."""
        return Session()


def secret(value: SecretStr | None) -> str:
    """The text of a secret. A missing one is empty: start-up has already said which setting is missing."""
    return value.get_secret_value() if value is not None else ""
