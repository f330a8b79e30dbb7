"""Every name under `localhost` is this machine (RFC 6761, section 6.3), whether the resolver knows it or not.

Virtual-hosted addressing needs such names. Some C libraries leave them unresolved, so Python's lookup is taught here.
"""

from __future__ import annotations

import socket

import pytest


def resolve_localhost_names(patch: pytest.MonkeyPatch) -> None:
    """Until `patch` is undone, `*.localhost` resolves to the loopback address in this process."""
    original = socket.getaddrinfo

    def lookup(host, *arguments, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name and name.rstrip(".").endswith(".localhost"):
            host = "127.0.0.1"
        return original(host, *arguments, **options)

    patch.setattr(socket, "getaddrinfo", lookup)
