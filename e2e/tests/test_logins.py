"""Logins to custom domains: people in Chromium, who are sent to an OpenID provider and come back, or do not.
docs/access.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from botocore.client import BaseClient

from conftest import E2E_DIRECTORY, unused_bucket_name
from harness.browser import Browser, Sight
from harness.localhost import resolve_localhost_names
from harness.oidc import OidcProvider
from harness.pictures import picture
from harness.public_buckets import account_call, call, public_url
from harness.server import CairnServer

PAGE = "<!doctype html><title>Site</title><h1>Meow</h1><img src=cat.png>"
SESSION = "CF_Authorization"
PROVIDER_SCRIPT = E2E_DIRECTORY / "js" / "oidc_provider.mjs"
SCOPES = ["openid", "email", "profile", "groups"]


@pytest.fixture(scope="module", autouse=True)
def localhost_names() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        resolve_localhost_names(patch)
        yield


def running(provider: OidcProvider) -> Iterator[OidcProvider]:
    try:
        yield provider.start(PROVIDER_SCRIPT)
    finally:
        provider.stop()


@pytest.fixture(scope="module")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """A provider whose ID tokens say little: all but who it is stands at its userinfo endpoint."""
    yield from running(OidcProvider(tmp_path_factory.mktemp("staff"), "staff.localhost", lean=True))


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """A provider whose ID tokens say all."""
    yield from running(OidcProvider(tmp_path_factory.mktemp("partners"), "partners.localhost"))


class Site:
    """A custom domain with a page that shows a picture, in a bucket of its own."""

    def __init__(self, server: CairnServer, s3: BaseClient, bucket: str) -> None:
        self.server = server
        self.domain = f"{bucket}.site.localhost"
        self.url = public_url(server, self.domain)
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="page.html", Body=PAGE.encode(), ContentType="text/html")
        s3.put_object(Bucket=bucket, Key="cat.png", Body=picture(), ContentType="image/png")
        call(server, "POST", bucket, "domains/custom", {"domain": self.domain, "zoneId": bucket, "enabled": True})

    @property
    def page(self) -> str:
        return f"{self.url}/page.html"

    def trust(self, provider: OidcProvider, verify: str | bool = True, **metadata: str) -> str:
        """Tells the server of a provider that knows this site, and returns the provider's id."""
        client_id, client_secret = provider.register(self.url, verify, **metadata)
        config = {"issuer_url": provider.issuer, "client_id": client_id, "client_secret": client_secret}
        body = {"name": provider.host, "type": "oidc", "config": config | {"scopes": SCOPES}}
        return account_call(self.server, "POST", "access/identity_providers", body)["id"]

    def protect(self, include: list[dict], providers: list[str], exclude: list[dict] | None = None) -> None:
        """Lets in only whom one of the rules holds of, by one of the providers."""
        policy = {"name": "readers", "decision": "allow", "include": include, "exclude": exclude or []}
        app = {"name": self.domain, "type": "self_hosted", "domain": self.domain}
        account_call(self.server, "POST", "access/apps", app | {"allowed_idps": providers, "policies": [policy]})


@pytest.fixture
def make_site(cairn: CairnServer, s3: BaseClient) -> Callable[[], Site]:
    return lambda: Site(cairn, s3, unused_bucket_name())


@pytest.fixture
def site(make_site: Callable[[], Site]) -> Site:
    return make_site()


def mail(address: str) -> dict:
    return {"email": {"email": address}}


def group(provider: str, name: str) -> dict:
    return {"oidc": {"identity_provider_id": provider, "claim_name": "groups", "claim_value": name}}


def assert_shown(sight: Sight, url: str) -> None:
    """The page is there, with its picture, and no script of it can read the session."""
    assert (sight.url, sight.status, sight.text, sight.pictures) == (url, 200, "Meow", [1])
    session = sight.cookies[SESSION]
    assert (session["httpOnly"], session["sameSite"], session["path"]) == (True, "Lax", "/")
    assert sight.readable == ""


def assert_kept_out(sight: Sight, text: str) -> None:
    """Nothing of the page is there, and there is no session."""
    assert text in sight.text
    assert "Meow" not in sight.text
    assert sight.pictures == []
    assert SESSION not in sight.cookies


