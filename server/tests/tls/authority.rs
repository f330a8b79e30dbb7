//! An ACME authority (RFC 8555) in this process: real requests over TLS, signed by the account's key and with a nonce
//! each, challenges that are looked for by plain HTTP, and certificates on the test's clock. It can be made to refuse,
//! and to hold a challenge back.

use crate::house::House;
use crate::support::{Connection, TestClock};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use environment::Clock;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SerialNumber, SignatureAlgorithm};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How the authority treats orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It issues.
    Issues,
    /// It takes no order.
    Refuses,
    /// It looks for the answer of no challenge before its mood changes.
    Holds,
}

/// A running authority. Ends with the test's runtime.
pub(crate) struct AcmeAuthority {
    /// Where its directory is.
    pub(crate) directory: String,
    office: Arc<Office>,
}

struct Office {
    url: String,
    house: Arc<House>,
    clock: Arc<TestClock>,
    life: Duration,
    mood: watch::Sender<Mood>,
    /// Where all names lead, once that is known.
    names_lead_to: watch::Sender<Option<SocketAddr>>,
    /// Challenges that are held back at the moment.
    held: watch::Sender<usize>,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    nonces: HashSet<String>,
    nonces_made: u64,
    /// The public point of each account's key, and the digest of the key that is in answers.
    accounts: Vec<(Vec<u8>, String)>,
    orders: Vec<Order>,
    /// Names that were asked for, also in vain, in that order.
    asked: Vec<String>,
}

#[derive(Clone)]
struct Order {
    name: String,
    account: usize,
    status: &'static str,
    chain: Option<String>,
}

/// The point of a key, which is what certificates are made for.
struct Point(Vec<u8>);

impl PublicKeyData for Point {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

type Answer = (StatusCode, Option<String>, String);

impl AcmeAuthority {
    /// An authority of this house, whose certificates hold for `life`.
    pub(crate) async fn start(house: &Arc<House>, clock: &Arc<TestClock>, life: Duration) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let chain = vec![house.sign(&params, &key).der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let office = Arc::new(Office {
            url: url.clone(),
            house: Arc::clone(house),
            clock: Arc::clone(clock),
            life,
            mood: watch::Sender::new(Mood::Issues),
            names_lead_to: watch::Sender::default(),
            held: watch::Sender::default(),
            books: Mutex::default(),
        });
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), Arc::clone(&office)));
        Self { directory: format!("{url}/directory"), office }
    }

    /// Makes all names lead there.
    pub(crate) fn names_lead_to(&self, address: SocketAddr) {
        self.office.names_lead_to.send_replace(Some(address));
    }

    /// Changes how orders are treated.
    pub(crate) fn set(&self, mood: Mood) {
        self.office.mood.send_replace(mood);
    }

    /// How often a certificate for a name was asked for.
    pub(crate) fn asked_for(&self, name: &str) -> usize {
        self.office.books().asked.iter().filter(|asked| *asked == name).count()
    }

    /// Waits until a challenge is held back.
    pub(crate) async fn holds_one(&self) {
        drop(self.office.held.subscribe().wait_for(|held| *held > 0).await);
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, office: Arc<Office>) {
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(serve(socket, tls.clone(), Arc::clone(&office)));
    }
}

