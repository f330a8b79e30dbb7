//! A small OpenID provider on loopback, as honest or as wrong as a test wants it.

use crate::support::percent_decoded;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use rustls::ServerConfig;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A provider that runs until the test ends.
pub(crate) struct Provider {
    issuer: String,
    pub(crate) state: Arc<Mutex<State>>,
}

/// What it does.
pub(crate) struct State {
    /// Claims of whoever logs in next.
    pub(crate) user: Value,
    /// Claims that replace those an honest ID token has.
    pub(crate) instead: Value,
    /// What its userinfo endpoint says, if it has one.
    pub(crate) userinfo: Option<Value>,
    /// Whether it takes secrets in a header, or else in the body.
    pub(crate) basic: bool,
    /// What it signs with.
    pub(crate) key: u8,
    /// What it says that it signs with.
    pub(crate) shown_key: u8,
    /// Now, seconds since 1970.
    pub(crate) now: u64,
    codes: HashMap<String, HashMap<String, String>>,
    given: usize,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        Self::serve(None).await
    }

    /// One that is asked as `https://localhost`, and shows what `tls` has.
    pub(crate) async fn start_with_tls(tls: ServerConfig) -> Self {
        Self::serve(Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    async fn serve(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let issuer = match tls {
            None => format!("http://{address}"),
            Some(_) => format!("https://localhost:{}", address.port()),
        };
        let state = Arc::new(Mutex::new(State {
            user: json!({ "sub": "1", "email": "Ann@Example.com", "groups": ["staff", "all"] }),
            instead: json!({}),
            userinfo: None,
            basic: true,
            key: 1,
            shown_key: 1,
            now: 1_780_000_000,
            codes: HashMap::new(),
            given: 0,
        }));
        let (shared, named) = (Arc::clone(&state), issuer.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, named, shared) = (tls.clone(), named.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &named, &shared).await,
                        // Whoever does not trust it goes away.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &named, &shared).await;
                            }
                        }
                    }
                });
            }
        });
        Self { issuer, state }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What happens at the provider when somebody logs in there: the path that they come back to.
    pub(crate) fn authorize(&self, url: &str) -> String {
        let asked = parameters(url.strip_prefix(&format!("{}/authorize?", self.issuer())).expect("its own URL"));
        assert_eq!((&*asked["response_type"], &*asked["client_id"]), ("code", "cairn"));
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut state = self.state.lock().unwrap();
        state.given += 1;
        let code = format!("code-{}", state.given);
        let back = format!("?code={code}&state={}", asked["state"]);
        let path = asked["redirect_uri"].strip_prefix("http://files.example.com").expect("the domain").to_owned();
        state.codes.insert(code, asked);
        path + &back
    }
}

fn parameters(text: &str) -> HashMap<String, String> {
    let decode = |text: &str| percent_decoded(&text.replace('+', " "));
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decode(name), decode(value))).collect()
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, issuer: &str, state: &Mutex<State>) {
    let mut request = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(str::to_owned));
        if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let (status, answer) = answer(&head, &body, issuer, state);
    let text = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    drop(stream.write_all((head + &text).as_bytes()).await);
    drop(stream.shutdown().await);
}

fn answer(head: &str, body: &str, issuer: &str, state: &Mutex<State>) -> (u16, Value) {
    let mut state = state.lock().unwrap();
    match head.split(' ').nth(1).unwrap() {
        "/.well-known/openid-configuration" => (200, about(issuer, &state)),
        "/jwks" => {
            let x = BASE64.encode(key(state.shown_key).public_key().as_ref());
            let kid = state.shown_key.to_string();
            (
                200,
                json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x }] }),
            )
        }
        "/token" => token(head, &parameters(body), issuer, &mut state),
        "/userinfo" => match &state.userinfo {
            Some(said) if head.contains("Bearer access") => (200, said.clone()),
            _ => (401, json!({ "error": "invalid_token" })),
        },
        _ => (404, json!({})),
    }
}

/// What it says of itself.
fn about(issuer: &str, state: &State) -> Value {
    let mut about = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    });
    if state.userinfo.is_some() {
        about["userinfo_endpoint"] = json!(format!("{issuer}/userinfo"));
    }
    about
}

/// Whether whoever asks for a token shows the client's secret, in the way that is taken; `None`: in the other way.
fn shows_secret(head: &str, sent: &HashMap<String, String>, basic: bool) -> Option<bool> {
    let header = head.lines().find(|line| line.to_lowercase().starts_with("authorization:"));
    if header.is_some() != basic {
        return None;
    }
    let wanted = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode("cairn:top+secret"));
    Some(match header {
        Some(line) => line.ends_with(&wanted),
        None => (&*sent["client_id"], &*sent["client_secret"]) == ("cairn", "top secret"),
    })
}

fn token(head: &str, sent: &HashMap<String, String>, issuer: &str, state: &mut State) -> (u16, Value) {
    let Some(proved) = shows_secret(head, sent, state.basic) else {
        return (401, json!({ "error": "invalid_client" }));
    };
    assert!(proved, "not the client: {head}");
    // A code is good once.
    let Some(asked) = state.codes.remove(&sent["code"]) else { return (400, json!({ "error": "invalid_grant" })) };
    let challenge = BASE64.encode(digest(&SHA256, sent["code_verifier"].as_bytes()).as_ref());
    if challenge != asked["code_challenge"] || sent["redirect_uri"] != asked["redirect_uri"] {
        return (400, json!({ "error": "invalid_grant" }));
    }
    let mut claims =
        json!({ "iss": issuer, "aud": "cairn", "nonce": asked["nonce"], "iat": state.now, "exp": state.now + 300 });
    for (name, value) in state.user.as_object().unwrap().iter().chain(state.instead.as_object().unwrap()) {
        claims[name] = value.clone();
    }
    let header = json!({ "alg": "EdDSA", "kid": state.key.to_string() });
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let signature = BASE64.encode(key(state.key).sign(signed.as_bytes()).as_ref());
    (200, json!({ "access_token": "access", "token_type": "Bearer", "id_token": format!("{signed}.{signature}") }))
}

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}
