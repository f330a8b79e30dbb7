"""wrangler: who it is, buckets, objects, the CORS, lifecycle and lock rules of buckets, and public access to them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import requests
from botocore.client import BaseClient

from conftest import E2E_DIRECTORY
from harness.bodies import body
from harness.commands import run
from harness.localhost import resolve_localhost_names
from harness.public_buckets import public_url
from harness.server import CairnServer
from harness.wrangler import Wrangler

KEYS = [
    "a.txt",
    "nested/deeply/b.txt",
    "with spaces/and more.txt",
    "ünï/cödé ✓.txt",
    "odd+&=;,'()~!@$*[]{}|^.txt",
]


def facts(printed: str) -> list[dict[str, str]]:
    """The blocks of `name:   value` lines that lists and infos are printed as."""
    blocks = re.split(r"\n\s*\n", printed)
    found = [dict(re.findall(r"^([a-z_]+): +(.*?) *$", block, re.MULTILINE)) for block in blocks]
    return [block for block in found if block]


def json_file(path: Path, value: object) -> Path:
    """Writes `value` to a file wrangler is given."""
    path.write_text(json.dumps(value))
    return path


# The documentation


def test_the_page_in_docs_runs_as_it_is_written(fresh_cairn: CairnServer, tmp_path: Path) -> None:
    page = (E2E_DIRECTORY.parent / "docs" / "wrangler.md").read_text()
    placeholders = {
        "http://127.0.0.1:9200": fresh_cairn.endpoint,
        "API_TOKEN": fresh_cairn.api_token,
        "ACCOUNT_ID": fresh_cairn.account_id,
    }
    for placeholder, value in placeholders.items():
        # Not the end of a variable's name.
        page = re.sub(rf"(?<![A-Z_]){re.escape(placeholder)}", value, page)
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    (tmp_path / "node_modules").symlink_to(E2E_DIRECTORY / "node_modules")
    (tmp_path / "example.mjs").write_text(blocks["js"])
    environment = Wrangler.command_environment(tmp_path)
    printed = run(["bash", "-euc", blocks["sh"]], environment, tmp_path)
    assert "Hello" in printed
    assert facts(printed)[-1]["name"] == "my-bucket"
    assert "my-bucket" in run([sys.executable, "-c", blocks["python"]], environment, tmp_path)
    assert "my-bucket" in run(["node", "example.mjs"], environment, tmp_path)


# Identity


def test_whoami_tells_the_user_and_the_account(wrangler: Wrangler, cairn: CairnServer) -> None:
    printed = wrangler("whoami")
    assert "You are logged in with an" in printed
    assert cairn.account_id in printed


def test_without_an_account_id_the_account_of_the_token_is_found(wrangler: Wrangler, bucket: str) -> None:
    environment = {name: value for name, value in wrangler.environment.items() if name != "CLOUDFLARE_ACCOUNT_ID"}
    found = Wrangler(environment, wrangler.directory)
    assert bucket in found("r2", "bucket", "info", bucket)


def test_a_token_nobody_has_is_refused(wrangler: Wrangler) -> None:
    stranger = wrangler.with_token("cfat_" + "0" * 48)
    assert "Authentication error [code: 10000]" in stranger.refused("r2", "bucket", "list")
    assert "Invalid access token [code: 9109]" in stranger.refused("whoami")


# Buckets


def test_a_bucket_is_made_described_changed_and_deleted(wrangler: Wrangler, s3: BaseClient, bucket_name: str) -> None:
    # wrangler lists the first page only, and other tests leave buckets: this one comes before them.
    bucket_name = f"0-{bucket_name}"
    made = wrangler("r2", "bucket", "create", bucket_name)
    assert f"Created bucket '{bucket_name}' with default storage class of Standard" in made
    s3.head_bucket(Bucket=bucket_name)
    listed = {each["name"]: each for each in facts(wrangler("r2", "bucket", "list"))}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", listed[bucket_name]["creation_date"])
    info = json.loads(wrangler("r2", "bucket", "info", bucket_name, "--json"))
    assert (info["name"], info["default_storage_class"]) == (bucket_name, "Standard")
    assert info["created"] == listed[bucket_name]["creation_date"]
    wrangler("r2", "bucket", "update", "storage-class", bucket_name, "-s", "InfrequentAccess")
    assert facts(wrangler("r2", "bucket", "info", bucket_name))[0]["default_storage_class"] == "InfrequentAccess"
    assert "Deleted bucket" in wrangler("r2", "bucket", "delete", bucket_name)
    assert "The specified bucket does not exist. [code: 10006]" in wrangler.refused("r2", "bucket", "info", bucket_name)


def test_a_bucket_is_made_where_and_for_what_it_is_told(wrangler: Wrangler, bucket_name: str) -> None:
    made = wrangler("r2", "bucket", "create", bucket_name, "--location", "weur", "-s", "InfrequentAccess")
    assert "with location hint WEUR and default storage class of InfrequentAccess" in made
    info = facts(wrangler("r2", "bucket", "info", bucket_name))[0]
    assert (info["location"], info["default_storage_class"]) == ("WEUR", "InfrequentAccess")


def test_a_jurisdiction_has_buckets_of_its_own(wrangler: Wrangler, bucket: str) -> None:
    wrangler("r2", "bucket", "create", bucket, "-J", "eu")
    names = [each["name"] for each in facts(wrangler("r2", "bucket", "list", "-J", "eu"))]
    assert bucket in names
    wrangler("r2", "bucket", "delete", bucket, "-J", "eu")
    assert "[code: 10006]" in wrangler.refused("r2", "bucket", "info", bucket, "-J", "eu")
    wrangler("r2", "bucket", "info", bucket)


def test_buckets_are_refused_with_r2s_reasons(wrangler: Wrangler, s3: BaseClient, bucket: str) -> None:
    again = wrangler.refused("r2", "bucket", "create", bucket)
    assert "The bucket you tried to create already exists, and you own it. [code: 10004]" in again
    s3.put_object(Bucket=bucket, Key="k")
    full = wrangler.refused("r2", "bucket", "delete", bucket)
    assert f"The bucket you tried to delete ({bucket}) is not empty" in full
    assert "[code: 10008]" in full
    for command in (["bucket", "delete"], ["bucket", "lifecycle", "list"], ["bucket", "lock", "list"]):
        assert "[code: 10006]" in wrangler.refused("r2", *command, "e2e-no-such-bucket")


# Objects


@pytest.mark.parametrize("key", KEYS)
def test_objects_come_back_as_they_went(
    wrangler: Wrangler, s3: BaseClient, module_bucket: str, tmp_path: Path, key: str
) -> None:
    content = body(key, 70_000)
    (tmp_path / "up").write_bytes(content)
    path = f"{module_bucket}/{key}"
    assert "Upload complete" in wrangler("r2", "object", "put", path, "--file", "up", "--remote")
    assert s3.get_object(Bucket=module_bucket, Key=key)["Body"].read() == content
    wrangler("r2", "object", "get", path, "--file", "down", "--remote")
    assert (tmp_path / "down").read_bytes() == content
    assert "Delete complete" in wrangler("r2", "object", "delete", path, "--remote")
    assert "The specified key does not exist" in wrangler.refused(
        "r2", "object", "get", path, "--file", "down", "--remote"
    )


def test_an_object_is_piped_in_and_out(wrangler: Wrangler, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "up").write_text("through a pipe ✓\n")
    wrangler.piped(tmp_path / "up", "r2", "object", "put", f"{bucket}/piped", "--pipe", "--remote")
    assert wrangler("r2", "object", "get", f"{bucket}/piped", "--pipe", "--remote") == "through a pipe ✓\n"


def test_an_empty_object_is_an_object(wrangler: Wrangler, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "up").touch()
    wrangler("r2", "object", "put", f"{bucket}/empty", "--file", "up", "--remote")
    assert s3.head_object(Bucket=bucket, Key="empty")["ContentLength"] == 0
    wrangler("r2", "object", "get", f"{bucket}/empty", "--file", "down", "--remote")
    assert (tmp_path / "down").read_bytes() == b""


def test_headers_and_class_go_with_the_object(wrangler: Wrangler, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "up").write_text("{}")
    described = {
        "--content-type": "application/json",
        "--content-disposition": 'attachment; filename="a.json"',
        "--content-encoding": "identity",
        "--content-language": "de-CH",
        "--cache-control": "max-age=60",
        "--storage-class": "InfrequentAccess",
    }
    options = [word for pair in described.items() for word in pair]
    wrangler("r2", "object", "put", f"{bucket}/k", "--file", "up", "--remote", *options)
    head = s3.head_object(Bucket=bucket, Key="k")
    names = ["ContentType", "ContentDisposition", "ContentEncoding", "ContentLanguage", "CacheControl", "StorageClass"]
    stored = [head[name] for name in names]
    # S3 has its own name for the class.
    assert stored[:-1] == list(described.values())[:-1]
    assert stored[-1] == "STANDARD_IA"


def test_objects_of_no_bucket_are_refused(wrangler: Wrangler, tmp_path: Path) -> None:
    (tmp_path / "up").write_text("x")
    path = "e2e-no-such-bucket/k"
    refused = wrangler.refused("r2", "object", "put", path, "--file", "up", "--remote")
    assert "The specified bucket does not exist" in refused


# CORS


CORS_RULE = {
    "id": "site",
    "allowed": {"origins": ["https://example.com"], "methods": ["GET", "PUT"], "headers": ["content-type"]},
    "exposeHeaders": ["ETag"],
    "maxAgeSeconds": 3600,
}


def test_cors_rules_are_set_listed_and_deleted(wrangler: Wrangler, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    cors = ("r2", "bucket", "cors")
    assert "The CORS configuration does not exist. [code: 10059]" in wrangler.refused(*cors, "list", bucket)
    file = json_file(tmp_path / "cors.json", {"rules": [CORS_RULE]})
    assert f"Set CORS configuration for bucket '{bucket}'" in wrangler(*cors, "set", bucket, "--file", file)
    assert facts(wrangler(*cors, "list", bucket)) == [
        {
            "allowed_origins": "https://example.com",
            "allowed_methods": "GET, PUT",
            "allowed_headers": "content-type",
            "exposed_headers": "ETag",
            "max_age_seconds": "3600",
        }
    ]
    # Both faces have the same rules.
    (rule,) = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert (rule["AllowedOrigins"], rule["MaxAgeSeconds"]) == (["https://example.com"], 3600)
    assert "CORS configuration deleted" in wrangler(*cors, "delete", bucket)
    assert "[code: 10059]" in wrangler.refused(*cors, "list", bucket)


def test_a_wrong_cors_rule_changes_nothing(wrangler: Wrangler, bucket: str, tmp_path: Path) -> None:
    cors = ("r2", "bucket", "cors")
    wrangler(*cors, "set", bucket, "--file", json_file(tmp_path / "cors.json", {"rules": [CORS_RULE]}))
    before = wrangler(*cors, "list", bucket)
    wrong = CORS_RULE | {"allowed": {"origins": ["*"], "methods": ["PATCH"]}}
    refused = wrangler.refused(*cors, "set", bucket, "--file", json_file(tmp_path / "wrong.json", {"rules": [wrong]}))
    assert "A request to the Cloudflare API" in refused
    assert wrangler(*cors, "list", bucket) == before


# Lifecycle


def test_lifecycle_rules_are_listed_added_removed_and_set(
    wrangler: Wrangler, s3: BaseClient, bucket: str, tmp_path: Path
) -> None:
    lifecycle = ("r2", "bucket", "lifecycle")
    at_first = {
        "name": "Default Multipart Abort Rule",
        "enabled": "Yes",
        "prefix": "(all prefixes)",
        "action": "Abort incomplete multipart uploads after 7 days",
    }
    assert facts(wrangler(*lifecycle, "list", bucket)) == [at_first]
    wrangler(*lifecycle, "add", bucket, "logs", "logs/", "--expire-days", "30", "--ia-transition-days", "3")
    wrangler(*lifecycle, "add", bucket, "all", "", "--abort-multipart-days", "2")
    wrangler(*lifecycle, "add", bucket, "date", "d/", "--expire-date", "2040-02-03")
    added = {rule["name"]: rule for rule in facts(wrangler(*lifecycle, "list", bucket))}
    assert set(added) == {"Default Multipart Abort Rule", "logs", "all", "date"}
    assert added["logs"]["prefix"] == "logs/"
    assert "Expire objects after 30 days" in added["logs"]["action"]
    assert "Transition to Infrequent Access after 3 days" in added["logs"]["action"]
    assert added["all"]["action"] == "Abort incomplete multipart uploads after 2 days"
    assert added["date"]["action"] == "Expire objects on 2040-02-03"
    # Both faces have the same rules.
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert {rule["ID"] for rule in rules} == set(added)
    assert "Lifecycle rule 'logs' removed" in wrangler(*lifecycle, "remove", bucket, "--name", "logs")
    assert "not found" in wrangler.refused(*lifecycle, "remove", bucket, "--name", "logs")
    rule = {
        "id": "old",
        "enabled": False,
        "conditions": {"prefix": "old/"},
        "deleteObjectsTransition": {"condition": {"type": "Age", "maxAge": 86400}},
    }
    wrangler(*lifecycle, "set", bucket, "--file", json_file(tmp_path / "rules.json", {"rules": [rule]}))
    assert facts(wrangler(*lifecycle, "list", bucket)) == [
        {"name": "old", "enabled": "No", "prefix": "old/", "action": "Expire objects after 1 days"}
    ]


def test_a_wrong_lifecycle_rule_changes_nothing(wrangler: Wrangler, bucket: str, tmp_path: Path) -> None:
    lifecycle = ("r2", "bucket", "lifecycle")
    before = wrangler(*lifecycle, "list", bucket)
    wrong = {"id": "w", "enabled": True, "conditions": {}, "deleteObjectsTransition": {"condition": {"type": "Age"}}}
    file = json_file(tmp_path / "wrong.json", {"rules": [wrong]})
    assert "[code: " in wrangler.refused(*lifecycle, "set", bucket, "--file", file)
    assert wrangler(*lifecycle, "list", bucket) == before


# Locks


def test_lock_rules_are_listed_added_removed_and_set(wrangler: Wrangler, bucket: str, tmp_path: Path) -> None:
    lock = ("r2", "bucket", "lock")
    assert "There are no lock rules" in wrangler(*lock, "list", bucket)
    wrangler(*lock, "add", bucket, "days", "a/", "--retention-days", "3")
    wrangler(*lock, "add", bucket, "forever", "", "--retention-indefinite")
    wrangler(*lock, "add", bucket, "date", "d/", "--retention-date", "2040-02-03")
    assert facts(wrangler(*lock, "list", bucket)) == [
        {"name": "days", "enabled": "Yes", "prefix": "a/", "condition": "after 3 days"},
        {"name": "forever", "enabled": "Yes", "prefix": "(all prefixes)", "condition": "indefinitely"},
        {"name": "date", "enabled": "Yes", "prefix": "d/", "condition": "on 2040-02-03"},
    ]
    wrangler(*lock, "remove", bucket, "--name", "forever")
    assert "not found" in wrangler.refused(*lock, "remove", bucket, "--name", "forever")
    rule = {"id": "keep", "enabled": False, "prefix": "k/", "condition": {"type": "Age", "maxAgeSeconds": 86400}}
    wrangler(*lock, "set", bucket, "--file", json_file(tmp_path / "rules.json", {"rules": [rule]}))
    assert facts(wrangler(*lock, "list", bucket)) == [
        {"name": "keep", "enabled": "No", "prefix": "k/", "condition": "after 1 day"}
    ]


def test_a_wrong_lock_rule_changes_nothing(wrangler: Wrangler, bucket: str, tmp_path: Path) -> None:
    lock = ("r2", "bucket", "lock")
    wrangler(*lock, "add", bucket, "days", "a/", "--retention-days", "3")
    before = wrangler(*lock, "list", bucket)
    wrong = {"id": "w", "enabled": True, "condition": {"type": "Sometimes"}}
    file = json_file(tmp_path / "wrong.json", {"rules": [wrong]})
    assert "[code: " in wrangler.refused(*lock, "set", bucket, "--file", file)
    assert wrangler(*lock, "list", bucket) == before


# Public access


def test_the_development_url_is_shown_enabled_and_disabled(
    wrangler: Wrangler, s3: BaseClient, cairn: CairnServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_localhost_names(monkeypatch)
    dev_url = ("r2", "bucket", "dev-url")
    s3.put_object(Bucket=bucket, Key="k", Body=b"public")
    assert "Public access via the r2.dev URL is disabled." in wrangler(*dev_url, "get", bucket)
    enabled = wrangler(*dev_url, "enable", bucket)
    host = re.search(r"https://(pub-[0-9a-f]{32}\.r2dev\.localhost)", enabled)
    assert host, enabled
    assert f"Public access is enabled at 'https://{host[1]}'." in wrangler(*dev_url, "get", bucket)
    url = f"{public_url(cairn, host[1])}/k"
    assert requests.get(url, timeout=30).text == "public"
    wrangler(*dev_url, "disable", bucket, "--force")
    assert "is disabled." in wrangler(*dev_url, "get", bucket)
    assert requests.get(url, timeout=30).status_code == 401
    assert "[code: 10006]" in wrangler.refused(*dev_url, "get", "e2e-no-such-bucket")


def test_custom_domains_are_added_listed_shown_updated_and_removed(
    wrangler: Wrangler, s3: BaseClient, cairn: CairnServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_localhost_names(monkeypatch)
    domain, zone, name = ("r2", "bucket", "domain"), "023e105f4ecef8ad9ca31a8372d0c353", f"{bucket}.cdn.localhost"
    s3.put_object(Bucket=bucket, Key="k", Body=b"public")
    assert "There are no custom domains connected to this bucket." in wrangler(*domain, "list", bucket)
    added = wrangler(*domain, "add", bucket, "--domain", name, "--zone-id", zone, "--min-tls", "1.2", "--force")
    assert f"Custom domain '{name}' connected successfully." in added
    assert requests.get(f"{public_url(cairn, name)}/k", timeout=30).text == "public"
    shown = facts(wrangler(*domain, "get", bucket, "--domain", name))[-1]
    assert (shown["domain"], shown["enabled"], shown["min_tls_version"]) == (name, "Yes", "1.2")
    assert (shown["zone_id"], shown["ownership_status"] in ("pending", "active")) == (zone, True)
    wrangler(*domain, "update", bucket, "--domain", name, "--min-tls", "1.3")
    listed = facts(wrangler(*domain, "list", bucket))
    assert [(each["domain"], each["min_tls_version"]) for each in listed] == [(name, "1.3")]
    assert "[code: 409]" in wrangler.refused(*domain, "add", bucket, "--domain", name, "--zone-id", zone, "--force")
    assert "[code: 10053]" in wrangler.refused(*domain, "get", bucket, "--domain", "nobody.example.com")
    assert f"Custom domain '{name}' removed successfully." in wrangler(
        *domain, "remove", bucket, "--domain", name, "--force"
    )
    assert "There are no custom domains" in wrangler(*domain, "list", bucket)


def test_public_access_of_a_jurisdictional_bucket(wrangler: Wrangler, bucket_name: str) -> None:
    wrangler("r2", "bucket", "create", bucket_name, "-J", "eu")
    assert "[code: 10006]" in wrangler.refused("r2", "bucket", "dev-url", "enable", bucket_name)
    wrangler("r2", "bucket", "dev-url", "enable", bucket_name, "-J", "eu")
    assert "is enabled at" in wrangler("r2", "bucket", "dev-url", "get", bucket_name, "-J", "eu")
    name = ("--domain", f"{bucket_name}.example.com")
    wrangler("r2", "bucket", "domain", "add", bucket_name, *name, "--zone-id", "zone", "--force", "-J", "eu")
    assert name[1] in wrangler("r2", "bucket", "domain", "list", bucket_name, "-J", "eu")
    wrangler("r2", "bucket", "domain", "remove", bucket_name, *name, "--force", "-J", "eu")