async fn serve(socket: TcpStream, tls: TlsAcceptor, office: Arc<Office>) {
    let Ok(stream) = tls.accept(socket).await else { return };
    let service = service_fn(move |request| {
        let office = Arc::clone(&office);
        async move { Ok::<_, Infallible>(office.answer(request).await) }
    });
    // A client that has its answer goes without a farewell.
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

impl Office {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let (status, location, text) = match (method, path.as_str()) {
            (Method::GET, "/directory") => (StatusCode::OK, None, self.directory().to_string()),
            (Method::HEAD, "/nonce") => (StatusCode::OK, None, String::new()),
            (Method::POST, path) => match self.open(path, &body) {
                Ok((account, payload)) => self.post(path, account, &payload).await,
                Err(problem) => problem,
            },
            (method, path) => panic!("{method} {path} is nothing that an authority has"),
        };
        let mut answer = Response::builder().status(status).header("replay-nonce", self.books().new_nonce());
        if let Some(location) = location {
            answer = answer.header("location", format!("{}{location}", self.url));
        }
        answer.body(Full::from(text)).unwrap()
    }

    fn directory(&self) -> Value {
        let at = |path: &str| format!("{}/{path}", self.url);
        json!({ "newNonce": at("nonce"), "newAccount": at("account"), "newOrder": at("order") })
    }

    /// Checks signature, nonce and URL of a request (RFC 8555 section 6), and answers whose it is with what it says.
    fn open(&self, path: &str, body: &[u8]) -> Result<(usize, Vec<u8>), Answer> {
        let sent: Value = serde_json::from_slice(body).unwrap();
        let field = |name: &str| sent[name].as_str().unwrap().to_owned();
        let header: Value = serde_json::from_slice(&BASE64.decode(field("protected")).unwrap()).unwrap();
        let mut books = self.books();
        if !books.nonces.remove(header["nonce"].as_str().unwrap()) {
            return Err(problem(StatusCode::BAD_REQUEST, "badNonce", "this nonce was not given out, or was used"));
        }
        assert_eq!(header["url"], format!("{}{path}", self.url));
        let account = match header["kid"].as_str() {
            Some(id) => id.rsplit_once('/').unwrap().1.parse().unwrap(),
            None => books.account_of(&header["jwk"]),
        };
        let signed = format!("{}.{}", field("protected"), field("payload"));
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &books.accounts[account].0);
        key.verify(signed.as_bytes(), &BASE64.decode(field("signature")).unwrap()).expect("a good signature");
        Ok((account, BASE64.decode(field("payload")).unwrap()))
    }

    async fn post(&self, path: &str, account: usize, payload: &[u8]) -> Answer {
        let (what, number) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
        let number: usize = number.parse().unwrap_or_default();
        match what {
            "account" => created(&format!("/account/{account}"), &json!({ "status": "valid" })),
            "order" if path == "/order" => self.new_order(account, payload),
            "order" => ok(&self.order(number)),
            "authz" => ok(&self.authorization(number)),
            "challenge" => {
                self.look_for_answer(number).await;
                ok(&self.challenge(number))
            }
            "finalize" => self.finalize(number, payload),
            "certificate" => (StatusCode::OK, None, self.books().orders[number].chain.clone().unwrap()),
            _ => panic!("{path} is nothing that an authority has"),
        }
    }

    fn new_order(&self, account: usize, payload: &[u8]) -> Answer {
        let wanted: Value = serde_json::from_slice(payload).unwrap();
        let name = wanted["identifiers"][0]["value"].as_str().unwrap().to_owned();
        let mut books = self.books();
        books.asked.push(name.clone());
        if *self.mood.borrow() == Mood::Refuses {
            return problem(StatusCode::TOO_MANY_REQUESTS, "rateLimited", "too many certificates already");
        }
        let number = books.orders.len();
        books.orders.push(Order { name, account, status: "pending", chain: None });
        drop(books);
        created(&format!("/order/{number}"), &self.order(number))
    }

    fn order(&self, number: usize) -> Value {
        let order = self.books().orders[number].clone();
        let at = |what: &str| format!("{}/{what}/{number}", self.url);
        let identifiers = json!([{ "type": "dns", "value": order.name }]);
        let mut shown = json!({
            "status": order.status, "identifiers": identifiers, "authorizations": [at("authz")],
            "finalize": at("finalize"),
        });
        if order.chain.is_some() {
            shown["certificate"] = json!(at("certificate"));
        }
        shown
    }

    fn authorization(&self, number: usize) -> Value {
        let order = self.books().orders[number].clone();
        let status = if order.status == "ready" { "valid" } else { order.status };
        json!({
            "identifier": { "type": "dns", "value": order.name }, "status": status,
            "challenges": [self.challenge(number)],
        })
    }

    fn challenge(&self, number: usize) -> Value {
        let status = match self.books().orders[number].status {
            "ready" | "valid" => "valid",
            other => other,
        };
        let url = format!("{}/challenge/{number}", self.url);
        let mut challenge = json!({ "type": "http-01", "url": url, "token": token(number), "status": status });
        if status == "invalid" {
            challenge["error"] = json!({ "type": "urn:ietf:params:acme:error:unauthorized", "detail": "no answer" });
        }
        challenge
    }

    /// Asks where the name leads (RFC 8555 section 8.3).
    async fn look_for_answer(&self, number: usize) {
        self.held.send_modify(|held| *held += 1);
        drop(self.mood.subscribe().wait_for(|mood| *mood != Mood::Holds).await);
        self.held.send_modify(|held| *held -= 1);
        let address = self.names_lead_to.subscribe().wait_for(Option::is_some).await.unwrap().unwrap();
        let (name, account) = {
            let books = self.books();
            (books.orders[number].name.clone(), books.orders[number].account)
        };
        let mut connection = Connection::open(address).await.unwrap();
        let path = format!("/.well-known/acme-challenge/{}", token(number));
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: {name}\r\n\r\n").as_bytes()).await.unwrap();
        let answer = connection.answer(false).await.unwrap();
        let mut books = self.books();
        let expected = format!("{}.{}", token(number), books.accounts[account].1);
        let is_right = answer.status == 200 && answer.body == expected.as_bytes();
        books.orders[number].status = if is_right { "ready" } else { "invalid" };
    }

    fn finalize(&self, number: usize, payload: &[u8]) -> Answer {
        let sent: Value = serde_json::from_slice(payload).unwrap();
        let request = BASE64.decode(sent["csr"].as_str().unwrap()).unwrap();
        let mut books = self.books();
        assert_eq!(books.orders[number].status, "ready");
        let mut params = CertificateParams::new(vec![books.orders[number].name.clone()]).unwrap();
        params.serial_number = Some(SerialNumber::from(number as u64 + 1));
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_millis(self.clock.now().0);
        params.not_after = params.not_before + self.life;
        books.orders[number].chain = Some(self.house.sign(&params, &Point(point_of(&request))).pem());
        books.orders[number].status = "valid";
        drop(books);
        ok(&self.order(number))
    }
}

