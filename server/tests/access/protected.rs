//! A bucket at a custom domain, and what protects it.

use crate::bucket::{PublicBucket, set_open, unsigned};
use crate::provider::Provider;
use crate::support::Answer;
use serde_json::{Value, json};
use server::Settings;

/// The custom domain.
pub(crate) const HOST: &str = "files.example.com";

/// The applications.
pub(crate) const APPS: &str = "/accounts/{a}/access/apps";

/// A server with one object at a custom domain, and no development URL.
pub(crate) struct Protected {
    pub(crate) open: PublicBucket,
}

/// A browser: the cookies that it was told to keep.
#[derive(Default)]
pub(crate) struct Browser {
    pub(crate) cookies: Vec<(String, String)>,
}

impl Protected {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// As [`Protected::start`], with changed settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let open = PublicBucket::open_with(change).await;
        open.put("cat", "meow").await;
        set_open(&open.api, "photos", false).await;
        open.add_domain(HOST).await;
        Self { open }
    }

    /// Protects the domain by an application with these policies, and answers it.
    pub(crate) async fn protect(&self, policies: Value) -> Value {
        let app = json!({ "name": "files", "domain": HOST, "type": "self_hosted", "policies": policies });
        self.open.api.post(APPS, &app).await.ok()
    }

    /// Adds a provider as the identity provider, and answers its id.
    pub(crate) async fn trust(&self, provider: &Provider) -> String {
        let config = json!({ "issuer_url": provider.issuer(), "client_id": "cairn", "client_secret": "top secret" });
        let body = json!({ "name": "Staff <b>", "type": "oidc", "config": config });
        let added = self.open.api.post("/accounts/{a}/access/identity_providers", &body).await.ok();
        added["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        unsigned(self.open.owner(), method, target, HOST, headers).await
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[]).await
    }

    /// Asks as a browser does, which keeps what cookies it is told to.
    pub(crate) async fn browse(&self, browser: &mut Browser, target: &str) -> Answer {
        let cookies = browser.header();
        let answer = self.send("GET", target, &[("cookie", &cookies)]).await;
        browser.keep(&answer);
        answer
    }

    /// Goes from a page to the provider: where it is sent to there.
    pub(crate) async fn begin(&self, browser: &mut Browser, target: &str) -> String {
        let to_login = self.browse(browser, target).await;
        assert_eq!(to_login.status, 302, "{to_login:?}");
        let to_provider = self.browse(browser, location(&to_login)).await;
        assert_eq!(to_provider.status, 302, "{to_provider:?}");
        location(&to_provider).to_owned()
    }

    /// Logs in from a page and comes back.
    pub(crate) async fn log_in(&self, browser: &mut Browser, provider: &Provider, target: &str) -> Answer {
        let callback = provider.authorize(&self.begin(browser, target).await);
        self.browse(browser, &callback).await
    }

    /// Fails the test unless the browser reads the object.
    pub(crate) async fn reads(&self, browser: &mut Browser) {
        assert_eq!(self.browse(browser, "/cat").await.ok().text(), "meow");
    }
}

impl Browser {
    fn header(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(line.contains("; HttpOnly; SameSite=Lax"), "{line}");
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !line.contains("Max-Age=0;") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The session.
    pub(crate) fn session(&self) -> Option<&str> {
        self.cookies.iter().find(|(name, _)| name == "CF_Authorization").map(|(_, value)| value.as_str())
    }
}

/// Where an answer redirects to.
#[track_caller]
pub(crate) fn location(answer: &Answer) -> &str {
    answer.header("location").unwrap_or_else(|| panic!("no redirect: {answer:?}"))
}

/// A policy.
pub(crate) fn policy(decision: &str, include: Value) -> Value {
    json!({ "name": "policy", "decision": decision, "include": include })
}

/// Fails the test unless the answer tells nothing of the bucket.
#[track_caller]
pub(crate) fn assert_nothing_told(answer: &Answer) {
    for name in ["etag", "last-modified", "content-range", "access-control-allow-origin", "accept-ranges"] {
        assert_eq!(answer.header(name), None, "{answer:?}");
    }
    assert!(!answer.text().contains("meow"), "{answer:?}");
}
