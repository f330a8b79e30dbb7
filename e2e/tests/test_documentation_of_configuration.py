"""R2's pages on what is configured by bucket, by request or by environment, run as `pages/README.md` says."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.client import BaseClient

from harness.commands import isolated_environment, run
from harness.pages import links, newer, node, page, placeholders, shell
from harness.refusal import refused
from harness.server import CairnServer

MakeClient = Callable[..., BaseClient]


@pytest.fixture
def s3(fresh_cairn: CairnServer, make_client: MakeClient) -> BaseClient:
    """boto3 for this test's own server."""
    return make_client(fresh_cairn)


def in_javascript(server: CairnServer) -> dict[str, str]:
    """The placeholders of the pages in JavaScript that write them into strings."""
    return placeholders(
        server, "https://<account_id>.r2.cloudflarestorage.com", "<access_key_id>", "<access_key_secret>"
    )


# No name below the tests' host is looked up, and the older SDK would put the bucket into one.
PATH_STYLE = {'region: "auto",': 'region: "auto",\n  s3ForcePathStyle: true,'}


def test_object_lifecycles_page(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    for name in ("testBucket", "bucketName"):
        # Names in capitals make no bucket.
        s3.create_bucket(Bucket=name.lower())
    names = in_javascript(fresh_cairn) | PATH_STYLE
    put = page("lifecycles_client.mjs", names) + page("lifecycles_put.mjs", {"testBucket": "testbucket"})
    node('import S3 from "aws-sdk/clients/s3.js";\n' + put, tmp_path, fresh_cairn)
    rules = s3.get_bucket_lifecycle_configuration(Bucket="testbucket")["Rules"]
    assert [rule["ID"] for rule in rules] == [
        "Delete 2019 Documents",
        "Transition Objects To Infrequent Access",
        "Delete Old Logs",
        "Abort Incomplete Multipart Uploads",
        "Abort User Incomplete Multipart Uploads",
    ]
    assert rules[0]["Expiration"]["Date"].isoformat() == "2024-01-01T00:00:00+00:00"
    assert rules[1]["Transitions"] == [{"Days": 30, "StorageClass": "STANDARD_IA"}]

    printed = node(page("lifecycles_get.mjs", names | {"bucketName": "testbucket"}), tmp_path, fresh_cairn)
    assert printed.count("Status: 'Enabled'") == 5
    node(page("lifecycles_delete.mjs", names | {"bucketName": "testbucket"}), tmp_path, fresh_cairn)
    with refused(404, "NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket="testbucket")


def test_cors_page_uploads_with_curl(fresh_cairn: CairnServer, s3: BaseClient, curl: str, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="my-bucket")
    names = in_javascript(fresh_cairn) | {"Bucket: bucket": 'Bucket: "my-bucket"', "Key: object": 'Key: "object"'}
    (url,) = links(node(page("cors_presign.mjs", names), tmp_path, fresh_cairn))
    assert "X-Amz-Expires=604800" in url
    command = page("cors_curl.sh", {"<URL>": shlex.quote(url), "curl ": f"{shlex.quote(curl)} --fail --silent "})
    shell(command, tmp_path, isolated_environment(tmp_path))
    stored = s3.get_object(Bucket="my-bucket", Key="object")
    assert (stored["Body"].read(), stored["ContentType"]) == (b"123", "text/plain")


def test_boto3_takes_its_credentials_from_the_environment(
    fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path
) -> None:
    s3.create_bucket(Bucket="my-bucket")
    names = newer(fresh_cairn)
    script = page("boto3_resource.py", names) + "\nprint(*[bucket.name for bucket in s3.buckets.all()])\n"
    credentials = ("  aws_access_key_id", "  aws_secret_access_key")
    (tmp_path / "example.py").write_text(
        "".join(line for line in script.splitlines(keepends=True) if not line.startswith(credentials))
    )
    environment = isolated_environment(tmp_path) | {
        "AWS_ACCESS_KEY_ID": fresh_cairn.credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": fresh_cairn.credentials.secret_access_key,
    }
    assert run([sys.executable, "example.py"], environment, tmp_path) == "my-bucket\n"