impl Books {
    fn new_nonce(&mut self) -> String {
        self.nonces_made += 1;
        let nonce = format!("nonce-{}", self.nonces_made);
        self.nonces.insert(nonce.clone());
        nonce
    }

    /// The account of a key, made if there is none.
    fn account_of(&mut self, jwk: &Value) -> usize {
        let [x, y] = ["x", "y"].map(|name| jwk[name].as_str().unwrap());
        let point = [vec![4], BASE64.decode(x).unwrap(), BASE64.decode(y).unwrap()].concat();
        if let Some(known) = self.accounts.iter().position(|(known, _)| *known == point) {
            return known;
        }
        // RFC 7638: the names in order, and no space.
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        self.accounts.push((point, BASE64.encode(digest(&SHA256, canonical.as_bytes()))));
        self.accounts.len() - 1
    }
}

fn token(number: usize) -> String {
    format!("token-{number}")
}

/// The key in a request for a certificate: what follows the identifier of P-256 and the head of a bit string.
fn point_of(request: &[u8]) -> Vec<u8> {
    const BEFORE: [u8; 14] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0, 4];
    let start = request.windows(BEFORE.len()).position(|window| window == BEFORE).expect("a key of P-256");
    let start = start + BEFORE.len() - 1;
    request[start..start + 65].to_vec()
}

fn ok(shown: &Value) -> Answer {
    (StatusCode::OK, None, shown.to_string())
}

fn created(at: &str, shown: &Value) -> Answer {
    (StatusCode::CREATED, Some(at.to_owned()), shown.to_string())
}

fn problem(status: StatusCode, kind: &str, detail: &str) -> Answer {
    let shown = json!({ "type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail });
    (status, None, shown.to_string())
}
