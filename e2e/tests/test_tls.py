"""HTTPS by the server itself: boto3, the aws command and curl over certificates from files."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
import requests
import trustme
from botocore.client import BaseClient

from harness.commands import isolated_environment, run
from harness.server import CairnServer

# Larger than every window of HTTP/2.
BODY = bytes(range(256)) * 20_000


@dataclass(frozen=True)
class SecureSite:
    """A server that speaks TLS, and whom to trust."""

    server: CairnServer
    authority_file: Path

    @property
    def endpoint(self) -> str:
        """Its HTTPS endpoint."""
        return str(self.server.ready["tls_endpoint"])


@pytest.fixture(scope="module")
def site(cairn_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureSite]:
    """A server with a certificate for 127.0.0.1 and localhost."""
    directory = tmp_path_factory.mktemp("secure")
    certificates = directory / "certificates"
    certificates.mkdir()
    authority = trustme.CA()
    authority_file = directory / "authority.pem"
    authority.cert_pem.write_to_path(str(authority_file))
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.private_key_pem.write_to_path(str(certificates / "default.key"))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(certificates / "default.crt"), append=True)
    configuration = directory / "cairn.toml"
    configuration.write_text(
        f'tls_listen = "127.0.0.1:0"\ncertificates = "{certificates}"\nhttps_redirect = 301\nhttps_port = 443\n'
    )
    server = CairnServer(cairn_binary, directory, ["--ephemeral", "--config", str(configuration)])
    try:
        yield SecureSite(server.start(), authority_file)
        exit_code = server.stop()
    finally:
        server.kill()
    assert exit_code == 0, server.log()
    assert not server.panicked(), server.log()


@pytest.fixture
def secure_s3(site: SecureSite, make_client: Callable[..., BaseClient]) -> BaseClient:
    """boto3 that trusts the test's authority only."""
    return make_client(site.server, endpoint_url=site.endpoint, verify=str(site.authority_file))


def test_boto3_stores_and_reads(secure_s3: BaseClient, bucket_name: str) -> None:
    secure_s3.create_bucket(Bucket=bucket_name)
    secure_s3.put_object(Bucket=bucket_name, Key="key", Body=BODY)
    assert secure_s3.get_object(Bucket=bucket_name, Key="key")["Body"].read() == BODY


def test_the_aws_command_copies_in_parts(site: SecureSite, secure_s3: BaseClient, tmp_path: Path) -> None:
    secure_s3.create_bucket(Bucket="aws-over-tls")
    large = tmp_path / "large"
    large.write_bytes(BODY * 4)
    credentials = site.server.credentials
    environment = isolated_environment(tmp_path) | {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_REGION": "auto",
        "AWS_CA_BUNDLE": str(site.authority_file),
        "AWS_ENDPOINT_URL": site.endpoint,
    }
    run(["aws", "s3", "cp", "--no-progress", str(large), "s3://aws-over-tls/large"], environment)
    run(["aws", "s3", "cp", "--no-progress", "s3://aws-over-tls/large", str(tmp_path / "back")], environment)
    assert (tmp_path / "back").read_bytes() == large.read_bytes()


@pytest.mark.parametrize(("option", "version"), [("--http2", "2"), ("--http1.1", "1.1")])
def test_curl_speaks_both_versions_of_http(
    site: SecureSite, secure_s3: BaseClient, curl: str, tmp_path: Path, option: str, version: str
) -> None:
    bucket = f"curl-{version.replace('.', '-')}-over-tls"
    secure_s3.create_bucket(Bucket=bucket)
    content = tmp_path / "content"
    content.write_bytes(BODY)

    def ask(method: str, operation: str, *arguments: str) -> str:
        url = secure_s3.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": "key"}, HttpMethod=method)
        shown = ["--write-out", "%{http_version} %{http_code}", "--output", str(tmp_path / "answer")]
        trust = ["--cacert", str(site.authority_file)]
        command = [curl, "--silent", "--show-error", option, *trust, *shown, *arguments, url]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert ask("PUT", "put_object", "--upload-file", str(content)) == f"{version} 200"
    assert ask("GET", "get_object") == f"{version} 200"
    assert (tmp_path / "answer").read_bytes() == BODY


def test_the_rest_api_is_there_too(site: SecureSite) -> None:
    answer = requests.get(
        f"{site.endpoint}/client/v4/user/tokens/verify",
        headers={"Authorization": f"Bearer {site.server.api_token}"},
        verify=str(site.authority_file),
        timeout=60,
    )
    assert answer.json()["result"]["status"] == "active"


def test_plain_requests_are_sent_to_https_but_signed_ones_are_served(site: SecureSite) -> None:
    plain = f"{site.server.endpoint}/client/v4/user?x=1"
    answer = requests.get(plain, allow_redirects=False, timeout=60)
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://127.0.0.1/client/v4/user?x=1")
    credentials = site.server.credentials
    signing = boto3.session.Session().client(
        "s3",
        endpoint_url=site.server.endpoint,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        region_name="auto",
    )
    signing.list_buckets()


def test_a_client_that_does_not_trust_the_authority_refuses(site: SecureSite) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(site.endpoint, timeout=60)
