"""Presigned URLs: made by boto3, used by a client that knows nothing of S3."""

from __future__ import annotations

import dataclasses
import datetime
import xml.etree.ElementTree as xml
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

import pytest
import requests
from botocore.client import BaseClient

from harness.bodies import MIB, body
from harness.server import CairnServer
from harness.signed_requests import Signer

WEEK_SECONDS = 7 * 24 * 3600


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error document, which must be one as R2 writes it."""
    assert answer.headers["content-type"].startswith("application/xml")
    document = xml.fromstring(answer.content)
    # R2's release note of 2022-07-19: no namespace on `Error`.
    assert document.tag == "Error"
    assert document.findtext("Message")
    return answer.status_code, document.findtext("Code")


def with_query(url: str, **changes: str) -> str:
    """The URL with some of its query parameters replaced."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | changes
    return urlunsplit(parts._replace(query=urlencode(query)))


@pytest.fixture
def stored(s3: BaseClient, bucket: str) -> dict[str, str]:
    """An object to share."""
    names = {"Bucket": bucket, "Key": "folder/a b+c.txt"}
    s3.put_object(**names, Body=b"shared", ContentType="text/plain", Metadata={"colour": "green"})
    return names


def test_get_and_head_share_an_object(s3: BaseClient, stored: dict[str, str]) -> None:
    got = requests.get(s3.generate_presigned_url("get_object", Params=stored), timeout=30)
    assert (got.status_code, got.content) == (200, b"shared")
    assert (got.headers["content-type"], got.headers["x-amz-meta-colour"]) == ("text/plain", "green")
    head = requests.head(s3.generate_presigned_url("head_object", Params=stored), timeout=30)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "6", b"")


def test_a_shared_object_may_be_read_in_ranges(s3: BaseClient, stored: dict[str, str]) -> None:
    url = s3.generate_presigned_url("get_object", Params=stored)
    part = requests.get(url, headers={"Range": "bytes=1-3"}, timeout=30)
    assert (part.status_code, part.content) == (206, b"har")


def test_put_takes_an_upload(s3: BaseClient, bucket: str) -> None:
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "up"})
    content = body("up", 2 * MIB)
    assert requests.put(url, data=content, timeout=30).status_code == 200
    # The same URL again: it may be used as often as its holder wants until it expires.
    assert requests.put(url, data=content + b"x", timeout=30).status_code == 200
    assert s3.get_object(Bucket=bucket, Key="up")["Body"].read() == content + b"x"


def test_delete_deletes(s3: BaseClient, stored: dict[str, str]) -> None:
    assert requests.delete(s3.generate_presigned_url("delete_object", Params=stored), timeout=30).status_code == 204
    answer = requests.get(s3.generate_presigned_url("get_object", Params=stored), timeout=30)
    assert refusal(answer) == (404, "NoSuchKey")


