"""What is not built answers 501 NotImplemented: never a wrong success, never another operation's answer."""

from __future__ import annotations

import pytest
from botocore.client import BaseClient

from harness.refusal import refused
from harness.server import CairnServer
from harness.signed_requests import EMPTY_SHA256, Signer, connect, send

BUCKET_CALLS: dict[str, dict] = {
    "get_bucket_accelerate_configuration": {},
    "get_bucket_logging": {},
    "get_bucket_notification_configuration": {},
    "get_bucket_ownership_controls": {},
    "get_bucket_policy": {},
    "get_bucket_policy_status": {},
    "get_bucket_request_payment": {},
    "get_bucket_website": {},
    "get_public_access_block": {},
    "list_bucket_analytics_configurations": {},
    "list_bucket_inventory_configurations": {},
    "list_bucket_metrics_configurations": {},
    "list_object_versions": {},
    "put_bucket_accelerate_configuration": {"AccelerateConfiguration": {"Status": "Enabled"}},
    "put_bucket_acl": {"ACL": "private"},
    "put_bucket_logging": {"BucketLoggingStatus": {}},
    "put_bucket_notification_configuration": {"NotificationConfiguration": {}},
    "put_bucket_ownership_controls": {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
    "put_bucket_policy": {"Policy": "{}"},
    "put_bucket_request_payment": {"RequestPaymentConfiguration": {"Payer": "Requester"}},
    "put_bucket_tagging": {"Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}},
    "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
    "put_bucket_website": {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}},
    "put_object_lock_configuration": {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
    "put_public_access_block": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
    "delete_bucket_policy": {},
    "delete_bucket_tagging": {},
    "delete_bucket_website": {},
}
OBJECT_CALLS: dict[str, dict] = {
    "get_object_acl": {},
    "get_object_attributes": {"ObjectAttributes": ["ETag"]},
    "get_object_legal_hold": {},
    "get_object_retention": {},
    "get_object_tagging": {},
    "put_object_acl": {"ACL": "private"},
    "put_object_legal_hold": {"LegalHold": {"Status": "ON"}},
    "put_object_tagging": {"Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}},
    "delete_object_tagging": {},
    "restore_object": {"RestoreRequest": {"Days": 1}},
    "select_object_content": {
        "Expression": "select * from s3object",
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}},
        "OutputSerialization": {"CSV": {}},
    },
}


@pytest.mark.parametrize("call", BUCKET_CALLS)
def test_a_bucket_operation_r2_does_not_have_is_not_implemented(s3: BaseClient, bucket: str, call: str) -> None:
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    with refused(501, "NotImplemented"):
        getattr(s3, call)(Bucket=bucket, **BUCKET_CALLS[call])
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


@pytest.mark.parametrize("call", OBJECT_CALLS)
def test_an_object_operation_r2_does_not_have_is_not_implemented(s3: BaseClient, bucket: str, call: str) -> None:
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    with refused(501, "NotImplemented"):
        getattr(s3, call)(Bucket=bucket, Key="kept", **OBJECT_CALLS[call])
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"kept"


PUT_OPTIONS: dict[str, dict] = {
    "tags": {"Tagging": "k=v"},
    "website redirect": {"WebsiteRedirectLocation": "/other"},
    "encryption by a key service": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key"},
    "legal hold": {"ObjectLockLegalHoldStatus": "ON"},
    "lock": {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2040-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("option", PUT_OPTIONS)
@pytest.mark.parametrize("call", ["put_object", "create_multipart_upload"])
def test_an_upload_that_asks_for_more_than_there_is_stores_nothing(
    s3: BaseClient, bucket: str, call: str, option: str
) -> None:
    with refused(501, "NotImplemented"):
        getattr(s3, call)(Bucket=bucket, Key="k", **PUT_OPTIONS[option])
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_an_acl_that_changes_nothing_is_not_refused(s3: BaseClient, bucket: str) -> None:
    # R2's release note of 2022-11-30; rclone sends one with every upload.
    s3.put_object(Bucket=bucket, Key="private", Body=b"", ACL="private")
    s3.put_object(Bucket=bucket, Key="public", Body=b"", ACL="public-read")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 2


def test_a_bucket_with_object_lock_is_not_created(s3: BaseClient, bucket_name: str) -> None:
    with refused(501, "NotImplemented"):
        s3.create_bucket(Bucket=bucket_name, ObjectLockEnabledForBucket=True)
    with refused(404, "404"):
        s3.head_bucket(Bucket=bucket_name)
    # R2's release note of 2022-07-01.
    s3.create_bucket(Bucket=bucket_name, ObjectLockEnabledForBucket=False)


@pytest.mark.parametrize("query", ["list-type=2&unknown=1", "unknown", "versions"])
def test_a_query_parameter_nobody_knows_is_not_implemented(
    signer: Signer, cairn: CairnServer, bucket: str, query: str
) -> None:
    # R2's release note of 2022-07-01.
    url = f"{cairn.endpoint}/{bucket}?{query}"
    connection = connect(cairn.endpoint)
    answer = send(connection, "GET", url, signer.headers("GET", url, {"x-amz-content-sha256": EMPTY_SHA256}))
    connection.close()
    assert (answer.status, answer.error_code) == (501, "NotImplemented")


def test_the_sdks_own_parameters_are_ignored(signer: Signer, cairn: CairnServer, bucket: str) -> None:
    # R2's release notes of 2023-12-11 and 2024-06-06.
    for query in ("list-type=2&x-id=ListObjectsV2", "list-type=2&x-purpose=test"):
        url = f"{cairn.endpoint}/{bucket}?{query}"
        connection = connect(cairn.endpoint)
        answer = send(connection, "GET", url, signer.headers("GET", url, {"x-amz-content-sha256": EMPTY_SHA256}))
        connection.close()
        assert answer.status == 200, answer
