"""What is configured of a bucket, by boto3 and the aws command: lifecycle rules, encryption, and what every bucket
answers alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore.client import BaseClient

from harness.commands import AwsCli
from harness.refusal import refused

# The rules of R2's page "Object lifecycles".
RULES_OF_THE_PAGE = [
    {
        "ID": "Delete 2019 Documents",
        "Status": "Enabled",
        "Filter": {"Prefix": "2019/"},
        "Expiration": {"Date": datetime(2024, 1, 1, tzinfo=UTC)},
    },
    {
        "ID": "Transition Objects To Infrequent Access",
        "Status": "Enabled",
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
    },
    {
        "ID": "Delete Old Logs",
        "Status": "Enabled",
        "Filter": {"Prefix": "logs/"},
        "Expiration": {"Days": 90},
    },
    {
        "ID": "Abort Incomplete Multipart Uploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
    {
        "ID": "Abort User Incomplete Multipart Uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": "useruploads/"},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    },
]


def put_rules(s3: BaseClient, bucket: str, rules: list[dict]) -> None:
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def get_rules(s3: BaseClient, bucket: str) -> list[dict]:
    return s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]


def test_a_new_bucket_has_r2s_default_rule(s3: BaseClient, bucket: str) -> None:
    assert get_rules(s3, bucket) == [
        {
            "ID": "Default Multipart Abort Rule",
            "Filter": {"Prefix": ""},
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]


def test_the_rules_of_r2s_page_come_back(s3: BaseClient, bucket: str) -> None:
    put_rules(s3, bucket, RULES_OF_THE_PAGE)
    assert get_rules(s3, bucket) == [{"Filter": {"Prefix": ""}} | rule for rule in RULES_OF_THE_PAGE]


def test_deleted_rules_are_gone(s3: BaseClient, bucket: str) -> None:
    put_rules(s3, bucket, RULES_OF_THE_PAGE)
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with refused(404, "NoSuchLifecycleConfiguration"):
        get_rules(s3, bucket)


def test_the_older_form_of_a_prefix_comes_back_as_it_was(s3: BaseClient, bucket: str) -> None:
    rules = [{"ID": "old", "Prefix": "old/", "Status": "Disabled", "Expiration": {"Days": 31}}]
    put_rules(s3, bucket, rules)
    assert get_rules(s3, bucket) == rules


EXPIRE = {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
REFUSED_RULES: dict[str, tuple[list[dict], int, str]] = {
    "no rule": ([], 400, "MalformedXML"),
    "unknown status": ([EXPIRE | {"Status": "enabled"}], 400, "MalformedXML"),
    "zero days": ([EXPIRE | {"Expiration": {"Days": 0}}], 400, "InvalidArgument"),
    "the same id": ([EXPIRE | {"ID": "a"}] * 2, 400, "InvalidArgument"),
    "a long id": ([EXPIRE | {"ID": "a" * 256}], 400, "InvalidArgument"),
    "no action": ([{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}}], 400, "InvalidRequest"),
    "tags": ([EXPIRE | {"Filter": {"Tag": {"Key": "a", "Value": "b"}}}], 501, "NotImplemented"),
    "sizes": ([EXPIRE | {"Filter": {"ObjectSizeGreaterThan": 1}}], 501, "NotImplemented"),
    "versions": ([EXPIRE | {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}], 501, "NotImplemented"),
    "another class": ([EXPIRE | {"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}], 501, "NotImplemented"),
}


@pytest.mark.parametrize("case", REFUSED_RULES)
def test_rules_that_cannot_be_are_refused_and_change_nothing(s3: BaseClient, bucket: str, case: str) -> None:
    rules, status, code = REFUSED_RULES[case]
    with refused(status, code):
        put_rules(s3, bucket, rules)
    assert get_rules(s3, bucket)[0]["ID"] == "Default Multipart Abort Rule"


def test_aes256_is_the_encryption_of_every_bucket(s3: BaseClient, bucket: str) -> None:
    def encryption() -> list[dict]:
        answer = s3.get_bucket_encryption(Bucket=bucket)
        return answer["ServerSideEncryptionConfiguration"]["Rules"]

    def rule(algorithm: str) -> dict:
        return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}]}

    aes256 = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
    assert encryption() == aes256
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule("AES256"))
    with refused(501, "NotImplemented"):
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule("aws:kms"))
    s3.delete_bucket_encryption(Bucket=bucket)
    assert encryption() == aes256


def test_a_bucket_answers_as_one_that_s3_has_just_made(s3: BaseClient, bucket: str) -> None:
    # R2's release notes of 2022-07-20 and 2022-07-21.
    versioning = s3.get_bucket_versioning(Bucket=bucket)
    assert "Status" not in versioning
    assert "MFADelete" not in versioning
    acl = s3.get_bucket_acl(Bucket=bucket)
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]
    assert acl["Grants"][0]["Grantee"]["Type"] == "CanonicalUser"
    assert acl["Grants"][0]["Grantee"]["ID"] == acl["Owner"]["ID"]
    for call, code in {
        "get_bucket_tagging": "NoSuchTagSet",
        "get_bucket_replication": "ReplicationConfigurationNotFoundError",
        "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
    }.items():
        with refused(404, code):
            getattr(s3, call)(Bucket=bucket)


def test_the_location_is_auto(s3: BaseClient, bucket: str) -> None:
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "auto"


def test_the_aws_command_sets_sees_and_deletes_rules(aws: AwsCli, s3: BaseClient, bucket: str) -> None:
    rule = {"ID": "logs", "Filter": {"Prefix": "logs/"}, "Status": "Enabled", "Expiration": {"Days": 90}}
    wanted = json.dumps({"Rules": [rule]})
    aws("s3api", "put-bucket-lifecycle-configuration", "--bucket", bucket, "--lifecycle-configuration", wanted)
    assert aws.json("s3api", "get-bucket-lifecycle-configuration", "--bucket", bucket)["Rules"] == [rule]
    aws("s3api", "delete-bucket-lifecycle", "--bucket", bucket)
    with refused(404, "NoSuchLifecycleConfiguration"):
        get_rules(s3, bucket)


def test_the_aws_command_reads_what_every_bucket_answers_alike(aws: AwsCli, bucket: str) -> None:
    assert aws.json("s3api", "get-bucket-versioning", "--bucket", bucket) == {}
    assert aws.json("s3api", "get-bucket-acl", "--bucket", bucket)["Grants"][0]["Permission"] == "FULL_CONTROL"
    rules = aws.json("s3api", "get-bucket-encryption", "--bucket", bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