def test_somebody_logs_in_comes_back_to_where_they_wanted_and_logs_out(
    site: Site, staff: OidcProvider, browser: Browser
) -> None:
    site.protect([mail("ann@example.com")], [site.trust(staff)])
    deep = f"{site.page}?view=full&next=%2Fa%20b%3Fc&q=a+b"
    asked, back, again, left, asked_again, denied = browser.visit(
        ("visit", deep),
        ("login", "ann"),
        ("visit", site.page),
        ("visit", f"{site.url}/cdn-cgi/access/logout"),
        # The provider knows its user still; whoever logs in after a logout is asked anyway.
        ("follow", "Log in"),
        ("login", "eve"),
    )
    assert asked.url.startswith(f"{staff.issuer}/interaction/")
    assert asked.form
    assert_kept_out(asked, "Sign-in")
    assert_shown(back, deep)
    assert_shown(again, site.page)
    assert left.status == 200
    assert_kept_out(left, "You have logged out here.")
    assert asked_again.url.startswith(staff.issuer)
    assert asked_again.form
    assert denied.status == 403
    assert_kept_out(denied, "You do not have permission to view this.")


def test_the_next_visit_after_a_logout_goes_to_the_provider(site: Site, staff: OidcProvider, browser: Browser) -> None:
    site.protect([mail("ann@example.com")], [site.trust(staff)])
    logout = f"{site.url}/cdn-cgi/access/logout"
    # Another URL: the browser may show a page that it has without asking.
    again = f"{site.page}?again"
    *_, left, asked = browser.visit(
        ("visit", site.page), ("login", "ann"), ("visit", logout), ("forget", staff.issuer), ("visit", again)
    )
    assert SESSION not in left.cookies
    assert asked.form
    assert_kept_out(asked, "Sign-in")


@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint_auth_method": "client_secret_post"},
        {"id_token_signed_response_alg": "ES256"},
        {"id_token_signed_response_alg": "HS256"},
        {"userinfo_signed_response_alg": "RS256"},
    ],
    ids=lambda metadata: "-".join(metadata.values()),
)
def test_a_provider_may_know_its_clients_in_other_ways(
    site: Site, staff: OidcProvider, browser: Browser, metadata: dict[str, str]
) -> None:
    site.protect([mail("ann@example.com")], [site.trust(staff, **metadata)])
    _, back = browser.visit(("visit", site.page), ("login", "ann"))
    assert_shown(back, site.page)


@pytest.mark.parametrize("which", ["staff", "partners"])
def test_mail_domains_and_groups_let_in_and_others_see_nothing(
    site: Site, which: str, browser: Browser, request: pytest.FixtureRequest
) -> None:
    provider = site.trust(request.getfixturevalue(which))
    in_domain = {"email_domain": {"domain": "example.com"}}
    site.protect([in_domain, group(provider, "staff")], [provider])
    for account in ("ann", "bob"):
        _, back = browser.visit(("visit", site.page), ("login", account))
        assert_shown(back, site.page)
    # Neither of the domain nor of the group; and who says an address of the domain that nobody has verified.
    for account, says in (("eve", "do not have permission"), ("mallory", "does not vouch")):
        _, back = browser.visit(("visit", site.page), ("login", account))
        assert back.status == 403
        assert_kept_out(back, says)


def test_a_group_that_is_excluded_is_kept_out(site: Site, staff: OidcProvider, browser: Browser) -> None:
    provider = site.trust(staff)
    site.protect([{"everyone": {}}], [provider], exclude=[group(provider, "staff")])
    _, back = browser.visit(("visit", site.page), ("login", "eve"))
    assert_shown(back, site.page)
    _, refused = browser.visit(("visit", site.page), ("login", "ann"))
    assert refused.status == 403
    assert_kept_out(refused, "do not have permission")


