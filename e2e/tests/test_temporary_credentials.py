"""Temporary credentials with boto3: the three values that R2's page "Authentication" names, signed by their user.

The session token is `base64("jwt/" + JWT)`, the JWT signed with HS256 and the parent's secret; the temporary secret is
the SHA-256 of the JWT.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import pytest
import requests
from botocore.client import BaseClient

from harness.refusal import refused
from harness.server import CairnServer


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


@pytest.fixture
def temporary(cairn: CairnServer, make_client: Callable[..., BaseClient], bucket: str) -> Callable[..., BaseClient]:
    """Makes a client with temporary credentials for the bucket; `claims` replace or add claims."""

    def make(scope: str, **claims: object) -> BaseClient:
        now = time.time()
        content = {
            "sub": cairn.account_id,
            "iss": cairn.credentials.access_key_id,
            "aud": f"{cairn.account_id}.r2.localhost",
            "iat": now,
            "exp": now + 300,
            "bucket": bucket,
            "scope": scope,
        } | claims
        parts = [{"alg": "HS256", "typ": "JWT"}, content]
        signed = b".".join(_base64url(json.dumps(part).encode()) for part in parts)
        signature = hmac.digest(cairn.credentials.secret_access_key.encode(), signed, "sha256")
        jwt = signed + b"." + _base64url(signature)
        return make_client(
            cairn,
            aws_secret_access_key=hashlib.sha256(jwt).hexdigest(),
            aws_session_token=base64.b64encode(b"jwt/" + jwt).decode(),
        )

    return make


def test_a_prefix_is_read_written_and_listed_and_nothing_else(
    s3: BaseClient, bucket: str, temporary: Callable[..., BaseClient]
) -> None:
    s3.put_object(Bucket=bucket, Key="secret", Body=b"secret")
    client = temporary("object-read-write", paths={"prefixPaths": ["mine/"]})
    client.put_object(Bucket=bucket, Key="mine/a", Body=b"abc")
    assert client.get_object(Bucket=bucket, Key="mine/a")["Body"].read() == b"abc"
    listed = client.list_objects_v2(Bucket=bucket, Prefix="mine/")
    assert [entry["Key"] for entry in listed["Contents"]] == ["mine/a"]
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "mine/a"})
    assert requests.get(url, timeout=30).content == b"abc"
    for call, arguments in [
        (client.get_object, {"Key": "secret"}),
        (client.put_object, {"Key": "other", "Body": b""}),
        (client.list_objects_v2, {}),
        (client.delete_bucket_cors, {}),
    ]:
        with refused(403, "AccessDenied"):
            call(Bucket=bucket, **arguments)
    with refused(403, "AccessDenied"):
        client.list_buckets()
    deleted = client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "mine/a"}, {"Key": "secret"}]})
    assert [entry["Key"] for entry in deleted["Deleted"]] == ["mine/a"]
    assert [(entry["Key"], entry["Code"]) for entry in deleted["Errors"]] == [("secret", "AccessDenied")]


def test_a_form_is_signed_with_them(bucket: str, temporary: Callable[..., BaseClient]) -> None:
    client = temporary("object-read-write", paths={"objectPaths": ["form"]})
    form = client.generate_presigned_post(bucket, "form")
    answer = requests.post(form["url"], data=form["fields"], files={"file": b"by form"}, timeout=30)
    assert answer.status_code == 204, answer.text
    assert client.get_object(Bucket=bucket, Key="form")["Body"].read() == b"by form"


def test_they_read_only_and_expire(s3: BaseClient, bucket: str, temporary: Callable[..., BaseClient]) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"abc")
    client = temporary("object-read-only")
    assert client.head_object(Bucket=bucket, Key="a")["ContentLength"] == 3
    with refused(403, "AccessDenied"):
        client.put_object(Bucket=bucket, Key="a", Body=b"changed")
    with refused(400, "ExpiredRequest"):
        temporary("object-read-only", exp=time.time() - 1).get_object(Bucket=bucket, Key="a")
    with refused(400, "InvalidToken"):
        temporary("object-read-only", iss="0" * 32).get_object(Bucket=bucket, Key="a")
