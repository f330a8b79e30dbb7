"""CORS rules by boto3 and the aws command, and what they make of preflights and of requests with an `Origin`."""

from __future__ import annotations

import pytest
import requests
from botocore.client import BaseClient

from harness.commands import AwsCli
from harness.refusal import refused
from harness.server import CairnServer

PAGE = "http://localhost:3000"
LEAST = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
FULL = {
    "ID": "uploads <&>",
    "AllowedOrigins": [PAGE, "https://*.example.com"],
    "AllowedMethods": ["GET", "PUT", "POST", "DELETE", "HEAD"],
    "AllowedHeaders": ["Content-Type", "X-Amz-*"],
    "ExposeHeaders": ["ETag", "Content-Length"],
    "MaxAgeSeconds": 86400,
}


def put_rules(s3: BaseClient, bucket: str, *rules: dict) -> None:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(rules)})


def cors_headers(answer: requests.Response) -> dict[str, str]:
    return {
        name.lower().removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.lower().startswith("access-control-")
    }


def test_rules_come_back_as_they_were_put(s3: BaseClient, bucket: str) -> None:
    with refused(404, "NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket=bucket)
    put_rules(s3, bucket, LEAST)
    put_rules(s3, bucket, FULL, LEAST)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [FULL, LEAST]
    for _twice in range(2):
        assert s3.delete_bucket_cors(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused(404, "NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket=bucket)


def test_the_aws_command_reads_and_writes_rules(aws: AwsCli, bucket: str) -> None:
    configuration = '{"CORSRules":[{"AllowedOrigins":["*"],"AllowedMethods":["GET"]}]}'
    aws("s3api", "put-bucket-cors", "--bucket", bucket, "--cors-configuration", configuration)
    assert aws.json("s3api", "get-bucket-cors", "--bucket", bucket)["CORSRules"] == [LEAST]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        # R2's page "Configure CORS", Common Issues.
        ({"AllowedOrigins": ["https://static.example.com/"]}, "MalformedXML"),
        ({"AllowedOrigins": ["https://static.example.com/fonts/Calibri.woff2"]}, "MalformedXML"),
        ({"AllowedOrigins": ["static.example.com"]}, "MalformedXML"),
        ({"AllowedOrigins": []}, "MalformedXML"),
        ({"AllowedOrigins": ["https://*.*.example.com"]}, "InvalidRequest"),
        ({"AllowedMethods": []}, "MalformedXML"),
        ({"AllowedMethods": ["OPTIONS"]}, "InvalidRequest"),
        # R2's release note of 2024-01-30.
        ({"AllowedHeaders": [""]}, "MalformedXML"),
        ({"AllowedHeaders": ["x-*-*"]}, "InvalidRequest"),
        ({"ExposeHeaders": ["*"]}, "InvalidRequest"),
        ({"MaxAgeSeconds": 86401}, "MalformedXML"),
        ({"MaxAgeSeconds": -1}, "MalformedXML"),
    ],
)
def test_rules_that_are_none_are_refused_and_change_nothing(
    s3: BaseClient, bucket: str, changes: dict, code: str
) -> None:
    put_rules(s3, bucket, FULL)
    with refused(400, code):
        put_rules(s3, bucket, LEAST | changes)
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [FULL]


def test_at_most_100_rules_and_at_least_one(s3: BaseClient, bucket: str) -> None:
    put_rules(s3, bucket, *[LEAST] * 100)
    assert len(s3.get_bucket_cors(Bucket=bucket)["CORSRules"]) == 100
    for rules in ([LEAST] * 101, []):
        with refused(400, "MalformedXML"):
            put_rules(s3, bucket, *rules)


def test_a_preflight_is_answered_without_a_signature(cairn: CairnServer, s3: BaseClient, bucket: str) -> None:
    put_rules(s3, bucket, FULL)
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "PUT"}
    headers = asked | {"Access-Control-Request-Headers": "content-type,x-amz-meta-colour"}
    params = {"Bucket": bucket, "Key": "a b", "ContentType": "image/png"}
    for url in (
        f"{cairn.endpoint}/{bucket}/a%20b",
        f"{cairn.endpoint}/{bucket}",
        # Signed headers do not disturb it (release note of 2022-11-30).
        s3.generate_presigned_url("put_object", Params=params),
    ):
        answer = requests.options(url, headers=headers, timeout=30)
        assert (answer.status_code, answer.content) == (200, b"")
        assert cors_headers(answer) == {
            "allow-origin": PAGE,
            "allow-credentials": "true",
            "allow-methods": "GET, PUT, POST, DELETE, HEAD",
            "allow-headers": "content-type, x-amz-meta-colour",
            "expose-headers": "ETag, Content-Length",
            "max-age": "86400",
        }
    without_origin = requests.options(f"{cairn.endpoint}/{bucket}", timeout=30)
    assert without_origin.status_code == 400
    assert cors_headers(without_origin) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"Origin": "http://localhost:3001"},
        {"Origin": "http://localhost"},
        {"Access-Control-Request-Method": "PATCH"},
        {"Access-Control-Request-Headers": "x-other"},
    ],
)
def test_no_rule_that_matches_is_no_403(cairn: CairnServer, s3: BaseClient, bucket: str, changes: dict) -> None:
    # R2's release note of 2022-09-28.
    put_rules(s3, bucket, FULL)
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "PUT"}
    answer = requests.options(f"{cairn.endpoint}/{bucket}/k", headers=asked | changes, timeout=30)
    assert answer.status_code == 200
    assert cors_headers(answer) == {}


def test_requests_with_an_origin_are_served_whatever_the_rules(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    params = {"Bucket": bucket, "Key": "k"}
    put_rules(s3, bucket, LEAST | {"AllowedOrigins": [PAGE]})
    for method in ("get", "head"):
        url = s3.generate_presigned_url(f"{method}_object", Params=params)
        for origin, told in ((PAGE, method == "get"), ("http://other", False), (None, False)):
            headers = {"Origin": origin} if origin else {}
            answer = requests.request(method, url, headers=headers, timeout=30)
            assert answer.status_code == 200
            # Without ExposeHeaders there is no header for them (release note of 2022-09-28).
            expected = {"allow-origin": PAGE, "allow-credentials": "true", "allow-methods": "GET"} if told else {}
            assert cors_headers(answer) == expected, (method, origin)
    put_rules(s3, bucket, LEAST)
    any_origin = requests.get(
        s3.generate_presigned_url("get_object", Params=params), headers={"Origin": "null"}, timeout=30
    )
    assert cors_headers(any_origin) == {"allow-origin": "*", "allow-methods": "GET"}
