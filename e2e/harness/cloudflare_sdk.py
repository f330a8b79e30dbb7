"""What the tests do with the `cloudflare` SDK for Python; `js/cloudflare.mjs` does it with the one for JavaScript.

Each function is one subject: it drives the API and returns what it saw as JSON values, by the API's own names, so that
one test judges both SDKs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudflare import APIStatusError, Cloudflare

from harness.server import CairnServer

Seen = dict[str, Any]


def client(server: CairnServer, api_token: str | None = None) -> Cloudflare:
    """The SDK as its documentation makes it. No retries: what fails once has failed."""
    return Cloudflare(base_url=server.api_base, api_token=api_token or server.api_token, max_retries=0)


def plain(answer: Any) -> Any:
    """An answer as the API wrote it."""
    if isinstance(answer, list):
        return [plain(item) for item in answer]
    return answer.to_dict(mode="json") if hasattr(answer, "to_dict") else answer


def refusal(call: Callable[[], object]) -> list[int]:
    """Status and code of a call that has to fail."""
    try:
        answered = call()
    except APIStatusError as error:
        return [error.status_code, error.body["errors"][0]["code"]]
    raise AssertionError(f"answered {answered} instead of a refusal")


def buckets(server: CairnServer, bucket: str) -> Seen:
    """Makes, describes, changes and deletes a bucket."""
    calls, account = client(server).r2.buckets, server.account_id
    made = calls.create(account_id=account, name=bucket, location_hint="weur", storage_class="InfrequentAccess")
    again = refusal(lambda: calls.create(account_id=account, name=bucket))
    listed = calls.list(account_id=account, name_contains=bucket[2:], per_page=5)
    got = calls.get(bucket, account_id=account)
    changed = calls.edit(bucket, account_id=account, storage_class="Standard")
    deleted = calls.delete(bucket, account_id=account)
    return {
        "made": plain(made),
        "again": again,
        "listed": [item.name for item in listed.buckets],
        "got": plain(got),
        "changed": plain(changed),
        "deleted": plain(deleted),
        "gone": refusal(lambda: calls.get(bucket, account_id=account)),
    }


def objects(server: CairnServer, bucket: str, keys: list[str]) -> Seen:
    """Uploads to all keys, lists them in pages of two, reads and deletes the first."""
    calls, where = client(server).r2.buckets.objects, {"account_id": server.account_id, "bucket_name": bucket}
    uploaded = [plain(calls.upload(key, f"at {key}".encode(), **where)) for key in keys]
    listed = [plain(item) for item in calls.list(bucket, account_id=server.account_id, per_page=2)]
    got = calls.get(keys[0], **where)
    deleted = calls.delete(keys[0], **where)
    return {
        "uploaded": uploaded,
        "listed": listed,
        "text": got.read().decode(),
        "etag": got.headers["etag"],
        "deleted": plain(deleted),
        "gone": refusal(lambda: calls.get(keys[0], **where)),
    }


def configurations(server: CairnServer, bucket: str, rules: dict[str, list]) -> Seen:
    """Sets the CORS, lifecycle and lock rules of a bucket and reads them back; deletes those of CORS."""
    calls, where = client(server).r2.buckets, {"account_id": server.account_id}
    seen: Seen = {"before": {}, "after": {}}
    for name, subject in (("lifecycle", calls.lifecycle), ("locks", calls.locks), ("cors", calls.cors)):
        seen["before"][name] = (
            refusal(lambda: calls.cors.get(bucket, **where)) if name == "cors" else plain(subject.get(bucket, **where))
        )
        subject.update(bucket, rules=rules[name], **where)
        seen["after"][name] = plain(subject.get(bucket, **where))
    calls.cors.delete(bucket, **where)
    seen["deleted"] = refusal(lambda: calls.cors.get(bucket, **where))
    return seen


def tokens(server: CairnServer, name: str, policies: list) -> Seen:
    """Makes a token, finds it, rolls it, and disables and deletes it; tells the value it had after the roll."""
    account = {"account_id": server.account_id}
    calls = client(server).accounts.tokens

    def verified(value: str) -> Any:
        return plain(client(server, value).accounts.tokens.verify(**account))

    made = calls.create(name=name, policies=policies, **account)
    seen: Seen = {
        "made": plain(made),
        "got": plain(calls.get(made.id, **account)),
        "listed": [item.name for item in calls.list(per_page=50, **account)],
        "verified": verified(made.value),
    }
    rolled = calls.value.update(made.id, **account)
    seen["rolled"] = rolled
    seen["old"] = refusal(lambda: verified(made.value))
    seen["verified_again"] = verified(rolled)
    return seen


def end_token(server: CairnServer, token_id: str, value: str, name: str, policies: list) -> Seen:
    """Renames a token, then deletes it."""
    account = {"account_id": server.account_id}
    calls = client(server).accounts.tokens
    renamed = calls.update(token_id, name=name, policies=policies, status="active", **account)
    deleted = calls.delete(token_id, **account)
    return {
        "renamed": plain(renamed),
        "deleted": plain(deleted),
        "gone": refusal(lambda: calls.get(token_id, **account)),
        "refused": refusal(lambda: client(server, value).accounts.tokens.verify(**account)),
    }


def temporary_credentials(server: CairnServer, bucket: str, prefix: str) -> Seen:
    """Credentials for reading below a prefix."""
    made = client(server).r2.temporary_credentials.create(
        account_id=server.account_id,
        bucket=bucket,
        parent_access_key_id=server.credentials.access_key_id,
        permission="object-read-only",
        ttl_seconds=900,
        prefixes=[prefix],
    )
    return plain(made)


def metrics(server: CairnServer) -> Seen:
    """The account's numbers."""
    return plain(client(server).r2.buckets.metrics.list(account_id=server.account_id))


def audit(server: CairnServer, since: str, before: str) -> Seen:
    """Both audit logs between two times."""
    calls, account = client(server), server.account_id
    return {
        "first": [plain(entry) for entry in calls.audit_logs.list(account_id=account, since=since, before=before)],
        "second": [
            plain(entry) for entry in calls.accounts.logs.audit.list(account_id=account, since=since, before=before)
        ],
    }


def identity(server: CairnServer) -> Seen:
    """The accounts a token reaches."""
    calls = client(server)
    listed = [account.id for account in calls.accounts.list()]
    return {"accounts": listed, "account": plain(calls.accounts.get(account_id=server.account_id))}


def domains(server: CairnServer, bucket: str, domain: str, zone: str) -> Seen:
    """Opens a bucket at its development URL and at a custom domain, changes both, and closes it."""
    calls, account = client(server).r2.buckets.domains, {"account_id": server.account_id}
    custom = calls.custom
    return {
        "closed": plain(calls.managed.list(bucket, **account)),
        "opened": plain(calls.managed.update(bucket, **account, enabled=True)),
        "added": plain(
            custom.create(bucket, **account, domain=domain, zone_id=zone, enabled=True, ciphers=["AES128-SHA"])
        ),
        "listed": plain(custom.list(bucket, **account)),
        "updated": plain(custom.update(domain, **account, bucket_name=bucket, enabled=False, min_tls="1.2")),
        "got": plain(custom.get(domain, **account, bucket_name=bucket)),
        "again": refusal(lambda: custom.create(bucket, **account, domain=domain, zone_id=zone, enabled=True)),
        "deleted": plain(custom.delete(domain, **account, bucket_name=bucket)),
        "gone": refusal(lambda: custom.get(domain, **account, bucket_name=bucket)),
        "closed_again": plain(calls.managed.update(bucket, **account, enabled=False)),
    }
