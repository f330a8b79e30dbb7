"""cairn's own commands: the configuration they print is used by the clients it is for, against the server.

What the commands send and print is tested beside the server; here the other end is real.
"""

from __future__ import annotations

import configparser
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from harness.commands import COMMAND_SECONDS_MAX, AwsCli, CommandFailed, Rclone, S3cmd, isolated_environment, run
from harness.server import CairnServer

Cli = Callable[..., str]


@pytest.fixture
def cli(cairn: CairnServer, cairn_binary: Path, tmp_path: Path) -> Cli:
    """Runs `cairn` with the shared server's ready file and returns what it prints."""

    def command(*arguments: str, json: bool = False) -> str:
        line = [str(cairn_binary), *arguments, "--ready-file", str(cairn.ready_file), *(["--json"] if json else [])]
        return run(line, isolated_environment(tmp_path))

    return command


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A file to send."""
    path = tmp_path / "readme.txt"
    path.write_bytes(b"read me")
    return path


def test_the_aws_command_uses_its_profile(cli: Cli, bucket: str, upload: Path, tmp_path: Path) -> None:
    environment = isolated_environment(tmp_path)
    Path(environment["AWS_CONFIG_FILE"]).write_text(cli("config", "aws"))
    aws = AwsCli(environment | {"AWS_PROFILE": "cairn"})
    aws("s3", "cp", upload, f"s3://{bucket}/by-profile")
    assert "by-profile" in aws("s3", "ls", f"s3://{bucket}/")
    # The printed output format is JSON.
    assert json.loads(aws("s3api", "head-object", "--bucket", bucket, "--key", "by-profile"))["ContentLength"] == 7


def test_rclone_uses_its_section(cli: Cli, bucket: str, upload: Path, tmp_path: Path) -> None:
    environment = isolated_environment(tmp_path)
    Path(environment["RCLONE_CONFIG"]).write_text(cli("config", "rclone", "--name", "mine"))
    rclone = Rclone(environment | {"RCLONE_RETRIES": "1", "RCLONE_LOW_LEVEL_RETRIES": "1"})
    rclone("copyto", upload, f"mine:{bucket}/by-section")
    assert rclone("cat", f"mine:{bucket}/by-section") == "read me"


def test_s3cmd_uses_its_file(cli: Cli, bucket: str, upload: Path, tmp_path: Path) -> None:
    (tmp_path / ".s3cfg").write_text(cli("config", "s3cmd"))
    s3cmd = S3cmd(isolated_environment(tmp_path))
    s3cmd("put", upload, f"s3://{bucket}/by-file")
    assert f"s3://{bucket}/by-file" in s3cmd("ls", f"s3://{bucket}/")


def test_boto3_runs_its_lines(cli: Cli, bucket: str) -> None:
    lines: dict[str, object] = {}
    exec(cli("config", "boto3"), lines)
    client = lines["s3"]
    assert isinstance(client, BaseClient)
    client.put_object(Bucket=bucket, Key="by-lines", Body=b"x")
    assert client.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"] == "by-lines"


def test_a_shell_reads_the_variables(cli: Cli, cairn: CairnServer, tmp_path: Path) -> None:
    script = cli("config", "wrangler") + "env"
    printed = run(["sh", "-c", script], isolated_environment(tmp_path)).splitlines()
    assert f"CLOUDFLARE_API_BASE_URL={cairn.endpoint}/client/v4" in printed
    assert f"CLOUDFLARE_API_TOKEN={cairn.ready['api_token']}" in printed
    assert f"CLOUDFLARE_ACCOUNT_ID={cairn.account_id}" in printed


def test_mastodon_and_postman_are_told_what_their_pages_ask_for(cli: Cli, cairn: CairnServer) -> None:
    text = cli("config", "mastodon", "--bucket", "media", "--public-host", "files.example.com")
    parser = configparser.ConfigParser()
    parser.optionxform = str
    parser.read_string(f"[env]\n{text}")
    assert dict(parser["env"]) == {
        "S3_ENABLED": "true",
        "S3_ALIAS_HOST": "files.example.com",
        "S3_BUCKET": "media",
        "S3_ENDPOINT": f"{cairn.endpoint}/",
        "AWS_ACCESS_KEY_ID": cairn.credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": cairn.credentials.secret_access_key,
        "S3_PROTOCOL": "http",
        "S3_PERMISSION": "private",
    }
    variables = {one["key"]: one["value"] for one in json.loads(cli("config", "postman"))["values"]}
    assert variables["account-id"] == cairn.account_id
    assert variables["r2-access-key-id"] == cairn.credentials.access_key_id
    assert variables["r2-secret-access-key"] == cairn.credentials.secret_access_key


def test_a_token_for_one_bucket_lasts_until_it_is_revoked(
    cli: Cli, cairn: CairnServer, s3: BaseClient, bucket: str, bucket_name: str, make_client: Callable
) -> None:
    made = json.loads(
        cli("token", "create", "--name", bucket, "--permission", "object-read-write", "--bucket", bucket, json=True)
    )
    keys = {"aws_access_key_id": made["access_key_id"], "aws_secret_access_key": made["secret_access_key"]}
    client = make_client(cairn, **keys)
    client.put_object(Bucket=bucket, Key="mine", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_object(Bucket=f"{bucket_name}-other", Key="theirs", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.list_buckets()
    listed = {token["id"]: token["name"] for token in json.loads(cli("token", "list", json=True))}
    assert listed[made["id"]] == bucket
    assert "root" in listed.values()

    rolled = json.loads(cli("token", "roll", made["id"], json=True))
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client.put_object(Bucket=bucket, Key="mine", Body=b"x")
    client = make_client(cairn, **keys | {"aws_secret_access_key": rolled["secret_access_key"]})
    client.put_object(Bucket=bucket, Key="mine", Body=b"y")
    assert cli("token", "revoke", made["id"]) == f"revoked {made['id']}\n"
    with pytest.raises(ClientError, match=r"InvalidAccessKeyId|Unauthorized|AccessDenied"):
        client.put_object(Bucket=bucket, Key="mine", Body=b"z")
    assert s3.get_object(Bucket=bucket, Key="mine")["Body"].read() == b"y"


def test_buckets_are_made_listed_described_and_deleted(cli: Cli, s3: BaseClient, bucket_name: str) -> None:
    cli("bucket", "create", bucket_name, "--location", "weur")
    s3.put_object(Bucket=bucket_name, Key="k", Body=b"12345")
    listed = json.loads(cli("bucket", "list", "--name-contains", bucket_name, json=True))
    assert [bucket["name"] for bucket in listed] == [bucket_name]
    described = json.loads(cli("bucket", "info", bucket_name, json=True))
    assert described["location"].lower() == "weur"
    assert described["usage"]["objectCount"] == "1"
    assert described["usage"]["payloadSize"] == "5"
    with pytest.raises(CommandFailed, match=r"exit code 1[\s\S]*code: 10008"):
        cli("bucket", "delete", bucket_name)
    s3.delete_object(Bucket=bucket_name, Key="k")
    assert cli("bucket", "delete", bucket_name) == f"deleted bucket {bucket_name}\n"
    with pytest.raises(CommandFailed, match="code: 10006"):
        cli("bucket", "info", bucket_name)


def test_whoami_knows_the_root_token(cli: Cli, cairn: CairnServer) -> None:
    shown = json.loads(cli("whoami", json=True))
    assert shown["token"] == {"id": cairn.credentials.access_key_id, "status": "active"}
    assert [account["id"] for account in shown["accounts"]] == [cairn.account_id]
    assert cairn.endpoint in cli("whoami")


def test_a_lost_root_token_is_reset_while_the_server_is_stopped(
    persistent_cairn: CairnServer, cairn_binary: Path, tmp_path: Path, make_client: Callable
) -> None:
    cairn = persistent_cairn.start()
    make_client(cairn).create_bucket(Bucket="kept")
    cairn.stop()
    line = [str(cairn_binary), "token", "reset-root", "--data", str(tmp_path / "data"), "--json"]
    reset = json.loads(run(line, isolated_environment(tmp_path)))
    cairn.start()
    assert cairn.credentials.secret_access_key == reset["secret_access_key"]
    assert "api_token" not in cairn.ready
    names = [bucket["Name"] for bucket in make_client(cairn).list_buckets()["Buckets"]]
    assert names == ["kept"]
    # The directory of a running server is refused, and nothing changes.
    refused = subprocess.run(line, env=dict(os.environ), capture_output=True, timeout=COMMAND_SECONDS_MAX, check=False)
    assert refused.returncode == 1
    assert len(make_client(cairn).list_buckets()["Buckets"]) == 1
    cairn.stop()
