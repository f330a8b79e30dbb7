"""Buckets in jurisdictions, as R2's page "Data location" has boto3 reach them: by the endpoint."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from botocore.client import BaseClient
from botocore.config import Config

from harness.localhost import resolve_localhost_names
from harness.refusal import refused
from harness.server import CairnServer


@pytest.fixture(autouse=True)
def names_under_localhost_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_localhost_names(monkeypatch)


def endpoint(cairn: CairnServer, jurisdiction: str) -> str:
    """`https://<ACCOUNT_ID>.<JURISDICTION>.r2.cloudflarestorage.com`, here."""
    return f"http://{cairn.account_id}.{jurisdiction}.r2.localhost:{urlsplit(cairn.endpoint).port}"


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_a_bucket_of_a_jurisdiction_is_reached_through_its_endpoint_only(
    s3: BaseClient, cairn: CairnServer, make_client: Callable[..., BaseClient], bucket_name: str, style: str
) -> None:
    config = Config(s3={"addressing_style": style})
    eu = make_client(cairn, config, endpoint_url=endpoint(cairn, "eu"))
    fedramp = make_client(cairn, config, endpoint_url=endpoint(cairn, "fedramp"))
    eu.create_bucket(Bucket=bucket_name)
    eu.put_object(Bucket=bucket_name, Key="k", Body=b"europe")
    assert eu.get_object(Bucket=bucket_name, Key="k")["Body"].read() == b"europe"
    assert [entry["Name"] for entry in eu.list_buckets(Prefix=bucket_name)["Buckets"]] == [bucket_name]

    for other in (s3, fedramp):
        with refused(404, "NoSuchBucket"):
            other.get_object(Bucket=bucket_name, Key="k")
        assert other.list_buckets(Prefix=bucket_name)["Buckets"] == []

    s3.create_bucket(Bucket=bucket_name)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket_name)
    with refused(409, "BucketAlreadyOwnedByYou"):
        eu.create_bucket(Bucket=bucket_name)


def test_a_copy_does_not_leave_its_jurisdiction(
    s3: BaseClient, cairn: CairnServer, make_client: Callable[..., BaseClient], bucket: str
) -> None:
    eu = make_client(cairn, endpoint_url=endpoint(cairn, "eu"))
    eu.create_bucket(Bucket=f"{bucket}-eu")
    eu.put_object(Bucket=f"{bucket}-eu", Key="k", Body=b"europe")
    source = {"Bucket": f"{bucket}-eu", "Key": "k"}
    with refused(404, "NoSuchBucket"):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=source)
    eu.copy_object(Bucket=f"{bucket}-eu", Key="copy", CopySource=source)
    assert eu.get_object(Bucket=f"{bucket}-eu", Key="copy")["Body"].read() == b"europe"


def test_an_endpoint_of_no_jurisdiction_is_refused(cairn: CairnServer, make_client: Callable[..., BaseClient]) -> None:
    with refused(400, "InvalidURI"):
        make_client(cairn, endpoint_url=endpoint(cairn, "mars")).list_buckets()
