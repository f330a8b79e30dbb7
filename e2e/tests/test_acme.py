"""Certificates by ACME: a real authority asks, over plain HTTP and over TLS, issues, and clients trust what comes."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
import requests

from harness.acme import AcmeAuthority, free_port, is_installed
from harness.server import CairnServer

# CI must have it.
pytestmark = pytest.mark.skipif(
    not is_installed() and not os.environ.get("CI"), reason="Debian's package pebble is not installed"
)

# An attempt that failed, for instance at an authority that a busy machine held up, is made again after a minute.
ISSUE_SECONDS_MAX = 300
LOOK_SECONDS = 0.2

Site = tuple[AcmeAuthority, CairnServer, int]


@pytest.fixture
def serve(cairn_binary: Path, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Starts an authority, and a server that proves its names by the given challenge."""
    running: list[tuple[AcmeAuthority, CairnServer]] = []

    def start(challenge: str, domains: list[str], acme_http_port: int | None = None, redirect: str = "") -> Site:
        http_port, tls_port = free_port(), free_port()
        authority = AcmeAuthority(tmp_path, acme_http_port or http_port, tls_port).start()
        configuration = tmp_path / "cairn.toml"
        configuration.write_text(
            f'tls_listen = "127.0.0.1:{tls_port}"\n{redirect}'
            f'acme_directory = "{authority.directory_url}"\nacme_ca = "{authority.ca_file}"\n'
            f'acme_terms_agreed = true\nacme_contact = ["me@example.com"]\n'
            f'acme_challenge = "{challenge}"\nacme_domains = {domains!r}\n'
        )
        arguments = ["--data", str(tmp_path / "data"), "--config", str(configuration)]
        server = CairnServer(cairn_binary, tmp_path, arguments, listen=f"127.0.0.1:{http_port}")
        running.append((authority, server))
        return authority, server.start(), tls_port

    yield start
    for authority, server in running:
        server.kill()
        authority.stop()
        assert not server.panicked(), server.log()


def shaken(authority: AcmeAuthority, port: int, name: str) -> tuple[dict[str, object], str | None]:
    """The certificate a client is shown that trusts the authority, and the protocol agreed on."""
    context = ssl.create_default_context(cadata=authority.root())
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        return secure.getpeercert(), secure.selected_alpn_protocol()


def issued(authority: AcmeAuthority, server: CairnServer, port: int, name: str) -> dict[str, object]:
    """Waits until the name has a certificate."""
    deadline = time.monotonic() + ISSUE_SECONDS_MAX
    while True:
        try:
            certificate, protocol = shaken(authority, port, name)
        # ssl.SSLError is one.
        except OSError:
            assert time.monotonic() < deadline, server.log() + authority.log()
            time.sleep(LOOK_SECONDS)
            continue
        assert protocol == "h2"
        return certificate


@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_certificates_are_issued_kept_and_trusted(serve: Callable[..., Site], challenge: str, curl: str) -> None:
    names = ["files.example.com", "more.example.com"]
    authority, server, port = serve(challenge, names, redirect="https_redirect = 308\n")
    first = {name: issued(authority, server, port, name) for name in names}
    for name, certificate in first.items():
        assert certificate["subjectAltName"] == (("DNS", name),)

    # A start later the same certificates are there, and the authority is not asked again.
    assert server.stop() == 0
    server.start()
    for name, certificate in first.items():
        assert issued(authority, server, port, name)["serialNumber"] == certificate["serialNumber"]
    assert "BEGIN" not in server.log()


def test_a_name_that_cannot_be_proven_is_told_and_others_go_on(serve: Callable[..., Site]) -> None:
    authority, server, port = serve("http-01", ["files.example.com"], acme_http_port=free_port())
    deadline = time.monotonic() + ISSUE_SECONDS_MAX
    while "could not see that the name leads here" not in server.log():
        assert time.monotonic() < deadline, server.log() + authority.log()
        time.sleep(LOOK_SECONDS)
    with pytest.raises(ssl.SSLError, match="(?i)unrecognized name"):
        shaken(authority, port, "files.example.com")
    assert server.stop() == 0


def test_a_custom_domain_gets_a_certificate_and_is_active_then(serve: Callable[..., Site], tmp_path: Path) -> None:
    authority, server, port = serve("tls-alpn-01", [])
    s3 = boto3.session.Session().client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.credentials.access_key_id,
        aws_secret_access_key=server.credentials.secret_access_key,
        region_name="auto",
    )
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="cat.txt", Body=b"meow")
    domains = f"/client/v4/accounts/{server.account_id}/r2/buckets/photos/domains/custom"
    headers = {"Authorization": f"Bearer {server.api_token}"}
    added = requests.post(
        f"{server.endpoint}{domains}",
        json={"domain": "cats.example.com", "zoneId": "zone", "enabled": True},
        headers=headers,
        timeout=60,
    )
    assert added.status_code == 200, added.text
    certificate = issued(authority, server, port, "cats.example.com")
    assert certificate["subjectAltName"] == (("DNS", "cats.example.com"),)
    deadline = time.monotonic() + ISSUE_SECONDS_MAX
    while True:
        listed = requests.get(f"{server.endpoint}{domains}", headers=headers, timeout=60).json()
        if listed["result"]["domains"][0]["status"] == {"ownership": "active", "ssl": "active"}:
            break
        assert time.monotonic() < deadline, listed
        time.sleep(LOOK_SECONDS)
    roots = tmp_path / "roots.pem"
    roots.write_text(authority.root())
    command = ["curl", "--silent", "--show-error", "--http2", "--cacert", str(roots)]
    command += ["--resolve", f"cats.example.com:{port}:127.0.0.1", f"https://cats.example.com:{port}/cat.txt"]
    assert subprocess.run(command, check=True, capture_output=True, timeout=60).stdout == b"meow"
