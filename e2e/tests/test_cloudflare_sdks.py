"""Cloudflare's own SDKs for Python and JavaScript: the same work by both, judged by the same tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from conftest import unused_bucket_name
from harness import cloudflare_sdk
from harness.commands import Node
from harness.server import CairnServer

# Does a subject of `harness.cloudflare_sdk` and returns what the SDK saw.
Sdk = Callable[..., Any]
MakeClient = Callable[..., BaseClient]

ITEM_WRITE = {"id": "2efd5506f9c8494dacb1fa10a3e7d5b6"}


@pytest.fixture(params=["python", "javascript"])
def sdk(request: pytest.FixtureRequest, cairn: CairnServer, node: Node) -> Sdk:
    """One of the SDKs, for the shared server."""
    if request.param == "python":
        return lambda subject, **given: getattr(cloudflare_sdk, subject)(cairn, **given)
    server = {"API_BASE": cairn.api_base, "API_TOKEN": cairn.api_token, "ACCOUNT_ID": cairn.account_id}
    return lambda subject, **given: node("cloudflare.mjs", SUBJECT=subject, GIVEN=json.dumps(given), **server)


def s3_error(call: Callable[[], object]) -> str:
    """The code with which S3 refuses."""
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


def test_a_token_tells_its_account(sdk: Sdk, cairn: CairnServer) -> None:
    seen = sdk("identity")
    assert seen["accounts"] == [cairn.account_id]
    assert seen["account"]["id"] == cairn.account_id


def test_a_bucket_is_made_described_changed_and_deleted(sdk: Sdk, bucket_name: str) -> None:
    seen = sdk("buckets", bucket=bucket_name)
    made = seen["made"]
    assert (made["name"], made["location"], made["jurisdiction"]) == (bucket_name, "WEUR", "default")
    assert made["storage_class"] == "InfrequentAccess"
    assert seen["listed"] == [bucket_name]
    assert seen["got"] == made
    assert seen["changed"] == made | {"storage_class": "Standard"}
    assert (seen["again"], seen["gone"]) == ([409, 10004], [404, 10006])


def test_objects_are_uploaded_listed_read_and_deleted(sdk: Sdk, s3: BaseClient, bucket: str) -> None:
    keys = ["a", "b/c d", "b/ü ✓", "z+?#%20"]
    seen = sdk("objects", bucket=bucket, keys=keys)
    etags = {key: hashlib.md5(f"at {key}".encode()).hexdigest() for key in keys}
    uploaded = {each["key"]: each for each in seen["uploaded"]}
    assert {key: each["etag"] for key, each in uploaded.items()} == etags
    assert [each["size"] for each in seen["uploaded"]] == [str(len(f"at {key}".encode())) for key in keys]
    listed = {each["key"]: each for each in seen["listed"]}
    assert list(listed) == sorted(keys, key=str.encode)
    assert {key: each["etag"] for key, each in listed.items()} == etags
    assert all(each["storage_class"] == "Standard" for each in listed.values())
    assert (seen["text"], seen["etag"]) == ("at a", f'"{etags["a"]}"')
    assert seen["deleted"]["key"] == "a"
    assert seen["gone"] == [404, 10007]
    kept = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert kept == set(keys[1:])


def test_rules_of_a_bucket_come_back_as_they_went(sdk: Sdk, bucket: str) -> None:
    rules = {
        "cors": [
            {
                "id": "site",
                "allowed": {"origins": ["https://example.com"], "methods": ["GET"], "headers": ["range"]},
                "exposeHeaders": ["ETag"],
                "maxAgeSeconds": 60,
            }
        ],
        "lifecycle": [
            {
                "id": "logs",
                "enabled": True,
                "conditions": {"prefix": "logs/"},
                "deleteObjectsTransition": {"condition": {"type": "Age", "maxAge": 172800}},
                "storageClassTransitions": [
                    {"condition": {"type": "Age", "maxAge": 86400}, "storageClass": "InfrequentAccess"}
                ],
            }
        ],
        "locks": [
            {
                "id": "date",
                "enabled": True,
                "prefix": "d/",
                "condition": {"type": "Date", "date": "2040-01-01T00:00:00.000Z"},
            },
            {"id": "ever", "enabled": False, "prefix": "e/", "condition": {"type": "Indefinite"}},
        ],
    }
    seen = sdk("configurations", bucket=bucket, rules=rules)
    assert [rule["id"] for rule in seen["before"]["lifecycle"]["rules"]] == ["Default Multipart Abort Rule"]
    assert seen["before"]["locks"]["rules"] == []
    assert seen["after"]["cors"]["rules"] == rules["cors"]
    assert seen["after"]["lifecycle"]["rules"] == rules["lifecycle"]
    ages = [rule["condition"]["type"] for rule in seen["after"]["locks"]["rules"]]
    assert ages == ["Date", "Indefinite"]
    assert (seen["before"]["cors"], seen["deleted"]) == ([404, 10059], [404, 10059])


def test_a_token_holds_until_it_is_rolled_or_deleted(
    sdk: Sdk, cairn: CairnServer, s3: BaseClient, bucket: str, make_client: MakeClient
) -> None:
    other = unused_bucket_name()
    s3.create_bucket(Bucket=other)
    name, resource = unused_bucket_name(), f"com.cloudflare.edge.r2.bucket.{cairn.account_id}_default_{bucket}"
    policies = [{"effect": "allow", "permission_groups": [ITEM_WRITE], "resources": {resource: "*"}}]
    seen = sdk("tokens", name=name, policies=policies)
    made = seen["made"]
    assert (made["name"], made["status"], made["policies"][0]["resources"]) == (name, "active", {resource: "*"})
    assert made["value"] != seen["rolled"]
    assert "value" not in seen["got"]
    assert name in seen["listed"]
    verified = {"id": made["id"], "status": "active"}
    assert seen["verified"].items() >= verified.items()
    assert seen["verified_again"].items() >= verified.items()
    assert seen["old"] == [401, 1000]

    def signed(value: str) -> BaseClient:
        secret = hashlib.sha256(value.encode()).hexdigest()
        return make_client(cairn, aws_access_key_id=made["id"], aws_secret_access_key=secret)

    ours = signed(seen["rolled"])
    ours.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3_error(lambda: ours.list_objects_v2(Bucket=other)) == "AccessDenied"
    assert s3_error(lambda: signed(made["value"]).list_objects_v2(Bucket=bucket)) == "SignatureDoesNotMatch"
    ended = sdk("end_token", token_id=made["id"], value=seen["rolled"], name=f"{name}-2", policies=policies)
    assert ended["renamed"]["name"] == f"{name}-2"
    assert ended["deleted"] == {"id": made["id"]}
    assert (ended["gone"], ended["refused"]) == ([404, 1003], [401, 1000])
    assert s3_error(lambda: ours.list_objects_v2(Bucket=bucket)) == "Unauthorized"


def test_temporary_credentials_reach_what_they_are_made_for(
    sdk: Sdk, cairn: CairnServer, s3: BaseClient, bucket: str, make_client: MakeClient
) -> None:
    for key in ("in/k", "out/k"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    made = sdk("temporary_credentials", bucket=bucket, prefix="in/")
    temporary = make_client(
        cairn,
        aws_access_key_id=made["accessKeyId"],
        aws_secret_access_key=made["secretAccessKey"],
        aws_session_token=made["sessionToken"],
    )
    assert temporary.get_object(Bucket=bucket, Key="in/k")["Body"].read() == b"in/k"
    assert s3_error(lambda: temporary.get_object(Bucket=bucket, Key="out/k")) == "AccessDenied"
    assert s3_error(lambda: temporary.put_object(Bucket=bucket, Key="in/new")) == "AccessDenied"


def test_metrics_are_numbers_of_both_classes(sdk: Sdk) -> None:
    seen = sdk("metrics")
    for storage_class in ("standard", "infrequentAccess"):
        for state in ("published", "uploaded"):
            counts = seen[storage_class][state]
            assert all(counts[name] >= 0 for name in ("objects", "payloadSize", "metadataSize"))


def test_both_audit_logs_tell_of_a_new_bucket(sdk: Sdk, cairn: CairnServer, bucket: str) -> None:
    now = datetime.now(UTC)
    since, before = ((now + timedelta(hours=hours)).isoformat(timespec="seconds") for hours in (-1, 1))
    seen = sdk("audit", since=since.replace("+00:00", "Z"), before=before.replace("+00:00", "Z"))
    first = next(entry for entry in seen["first"] if entry["resource"]["id"] == bucket)
    assert first["owner"]["id"] == cairn.account_id
    assert first["action"]["result"] is True
    second = next(entry for entry in seen["second"] if entry["resource"]["id"] == bucket)
    assert (second["action"]["type"], second["action"]["result"]) == ("create", "success")
    assert second["account"]["id"] == cairn.account_id


def test_a_bucket_is_opened_at_a_development_url_and_a_custom_domain(sdk: Sdk, bucket: str) -> None:
    domain, zone = f"{bucket}.example.com", "023e105f4ecef8ad9ca31a8372d0c353"
    seen = sdk("domains", bucket=bucket, domain=domain, zone=zone)
    managed = seen["closed"]
    assert managed["domain"] == f"pub-{managed['bucketId']}.r2dev.localhost"
    assert [seen[name]["enabled"] for name in ("closed", "opened", "closed_again")] == [False, True, False]
    added = {"domain": domain, "enabled": True, "minTLS": "1.0", "ciphers": ["AES128-SHA"], "zoneId": zone}
    assert seen["added"] == added
    status = seen["listed"]["domains"][0].pop("status")
    assert seen["listed"] == {"domains": [added]}
    assert status in ({"ownership": "pending", "ssl": "initializing"}, {"ownership": "active", "ssl": "active"})
    changed = added | {"enabled": False, "minTLS": "1.2"}
    assert seen["updated"] == {name: value for name, value in changed.items() if name != "zoneId"}
    assert {name: seen["got"][name] for name in changed} == changed
    assert seen["deleted"] == {"domain": domain}
    assert (seen["again"], seen["gone"]) == ([409, 409], [404, 10053])
