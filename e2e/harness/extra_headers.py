"""Headers that boto3 has no parameter for, added as R2's page "Configure custom headers" does it."""

from __future__ import annotations

import copy

from botocore.client import BaseClient


def with_headers(client: BaseClient, operation: str, headers: dict[str, str]) -> BaseClient:
    """A client like `client` that sends these headers with every request of the operation."""
    # `copy.copy` asks a client that is not made yet for its methods, and never ends.
    extended = object.__new__(type(client))
    vars(extended).update(vars(client))
    extended.meta = copy.copy(client.meta)
    extended.meta.events = copy.copy(client.meta.events)

    def add(params: dict, **_: object) -> None:
        params["headers"].update(headers)

    extended.meta.events.register(f"before-call.s3.{operation}", add)
    return extended
