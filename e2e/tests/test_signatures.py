"""Who may speak to the server: keys, regions, clocks, payload hashes, and the two ways to address a bucket."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from botocore import UNSIGNED
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from harness.bodies import body
from harness.localhost import resolve_localhost_names
from harness.refusal import refused
from harness.server import CairnServer
from harness.signed_requests import EMPTY_SHA256, Answer, Signer, connect, send
from harness.tls import TlsFront

MakeClient = Callable[..., BaseClient]


def test_a_wrong_secret_is_refused(cairn: CairnServer, make_client: MakeClient) -> None:
    with refused(403, "SignatureDoesNotMatch"):
        make_client(cairn, aws_secret_access_key="0" * 64).list_buckets()


def test_an_unknown_key_is_refused(cairn: CairnServer, make_client: MakeClient) -> None:
    with refused(401, "Unauthorized"):
        make_client(cairn, aws_access_key_id="0" * 32).list_buckets()


def test_a_request_without_a_signature_is_refused(cairn: CairnServer, make_client: MakeClient, bucket: str) -> None:
    anonymous = make_client(cairn, config=Config(signature_version=UNSIGNED))
    with refused(401, "Unauthorized"):
        anonymous.list_buckets()
    with refused(401, "Unauthorized"):
        anonymous.get_object(Bucket=bucket, Key="k")
    with refused(401, "Unauthorized"):
        anonymous.put_object(Bucket=bucket, Key="k", Body=b"body")


def test_the_old_signature_of_s3_is_refused(cairn: CairnServer, make_client: MakeClient, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        make_client(cairn, config=Config(signature_version="s3")).list_objects_v2(Bucket=bucket)
    assert 400 <= caught.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500


def list_buckets(signer: Signer, endpoint: str) -> Answer:
    """ListBuckets, signed by `signer`."""
    url = f"{endpoint}/"
    connection = connect(endpoint)
    answer = send(connection, "GET", url, signer.headers("GET", url, {"x-amz-content-sha256": EMPTY_SHA256}))
    connection.close()
    return answer


@pytest.mark.parametrize("region", ["auto", "us-east-1", "", "wnam", "enam", "weur", "eeur", "apac"])
def test_r2s_regions_are_accepted(cairn: CairnServer, signer: Signer, region: str) -> None:
    # R2's pages "S3 API compatibility", section "Bucket region", and "boto3" as it stood in 2025.
    assert list_buckets(dataclasses.replace(signer, region=region), cairn.endpoint).status == 200


@pytest.mark.parametrize("region", ["eu-west-1", "moon-1"])
def test_other_regions_are_refused(cairn: CairnServer, signer: Signer, region: str) -> None:
    answer = list_buckets(dataclasses.replace(signer, region=region), cairn.endpoint)
    assert (answer.status, answer.error_code) == (400, "AuthorizationHeaderMalformed")


def test_accept_encoding_may_be_signed(cairn: CairnServer, signer: Signer) -> None:
    # R2's release note of 2022-05-20; the AWS SDK for Go signs it.
    url = f"{cairn.endpoint}/"
    headers = {"x-amz-content-sha256": EMPTY_SHA256, "Accept-Encoding": "gzip, br"}
    signed = signer.headers("GET", url, headers)
    assert "SignedHeaders=accept-encoding;" in signed["Authorization"]
    connection = connect(cairn.endpoint)
    assert send(connection, "GET", url, signed).status == 200
    assert send(connection, "GET", url, signed | {"Accept-Encoding": "br"}).error_code == "SignatureDoesNotMatch"
    connection.close()


@pytest.mark.parametrize("minutes", [14, -14])
def test_a_clock_may_be_a_little_off(cairn: CairnServer, signer: Signer, minutes: int) -> None:
    skewed = dataclasses.replace(signer, age=datetime.timedelta(minutes=minutes))
    assert list_buckets(skewed, cairn.endpoint).status == 200


@pytest.mark.parametrize("minutes", [16, -16, 60 * 24])
def test_a_clock_far_off_is_refused(cairn: CairnServer, signer: Signer, minutes: int) -> None:
    skewed = dataclasses.replace(signer, age=datetime.timedelta(minutes=minutes))
    answer = list_buckets(skewed, cairn.endpoint)
    assert (answer.status, answer.error_code) == (403, "RequestTimeTooSkewed")


def test_a_body_that_is_not_the_signed_one_stores_nothing(
    s3: BaseClient, signer: Signer, cairn: CairnServer, bucket: str
) -> None:
    url = f"{cairn.endpoint}/{bucket}/k"
    signed = signer.headers("PUT", url, {"x-amz-content-sha256": hashlib.sha256(b"signed").hexdigest()})
    connection = connect(cairn.endpoint)
    answer = send(connection, "PUT", url, signed, b"forged")
    connection.close()
    assert (answer.status, answer.error_code) == (400, "XAmzContentSHA256Mismatch")
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("signing", [True, False])
@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
def test_boto3_may_sign_its_payload_over_tls_or_not(
    cairn: CairnServer, tls_front: TlsFront, make_client: MakeClient, bucket: str, signing: bool, checksums: str
) -> None:
    client = make_client(
        cairn,
        endpoint_url=tls_front.endpoint,
        verify=str(tls_front.authority_file),
        config=Config(s3={"payload_signing_enabled": signing}, request_checksum_calculation=checksums),
    )
    sent: list[str] = []
    client.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: sent.append(_text(request.headers["X-Amz-Content-SHA256"]))
    )
    content = body("payload", 100_000)
    client.put_object(Bucket=bucket, Key="k", Body=content)
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == content
    expected = {
        (True, "when_required"): hashlib.sha256(content).hexdigest(),
        (False, "when_required"): "UNSIGNED-PAYLOAD",
    }
    assert sent == [expected.get((signing, checksums), "STREAMING-UNSIGNED-PAYLOAD-TRAILER")]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_a_bucket_may_be_part_of_the_host_name(
    cairn: CairnServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, s3: BaseClient, bucket: str
) -> None:
    resolve_localhost_names(monkeypatch)
    port = urlsplit(cairn.endpoint).port
    virtual = make_client(
        cairn, endpoint_url=f"http://localhost:{port}", config=Config(s3={"addressing_style": "virtual"})
    )
    hosts: list[str] = []
    virtual.meta.events.register("before-send.s3", lambda request, **_: hosts.append(urlsplit(request.url).netloc))
    for key in ("plain", "a/b c+d", "/lead", bucket):
        virtual.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
        assert virtual.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert virtual.list_objects_v2(Bucket=bucket)["KeyCount"] == 4
    assert set(hosts) == {f"{bucket}.localhost:{port}"}


def test_a_bucket_may_be_created_and_deleted_by_host_name(
    cairn: CairnServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, s3: BaseClient, bucket_name: str
) -> None:
    resolve_localhost_names(monkeypatch)
    endpoint = f"http://localhost:{urlsplit(cairn.endpoint).port}"
    virtual = make_client(cairn, endpoint_url=endpoint, config=Config(s3={"addressing_style": "virtual"}))
    virtual.create_bucket(Bucket=bucket_name)
    assert bucket_name in {entry["Name"] for entry in virtual.list_buckets(Prefix=bucket_name)["Buckets"]}
    virtual.head_bucket(Bucket=bucket_name)
    virtual.delete_bucket(Bucket=bucket_name)
    with refused(404, "404"):
        s3.head_bucket(Bucket=bucket_name)
