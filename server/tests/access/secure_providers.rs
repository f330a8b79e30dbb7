//! Providers that are asked over TLS, with certificates of an authority that the operator names, and of others.

use crate::protected::{Browser, Protected, assert_nothing_told, policy};
use crate::provider::Provider;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use server::{Instance, Machine, StartError};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// An authority, and the file of its certificate.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().pem();
        let authority = Self { issuer: Issuer::new(params, key), directory: tempfile::tempdir().unwrap() };
        authority.write(&root);
        authority
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    #[expect(clippy::disallowed_methods, reason = "the test is the operator who puts files there")]
    fn write(&self, text: &str) {
        std::fs::write(self.file(), text).unwrap();
    }

    /// A provider with a certificate for a name, good until a year begins.
    async fn provider(&self, name: &str, until: i32) -> Provider {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let chain = vec![params.signed_by(&key, &self.issuer).unwrap().der().clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        Provider::start_with_tls(builder.with_single_cert(chain, key).unwrap()).await
    }
}

/// A protected domain whose operator names the authority in `ca`, if there is one, and trusts a provider.
async fn site(ca: Option<PathBuf>, provider: &Provider) -> Protected {
    let site = Protected::start_with(|settings| settings.oidc_ca = ca).await;
    site.trust(provider).await;
    site.protect(json!([policy("allow", json!([{ "email": { "email": "ann@example.com" } }]))])).await;
    site
}

async fn assert_nobody_logs_in(site: &Protected) {
    let answer = site.get("/cdn-cgi/access/login").await;
    assert_eq!(answer.status, 502, "{answer:?}");
    assert!(answer.text().contains("or cannot prove who it is"), "{}", answer.text());
    assert_eq!((answer.header("location"), answer.header("set-cookie")), (None, None));
    assert_nothing_told(&answer);
    assert_nothing_told(&site.get("/cat").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_logs_in_by_a_provider_of_the_operators_own_authority() {
    let authority = Authority::new();
    let provider = authority.provider("localhost", 2030).await;
    let site = site(Some(authority.file()), &provider).await;
    let mut browser = Browser::default();
    site.log_in(&mut browser, &provider, "/cat").await;
    site.reads(&mut browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_cannot_prove_who_it_is_logs_nobody_in() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (provider, ca) in [
        (stranger.provider("localhost", 2030).await, Some(authority.file())),
        (authority.provider("localhost", 2030).await, None),
        (authority.provider("other.localhost", 2030).await, Some(authority.file())),
    ] {
        assert_nobody_logs_in(&site(ca, &provider).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_ends_by_the_servers_clock() {
    let authority = Authority::new();
    let provider = authority.provider("localhost", 2030).await;
    let site = site(Some(authority.file()), &provider).await;
    site.begin(&mut Browser::default(), "/cat").await;
    site.open.server.clock.advance(Duration::from_secs(4 * 366 * 86_400));
    assert_nobody_logs_in(&site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_does_not_start_with_authorities_that_are_none() {
    let authority = Authority::new();
    let machine =
        Machine { clock: crate::support::TestClock::new(), entropy: Arc::new(environment::SystemEntropy::new()) };
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        authority.write(text);
        let line = server::command_line::Serve { ephemeral: true, ..Default::default() };
        let mut settings = server::Settings::resolve(&line).unwrap();
        settings.listen = ([127, 0, 0, 1], 0).into();
        settings.oidc_ca = Some(authority.file());
        let failed = Instance::start(&settings, machine.clone()).await.err();
        let Some(StartError::Certificate(failure)) = failed else { panic!("{text:?}: {failed:?}") };
        assert!(failure.to_string().contains("ca.pem"), "{failure}");
    }
}
