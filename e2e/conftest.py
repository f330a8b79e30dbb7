"""The fixtures all end-to-end tests share: servers, clients, and buckets of their own.

`CAIRN_BINARY` names the server's binary; rclone, node, npm's packages and curl are expected where `cargo xtask e2e`
puts them. One ephemeral server serves the whole run, and each test works in a bucket of its own name; tests that
count buckets, stop the server or need its data to stay ask for a server of their own.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config

from harness.browser import Browser
from harness.commands import AwsCli, Node, Rclone, S3cmd, isolated_environment
from harness.server import CairnServer
from harness.signed_requests import Signer
from harness.tls import TlsFront
from harness.wrangler import Wrangler

# A retry would hide an answer that should not have been given.
NO_RETRIES = Config(retries={"total_max_attempts": 1})

E2E_DIRECTORY = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def clients_see_no_settings_of_this_machine() -> Iterator[None]:
    """boto3 in this process reads neither the user's AWS files nor any AWS variable."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("AWS_", "RCLONE_")) or name.lower().endswith("_proxy"):
                patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session")
def cairn_binary() -> Path:
    """The binary under test."""
    binary = Path(os.environ.get("CAIRN_BINARY", ""))
    if not binary.is_file():
        pytest.exit("CAIRN_BINARY must name the server's binary; `cargo xtask e2e` sets it", returncode=2)
    return binary.resolve()


@pytest.fixture(scope="session")
def cairn(cairn_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CairnServer]:
    """The server most tests share."""
    yield from _ephemeral_server(cairn_binary, tmp_path_factory.mktemp("cairn"))


@pytest.fixture
def fresh_cairn(cairn_binary: Path, tmp_path: Path) -> Iterator[CairnServer]:
    """A server nobody has used, for tests that depend on which buckets there are."""
    yield from _ephemeral_server(cairn_binary, tmp_path)


def _ephemeral_server(binary: Path, directory: Path) -> Iterator[CairnServer]:
    server = CairnServer(binary, directory, ["--ephemeral"])
    try:
        yield server.start()
        exit_code = server.stop()
    finally:
        server.kill()
    assert exit_code == 0, f"exit code {exit_code} after SIGTERM\n{server.log()}"
    assert not server.panicked(), server.log()


@pytest.fixture
def persistent_cairn(cairn_binary: Path, tmp_path: Path) -> Iterator[CairnServer]:
    """A server with a data directory that outlives its process. The test starts and stops it."""
    server = CairnServer(cairn_binary, tmp_path, ["--data", str(tmp_path / "data")])
    try:
        yield server
    finally:
        server.kill()
    assert not server.panicked(), server.log()


@pytest.fixture(scope="session")
def make_client() -> Callable[..., BaseClient]:
    """Makes a boto3 S3 client for a server: the default configuration but for what the caller changes."""

    def make(server: CairnServer, config: Config | None = None, **changes: object) -> BaseClient:
        options = {
            "endpoint_url": server.endpoint,
            "aws_access_key_id": server.credentials.access_key_id,
            "aws_secret_access_key": server.credentials.secret_access_key,
            "region_name": "auto",
            "config": NO_RETRIES.merge(config) if config else NO_RETRIES,
        }
        # A session of its own: boto3's default one is not for several threads or settings.
        return boto3.session.Session().client("s3", **(options | changes))

    return make


@pytest.fixture(scope="session")
def s3(cairn: CairnServer, make_client: Callable[..., BaseClient]) -> BaseClient:
    """boto3 as most people configure it: endpoint, keys, region `auto`."""
    return make_client(cairn)


@pytest.fixture(scope="session")
def tls_front(cairn: CairnServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsFront]:
    """The shared server behind TLS."""
    front = TlsFront(cairn.endpoint, tmp_path_factory.mktemp("tls")).start()
    yield front
    front.stop()


@pytest.fixture(scope="session")
def tls_s3(cairn: CairnServer, tls_front: TlsFront, make_client: Callable[..., BaseClient]) -> BaseClient:
    """boto3 over TLS, where it sends its checksums in trailers and leaves the payload unsigned."""
    return make_client(cairn, endpoint_url=tls_front.endpoint, verify=str(tls_front.authority_file))


@pytest.fixture(scope="session")
def signer(cairn: CairnServer) -> Signer:
    """Signs what boto3 has no parameter for."""
    return Signer(cairn.credentials)


@pytest.fixture
def bucket_name() -> str:
    """A name no other test uses; the bucket does not exist yet."""
    return unused_bucket_name()


def unused_bucket_name() -> str:
    """A bucket name of its own."""
    return f"e2e-{uuid.uuid4().hex[:20]}"


@pytest.fixture
def bucket(s3: BaseClient, bucket_name: str) -> str:
    """An empty bucket of this test."""
    s3.create_bucket(Bucket=bucket_name)
    return bucket_name


@pytest.fixture(scope="module")
def module_bucket(s3: BaseClient) -> str:
    """An empty bucket which the tests of one file share, for content that is dear to write."""
    name = unused_bucket_name()
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def aws(cairn: CairnServer, tmp_path: Path) -> AwsCli:
    """The aws command of this environment, configured for the shared server."""
    return AwsCli.configured(cairn, tmp_path)


@pytest.fixture
def s3cmd(cairn: CairnServer, tmp_path: Path) -> S3cmd:
    """The s3cmd command of this environment, configured for the shared server."""
    return S3cmd.configured(cairn, tmp_path)


@pytest.fixture
def rclone(cairn: CairnServer, tmp_path: Path) -> Rclone:
    """The rclone command with the configuration file of R2's Rclone page."""
    return Rclone.configured(cairn, tmp_path)


@pytest.fixture
def wrangler(cairn: CairnServer, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Wrangler:
    """The wrangler command with the shared server's root token, in a directory of its own."""
    return Wrangler.configured(cairn, tmp_path, tmp_path_factory.getbasetemp() / "wrangler-compiled")


@pytest.fixture
def node(cairn: CairnServer, tmp_path: Path) -> Node:
    """Runs the scripts of `js/`."""
    return Node(E2E_DIRECTORY / "js", isolated_environment(tmp_path), cairn)


@pytest.fixture(scope="module")
def browser(cairn: CairnServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, unpacked once and removed again: it has 200 MB."""
    directory = tmp_path_factory.mktemp("chromium")
    environment = isolated_environment(directory) | {"TMPDIR": str(directory)}
    yield Browser(Node(E2E_DIRECTORY / "js", environment, cairn))
    # A process of Chromium's may end a little later and still write there.
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def curl() -> str:
    """The curl command; R2's pages share presigned links with it."""
    command = shutil.which("curl")
    assert command, "curl is not installed"
    return command