def test_lists_and_parts_may_be_shared_too(s3: BaseClient, stored: dict[str, str]) -> None:
    bucket = stored["Bucket"]
    listed = requests.get(s3.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket}), timeout=30)
    # boto3 asks for URL encoding; a space may be encoded either way.
    keys = [unquote_plus(entry.text) for entry in xml.fromstring(listed.content).findall(".//{*}Key")]
    assert (listed.status_code, keys) == (200, [stored["Key"]])
    buckets = requests.get(s3.generate_presigned_url("list_buckets", Params={"Prefix": bucket}), timeout=30)
    assert [entry.text for entry in xml.fromstring(buckets.content).findall(".//{*}Name")] == [bucket]

    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")
    names = {"Bucket": bucket, "Key": "parts", "UploadId": upload["UploadId"]}
    url = s3.generate_presigned_url("upload_part", Params=names | {"PartNumber": 1})
    etag = requests.put(url, data=b"part", timeout=30).headers["etag"]
    s3.complete_multipart_upload(**names, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"part"


def test_an_upload_is_held_to_the_content_type_it_was_signed_for(s3: BaseClient, bucket: str) -> None:
    params = {"Bucket": bucket, "Key": "dog.png", "ContentType": "image/png"}
    url = s3.generate_presigned_url("put_object", Params=params)
    for headers in ({"Content-Type": "text/html"}, {}):
        assert refusal(requests.put(url, data=b"dog", headers=headers, timeout=30)) == (403, "SignatureDoesNotMatch")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert requests.put(url, data=b"dog", headers={"Content-Type": "image/png"}, timeout=30).status_code == 200
    assert s3.head_object(Bucket=bucket, Key="dog.png")["ContentType"] == "image/png"


def test_a_url_is_good_for_what_was_signed_and_nothing_else(
    s3: BaseClient, stored: dict[str, str], module_bucket: str
) -> None:
    s3.put_object(Bucket=module_bucket, Key=stored["Key"], Body=b"secret")
    s3.put_object(Bucket=stored["Bucket"], Key="folder/other", Body=b"secret")
    url = s3.generate_presigned_url("get_object", Params=stored, ExpiresIn=3600)
    day = dict(parse_qsl(urlsplit(url).query))["X-Amz-Date"][:8]
    tampered = [
        url.replace(stored["Bucket"], module_bucket),
        url.replace("a%20b%2Bc.txt", "other"),
        with_query(url, **{"X-Amz-Expires": "7200"}),
        # One of the two would make it expired, or not valid yet; but first of all they are tampered with.
        with_query(url, **{"X-Amz-Date": f"{day}T000000Z"}),
        with_query(url, **{"X-Amz-Date": f"{day}T235959Z"}),
        with_query(url, **{"X-Amz-Signature": "0" * 64}),
        with_query(url, **{"response-content-type": "text/html"}),
    ]
    for changed in tampered:
        assert changed != url
        assert refusal(requests.get(changed, timeout=30)) == (403, "SignatureDoesNotMatch"), changed
    for method in ("PUT", "DELETE"):
        assert refusal(requests.request(method, url, timeout=30)) == (403, "SignatureDoesNotMatch")
    assert requests.get(url, timeout=30).content == b"shared"


def object_url(cairn: CairnServer, stored: dict[str, str]) -> str:
    return f"{cairn.endpoint}/{stored['Bucket']}/folder/a%20b%2Bc.txt"


# Half a minute is left, whatever the machine does meanwhile; the last second is shown where the server's clock is moved.
@pytest.mark.parametrize(
    ("age_seconds", "expires_seconds"),
    [(0, 30), (30, 60), (3540, 3600), (0, WEEK_SECONDS), (WEEK_SECONDS - 60, WEEK_SECONDS)],
)
def test_a_url_works_until_it_expires(
    cairn: CairnServer, signer: Signer, stored: dict[str, str], age_seconds: int, expires_seconds: int
) -> None:
    earlier = dataclasses.replace(signer, age=datetime.timedelta(seconds=age_seconds))
    url = earlier.presigned_url("GET", object_url(cairn, stored), expires_seconds)
    assert requests.get(url, timeout=30).content == b"shared"


@pytest.mark.parametrize(("age_seconds", "expires_seconds"), [(2, 1), (3660, 3600), (WEEK_SECONDS + 60, WEEK_SECONDS)])
def test_a_url_past_its_time_is_refused(
    cairn: CairnServer, signer: Signer, stored: dict[str, str], age_seconds: int, expires_seconds: int
) -> None:
    earlier = dataclasses.replace(signer, age=datetime.timedelta(seconds=age_seconds))
    url = earlier.presigned_url("GET", object_url(cairn, stored), expires_seconds)
    assert refusal(requests.get(url, timeout=30)) == (400, "ExpiredRequest")


@pytest.mark.parametrize("expires_seconds", [0, -1, WEEK_SECONDS + 1])
def test_a_url_must_expire_within_a_second_to_a_week(
    cairn: CairnServer, signer: Signer, stored: dict[str, str], expires_seconds: int
) -> None:
    url = signer.presigned_url("GET", object_url(cairn, stored), expires_seconds)
    assert refusal(requests.get(url, timeout=30)) == (400, "AuthorizationQueryParametersError")


def test_a_url_signed_in_the_future_is_refused(cairn: CairnServer, signer: Signer, stored: dict[str, str]) -> None:
    later = dataclasses.replace(signer, age=datetime.timedelta(hours=-1))
    answer = requests.get(later.presigned_url("GET", object_url(cairn, stored), 3600), timeout=30)
    assert refusal(answer)[0] in (400, 403)
