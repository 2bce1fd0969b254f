"""`graphfold invalidate`: sends running gateways a signed message that keys of a backend have changed."""

from __future__ import annotations

import time
import uuid
from typing import Annotated, Any

import httpx
import orjson
import typer

from graphfold.cli.project_graph import current_environment
from graphfold.cli.terminal import Stop, complain, out
from graphfold.settings import Settings, SettingsError

__all__ = ["invalidate"]

_FIX = (
    """set GRAPHFOLD_INVALIDATION_SECRET for the gateway and for this command, or GRAPHFOLD_INVALIDATION_SECRET_FILE."""
)


def invalidate(
    backend: Annotated[str, typer.Argument(help="The backend's name, such as crm.")],
    operation: Annotated[str, typer.Argument(help="The backend operation, such as customers.")],
    keys: Annotated[list[str] | None, typer.Argument(help="The keys that have changed.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All keys of the operation.")] = False,
    url: Annotated[list[str] | None, typer.Option(help="URL of a gateway; repeat it for several.")] = None,
) -> None:
    """Remove results of a backend operation, and all answers made with them, from the caches of running gateways."""
    if every is bool(keys):
        raise Stop("Say which keys have changed, or --all, not both.", code=2)
    try:
        secret = Settings.read(current_environment()).invalidation_secret
    except SettingsError as error:
        raise Stop(str(error)) from None
    if secret is None:
        raise Stop("GRAPHFOLD_INVALIDATION_SECRET is not set: the message cannot be signed.", fix=_FIX)
    changed: dict[str, Any] = {"keys": keys} if keys else {"all": True}
    body = orjson.dumps({"backend": backend, "operation": operation, **changed})
    # Each gateway caches on its own, so all of them get the message, even if one fails.
    outcomes = [_send(address, secret.text, body) for address in url or ["http://127.0.0.1:8000"]]
    if not all(outcomes):
        raise typer.Exit(1)


def _send(address: str, secret: str, body: bytes) -> bool:
    """Send the message to one gateway, print the outcome, and return whether the gateway has invalidated the keys."""
    from graphfold.server.webhook_signature import sign_webhook

    # A new id and time for each gateway: gateways ignore an id they know, and reject a message that is minutes old.
    signature = sign_webhook(secret, f"msg_{uuid.uuid4().hex}", int(time.time()), body)
    headers = {**signature, "content-type": "application/json"}
    try:
        is_local = httpx.URL(address).host in ("127.0.0.1", "localhost", "::1")  # a proxy cannot reach this machine
        url = f"{address.rstrip('/')}/invalidate"
        response = httpx.post(url, content=body, headers=headers, timeout=10, trust_env=not is_local)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        complain(f"{address}: no answer ({error or type(error).__name__}).")
        return False
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        answer = None
    match answer:
        case {"backend": backend, "operation": operation, "forgotten": count} if response.is_success:
            keys = "1 key is" if count == 1 else "all keys are" if count == "all" else f"{count} keys are"
            out.print(f"{address}: {backend}.{operation}: {keys} forgotten.")
            return True
        case _ if response.status_code == 404:  # the route is missing in a gateway without the secret
            complain(f"{address} does not accept invalidations.\n  Fix: {_FIX}")
        case {"errors": [{"message": message}, *_]}:
            complain(f"{address}: {message}")
        case _:
            complain(f"{address}: this is not a gateway (status {response.status_code}).")
    return False
