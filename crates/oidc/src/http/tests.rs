//! Where providers are asked, and whom the client trusts.

use super::*;
use environment::SystemClock;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

fn address(url: &str) -> Option<(bool, String, u16)> {
    let address = Address::of(&url.parse().unwrap()).ok()?;
    Some((address.secure, address.host, address.port))
}

#[test]
fn only_this_machine_is_asked_without_tls() {
    assert_eq!(address("https://a.example.com/x"), Some((true, "a.example.com".into(), 443)));
    assert_eq!(address("https://a.example.com:8443"), Some((true, "a.example.com".into(), 8443)));
    assert_eq!(address("http://127.0.0.1:9000/x"), Some((false, "127.0.0.1".into(), 9000)));
    assert_eq!(address("http://[::1]:9000/x"), Some((false, "::1".into(), 9000)));
    assert_eq!(address("http://localhost/x"), Some((false, "localhost".into(), 80)));
    assert_eq!(address("http://a.localhost/x"), Some((false, "a.localhost".into(), 80)));
    for url in ["http://a.example.com/", "http://10.0.0.1/", "ftp://localhost/", "/x", "https://user@a.example.com/"] {
        assert_eq!(address(url), None, "{url}");
    }
}

/// An authority, and its certificate as PEM.
fn authority() -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}

/// Answers one request at `https://localhost` with a certificate for `name` that is good in the years `from..until`.
async fn serve(issuer: &Issuer<'static, KeyPair>, name: &str, years: (i32, i32)) -> String {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
    let key = KeyPair::generate().unwrap();
    let chain = vec![params.signed_by(&key, issuer).unwrap().der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // Whoever does not trust it goes away.
        let Ok(mut stream) = acceptor.accept(stream).await else { return };
        stream.read_buf(&mut Vec::new()).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmeow").await.unwrap();
    });
    format!("https://localhost:{port}/")
}

/// What is heard at a URL by who trusts `roots`; or why nothing is.
async fn heard(url: &str, roots: Option<&str>) -> Result<Vec<u8>, String> {
    let client = HttpClient::new(roots.map(str::as_bytes), Arc::new(SystemClock::new())).unwrap();
    let request = Request::builder().uri(url).body(Vec::new()).unwrap();
    client.fetch(request).await.map(Response::into_body).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_provider_of_the_operators_own_authority_is_heard() {
    let (issuer, root) = authority();
    let url = serve(&issuer, "localhost", (1975, 4096)).await;
    assert_eq!(heard(&url, Some(&root)).await.as_deref(), Ok(&b"meow"[..]));
}

#[tokio::test]
async fn a_provider_that_does_not_prove_who_it_is_is_not_heard_and_the_reason_told() {
    let ((issuer, root), (_, another)) = (authority(), authority());
    for (name, years, roots, reason) in [
        ("localhost", (1975, 4096), None, "UnknownIssuer"),
        // Of the same name.
        ("localhost", (1975, 4096), Some(&another), "BadSignature"),
        ("other.localhost", (1975, 4096), Some(&root), "not valid for name"),
        ("localhost", (1975, 2000), Some(&root), "expired"),
        ("localhost", (4000, 4096), Some(&root), "not valid yet"),
    ] {
        let url = serve(&issuer, name, years).await;
        let told = heard(&url, roots.map(String::as_str)).await.unwrap_err();
        assert!(told.starts_with("no TLS that can be trusted: ") && told.contains(reason), "{told}");
    }
}

#[test]
fn authorities_that_are_none_are_refused() {
    for roots in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(HttpClient::new(Some(roots.as_bytes()), Arc::new(SystemClock::new())).is_err(), "{roots:?}");
    }
}
