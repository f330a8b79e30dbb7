"""Buckets that are open to everybody, over the REST API."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from harness.server import CairnServer


def call(server: CairnServer, method: str, bucket: str, path: str, body: dict | None = None) -> dict:
    """A call about a bucket with the root token; its result."""
    return account_call(server, method, f"r2/buckets/{bucket}/{path}", body)


def account_call(server: CairnServer, method: str, path: str, body: dict | None = None) -> dict:
    """A call about the root account with its token; its result."""
    url = f"{server.api_base}/accounts/{server.account_id}/{path}"
    headers = {"Authorization": f"Bearer {server.api_token}"}
    answer = requests.request(method, url, json=body, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return answer.json()["result"]


def public_url(server: CairnServer, host: str) -> str:
    """The URL of a public name of the server, which listens on a port of its own."""
    return f"http://{host}:{urlsplit(server.endpoint).port}"


def open_to_everybody(server: CairnServer, bucket: str) -> str:
    """Enables the public development URL of a bucket, and returns it."""
    managed = call(server, "PUT", bucket, "domains/managed", {"enabled": True})
    return public_url(server, managed["domain"])
