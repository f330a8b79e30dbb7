"""Access control of custom domains as machines meet it: curl with a service token, links that Python signs as Cloudflare's
page shows. docs/access.md."""

from __future__ import annotations

import base64
import hmac
import time
import urllib.parse
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import requests
from botocore.client import BaseClient

from harness.commands import isolated_environment, run
from harness.localhost import resolve_localhost_names
from harness.public_buckets import call, public_url
from harness.server import CairnServer


@pytest.fixture(autouse=True)
def localhost_names() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        resolve_localhost_names(patch)
        yield


def ask(server: CairnServer, method: str, path: str, body: dict) -> dict:
    """A call about access control with the root token; its result."""
    headers = {"Authorization": f"Bearer {server.api_token}"}
    answer = requests.request(method, f"{server.api_base}/{path}", json=body, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return answer.json()["result"]


@pytest.fixture
def domain(s3: BaseClient, cairn: CairnServer, bucket: str) -> str:
    """A custom domain with one object, in a zone of its own."""
    s3.put_object(Bucket=bucket, Key="images/cat.jpg", Body=b"meow")
    name = f"{bucket}.files.localhost"
    call(cairn, "POST", bucket, "domains/custom", {"domain": name, "zoneId": bucket, "enabled": True})
    return name


def test_curl_reads_with_a_service_token(
    cairn: CairnServer, domain: str, curl: str, tmp_path: Path
) -> None:
    access = f"accounts/{cairn.account_id}/access"
    token = ask(cairn, "POST", f"{access}/service_tokens", {"name": domain})
    rule = {"service_token": {"token_id": token["id"]}}
    policy = {"name": "machines", "decision": "non_identity", "include": [rule]}
    ask(cairn, "POST", f"{access}/apps", {"name": domain, "type": "self_hosted", "domain": domain, "policies": [policy]})
    url = f"{public_url(cairn, domain)}/images/cat.jpg"
    refused = requests.get(url, allow_redirects=False, timeout=30)
    assert (refused.status_code, "meow" in refused.text) == (302, False)
    address = cairn.endpoint.removeprefix("http://").split(":")
    shown = [
        "--header",
        f"CF-Access-Client-Id: {token['client_id']}",
        "--header",
        f"CF-Access-Client-Secret: {token['client_secret']}",
    ]
    command = [curl, "--fail", "--silent", "--connect-to", f"::{address[0]}:{address[1]}", *shown, url]
    assert run(command, isolated_environment(tmp_path), tmp_path) == "meow"


def signed(secret: str, message: str, timestamp: int) -> str:
    """A link as Cloudflare's page makes it."""
    digest = hmac.new(secret.encode("utf8"), f"{message}{timestamp}".encode(), sha256)
    token = urllib.parse.quote_plus(base64.b64encode(digest.digest()))
    return f"{message}?verify={timestamp}-{token}"


def test_links_that_python_signs_open_one_object_for_a_time(cairn: CairnServer, bucket: str, domain: str) -> None:
    valid = 'is_timed_hmac_valid_v0("mysecrettoken", http.request.uri, 10800, http.request.timestamp.sec, 8)'
    rule = {"action": "block", "expression": f'(http.host eq "{domain}" and not {valid})'}
    ask(cairn, "PUT", f"zones/{bucket}/rulesets/phases/http_request_firewall_custom/entrypoint", {"rules": [rule]})
    base, now = public_url(cairn, domain), int(time.time())
    assert requests.get(base + signed("mysecrettoken", "/images/cat.jpg", now), timeout=30).text == "meow"
    for link in (
        "/images/cat.jpg",
        signed("another", "/images/cat.jpg", now),
        signed("mysecrettoken", "/images/dog.jpg", now).replace("dog", "cat"),
        signed("mysecrettoken", "/images/cat.jpg", now - 10_801),
    ):
        answer = requests.get(base + link, timeout=30)
        assert (answer.status_code, "meow" in answer.text) == (403, False), link