def test_somebody_who_may_not_read_logs_in_as_somebody_else(site: Site, staff: OidcProvider, browser: Browser) -> None:
    site.protect([mail("ann@example.com")], [site.trust(staff)])
    _, refused, _, asked, back, shown = browser.visit(
        ("visit", f"{site.page}?x=1"),
        ("login", "eve"),
        ("follow", "Log out"),
        ("follow", "Log in"),
        ("login", "ann"),
        ("visit", site.page),
    )
    assert_kept_out(refused, "do not have permission")
    assert asked.form
    assert back.url == f"{site.url}/"
    assert_shown(shown, site.page)


def test_somebody_chooses_among_two_providers(
    site: Site, staff: OidcProvider, partners: OidcProvider, browser: Browser
) -> None:
    ids = [site.trust(staff), site.trust(partners)]
    site.protect([mail("ann@example.com"), group(ids[1], "staff")], ids)
    for provider, account in ((staff, "ann"), (partners, "bob")):
        choice, asked, back = browser.visit(
            ("visit", f"{site.page}?x=1"), ("follow", provider.host), ("login", account)
        )
        assert "Log in with" in choice.text
        assert_kept_out(choice, provider.host)
        assert asked.url.startswith(provider.issuer)
        assert_shown(back, f"{site.page}?x=1")
    # What a group is called at one provider says nothing of the other's.
    *_, refused = browser.visit(("visit", site.page), ("follow", staff.host), ("login", "bob"))
    assert_kept_out(refused, "do not have permission")


def test_who_cancels_at_the_provider_may_begin_again(site: Site, staff: OidcProvider, browser: Browser) -> None:
    site.protect([mail("ann@example.com")], [site.trust(staff)])
    _, refused, asked = browser.visit(("visit", site.page), ("follow", "[ Cancel ]"), ("follow", "Log in"))
    assert refused.status == 403
    assert_kept_out(refused, "The identity provider did not confirm who you are.")
    assert asked.form


def test_a_session_of_one_domain_opens_no_other(
    make_site: Callable[[], Site], staff: OidcProvider, browser: Browser
) -> None:
    one, other = make_site(), make_site()
    for site in (one, other):
        site.protect([mail("ann@example.com")], [site.trust(staff)])
    _, shown, _, carried = browser.visit(
        ("visit", one.page), ("login", "ann"), ("forget", staff.issuer), ("carry", other.page)
    )
    assert_shown(shown, one.page)
    assert carried.form
    assert_kept_out(carried, "Sign-in")


@pytest.fixture
def private(tmp_path: Path) -> Iterator[tuple[OidcProvider, Path]]:
    """A provider whose certificate is of an authority of its own, and the certificate of that."""
    authority, files = trustme.CA(), [tmp_path / name for name in ("chain.pem", "key.pem", "ca.pem")]
    certificate = authority.issue_cert("private.localhost")
    certificate.cert_chain_pems[0].write_to_path(str(files[0]))
    certificate.private_key_pem.write_to_path(str(files[1]))
    authority.cert_pem.write_to_path(str(files[2]))
    for provider in running(OidcProvider(tmp_path, "private.localhost", tls=(files[0], files[1]))):
        yield provider, files[2]


@pytest.mark.parametrize("named", [True, False], ids=["of an authority that is named", "of one that nobody knows"])
def test_a_provider_proves_who_it_is_by_a_certificate(
    named: bool,
    private: tuple[OidcProvider, Path],
    browser: Browser,
    cairn_binary: Path,
    make_client: Callable[..., BaseClient],
    tmp_path: Path,
) -> None:
    provider, ca = private
    configuration = tmp_path / "cairn.toml"
    configuration.write_text(f'oidc_ca = "{ca}"\n' if named else "")
    server = CairnServer(cairn_binary, tmp_path, ["--ephemeral", "--config", str(configuration)])
    try:
        server.start()
        site = Site(server, make_client(server), unused_bucket_name())
        site.protect([mail("ann@example.com")], [site.trust(provider, verify=str(ca))])
        if named:
            _, back = browser.visit(("visit", site.page), ("login", "ann"))
            assert_shown(back, site.page)
        else:
            (refused,) = browser.visit(("visit", site.page))
            assert refused.status == 502
            assert_kept_out(refused, "Identity provider unreachable")
    finally:
        server.kill()
