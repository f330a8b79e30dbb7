"""Requests signed by botocore's own signer and sent by `http.client`, for what boto3 has no parameter for.

Three uses: a signature made at another time or for another region, a body whose framing the test must control
(signed chunks, trailers, a body that is not the signed one), and thousands of small requests at little cost.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import http.client
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from unittest import mock
from urllib.parse import urlsplit

import botocore.auth
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from harness.server import Credentials

CONNECT_SECONDS_MAX = 30
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


class _GivenPayloadAuth(S3SigV4Auth):
    """Signs `x-amz-content-sha256` as the caller wrote it, instead of hashing a body."""

    def payload(self, request: AWSRequest) -> str:
        return request.headers["x-amz-content-sha256"]

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        # Past S3SigV4Auth, which would put its own hash beside the given one.
        super(S3SigV4Auth, self)._modify_request_before_signing(request)


@dataclass(frozen=True)
class Signer:
    """Who signs, for which region, and at what time."""

    credentials: Credentials
    region: str = "auto"
    age: datetime.timedelta = field(default_factory=datetime.timedelta)

    def headers(self, method: str, url: str, headers: dict[str, str]) -> dict[str, str]:
        """`headers` (which must name `x-amz-content-sha256`) and those that carry the signature."""
        request = AWSRequest(method=method, url=url, headers=headers)
        self._sign(_GivenPayloadAuth(self._botocore_credentials(), "s3", self.region), request)
        return dict(request.headers.items())

    def presigned_url(self, method: str, url: str, expires_seconds: int) -> str:
        """`url` with the signature in its query, unsigned payload."""
        request = AWSRequest(method=method, url=url)
        auth = S3SigV4QueryAuth(self._botocore_credentials(), "s3", self.region, expires=expires_seconds)
        self._sign(auth, request)
        return request.url

    def _sign(self, auth: botocore.auth.BaseSigner, request: AWSRequest) -> None:
        if not self.age:
            auth.add_auth(request)
            return
        # The patch is the whole process's, so signers of another time must not share it with other threads.
        then = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - self.age
        with mock.patch.object(botocore.auth, "get_current_datetime", return_value=then):
            auth.add_auth(request)

    def _botocore_credentials(self) -> BotocoreCredentials:
        return BotocoreCredentials(self.credentials.access_key_id, self.credentials.secret_access_key)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def error_code(self) -> str:
        """The `<Code>` of an error document; an answer that is none fails here."""
        found = re.search(rb"<Code>([^<]+)</Code>", self.body)
        assert found, f"no error document: {self.body[:500]!r}"
        return found[1].decode()


def connect(endpoint: str) -> http.client.HTTPConnection:
    """A connection to the server that may carry many requests."""
    return http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=CONNECT_SECONDS_MAX)


def send(
    connection: http.client.HTTPConnection,
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes | Iterable[bytes] = b"",
    *,
    chunked: bool = False,
) -> Answer:
    """Sends exactly these headers and this body. `chunked`: HTTP's own transfer coding, for an iterable of blocks."""
    target = urlsplit(url)
    path = target.path or "/"
    if target.query:
        path += "?" + target.query
    connection.request(method, path, body=body, headers=headers, encode_chunked=chunked)
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


@dataclass(frozen=True)
class ChunkSigner:
    """The chunk signatures of `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`, from AWS's page "Signature calculations
    for the authorization header: transferring payload in multiple chunks"."""

    secret_access_key: str
    region: str
    seed_headers: dict[str, str]

    def body(self, blocks: list[bytes], trailer: tuple[str, str] | None = None) -> Iterator[bytes]:
        """The blocks, each framed and signed, the empty last one, and a signed trailer if one is given."""
        previous = self.seed_headers["Authorization"].rpartition("Signature=")[2]
        for block in [*blocks, b""]:
            previous = self._sign("AWS4-HMAC-SHA256-PAYLOAD", previous, EMPTY_SHA256 + "\n", block)
            end = b"" if trailer and not block else b"\r\n"
            yield b"%x;chunk-signature=%s\r\n%s%s" % (len(block), previous.encode(), block, end)
        if trailer:
            line = f"{trailer[0]}:{trailer[1]}\n".encode()
            signature = self._sign("AWS4-HMAC-SHA256-TRAILER", previous, "", line)
            yield line.strip() + b"\r\n" + f"x-amz-trailer-signature:{signature}\r\n\r\n".encode()

    def _sign(self, kind: str, previous: str, empty_hash: str, data: bytes) -> str:
        timestamp = self.seed_headers["X-Amz-Date"]
        scope = f"{timestamp[:8]}/{self.region}/s3/aws4_request"
        text = f"{kind}\n{timestamp}\n{scope}\n{previous}\n{empty_hash}{hashlib.sha256(data).hexdigest()}"
        key = b"AWS4" + self.secret_access_key.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def unsigned_chunks(blocks: list[bytes], trailer: tuple[str, str]) -> Iterator[bytes]:
    """The body of `STREAMING-UNSIGNED-PAYLOAD-TRAILER`."""
    for block in blocks:
        yield b"%x\r\n%s\r\n" % (len(block), block)
    yield b"0\r\n" + f"{trailer[0]}:{trailer[1]}\r\n\r\n".encode()
