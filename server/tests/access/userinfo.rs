//! Providers whose ID tokens say little, and providers that take the secret of a client in the body only.
//! Source: OpenID Connect Core 1.0 sections 5.3, 5.4 and 9.

use crate::protected::{Browser, Protected, assert_nothing_told, policy};
use crate::provider::Provider;
use serde_json::{Value, json};

/// A provider that says `token` in ID tokens, and `said` at its userinfo endpoint.
async fn start(token: Value, said: Value) -> (Protected, Provider) {
    let site = Protected::start().await;
    let provider = Provider::start().await;
    {
        let mut state = provider.state.lock().unwrap();
        (state.user, state.userinfo) = (token, Some(said));
    }
    let idp = site.trust(&provider).await;
    let group = json!({ "oidc": { "identity_provider_id": idp, "claim_name": "groups", "claim_value": "staff" } });
    site.protect(json!([policy("allow", json!([group]))])).await;
    (site, provider)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_id_token_does_not_say_is_asked_for() {
    let said = json!({ "sub": "1", "email": "ann@example.com", "groups": ["staff"] });
    for token in [json!({ "sub": "1" }), json!({ "sub": "1", "email": "ann@example.com" })] {
        let (site, provider) = start(token, said.clone()).await;
        let mut browser = Browser::default();
        site.log_in(&mut browser, &provider, "/cat").await;
        site.reads(&mut browser).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_id_token_says_is_not_replaced() {
    let token = json!({ "sub": "1", "groups": ["all"] });
    let said = json!({ "sub": "1", "email": "ann@example.com", "groups": ["staff"] });
    let (site, provider) = start(token, said).await;
    let refused = site.log_in(&mut Browser::default(), &provider, "/cat").await;
    assert_eq!((refused.status, refused.header("location")), (403, None));
    assert_nothing_told(&refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_speaks_of_somebody_else_or_not_at_all_lets_nobody_in() {
    let other = json!({ "sub": "2", "email": "ann@example.com", "groups": ["staff"] });
    let (site, provider) = start(json!({ "sub": "1" }), other).await;
    for said in [None, Some(json!({ "email": "ann@example.com", "groups": ["staff"] })), Some(json!(["staff"]))] {
        let mut browser = Browser::default();
        let refused = site.log_in(&mut browser, &provider, "/cat").await;
        assert_eq!((refused.status, browser.session()), (403, None));
        assert_nothing_told(&refused);
        provider.state.lock().unwrap().userinfo = said;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_not_known_by_a_header_shows_its_secret_in_the_body() {
    let said = json!({ "sub": "1", "email": "ann@example.com", "groups": ["staff"] });
    let (site, provider) = start(json!({ "sub": "1" }), said).await;
    provider.state.lock().unwrap().basic = false;
    let mut browser = Browser::default();
    site.log_in(&mut browser, &provider, "/cat").await;
    site.reads(&mut browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_of_another_provider_is_refused() {
    let said = json!({ "sub": "1", "email": "ann@example.com", "groups": ["staff"] });
    let (site, provider) = start(json!({ "sub": "1" }), said).await;
    let mut browser = Browser::default();
    let callback = provider.authorize(&site.begin(&mut browser, "/cat").await);
    let refused = site.browse(&mut browser, &format!("{callback}&iss=https%3A%2F%2Fevil.example")).await;
    assert_eq!((refused.status, browser.session()), (403, None));
    let callback = provider.authorize(&site.begin(&mut browser, "/cat").await);
    let its_own = crate::support::percent_encoded(provider.issuer());
    assert_eq!(site.browse(&mut browser, &format!("{callback}&iss={its_own}")).await.status, 302);
    site.reads(&mut browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_logs_in_after_a_logout_is_asked_who_they_are() {
    let said = json!({ "sub": "1", "email": "ann@example.com", "groups": ["staff"] });
    let (site, _provider) = start(json!({ "sub": "1" }), said).await;
    let begin = async |target| site.browse(&mut Browser::default(), target).await;
    let page = site.get("/cdn-cgi/access/logout").await.ok();
    assert!(page.text().contains("\"/cdn-cgi/access/login?prompt=login\""), "{}", page.text());
    let asked = begin("/cdn-cgi/access/login?prompt=login").await;
    assert!(crate::protected::location(&asked).contains("&prompt=login"), "{asked:?}");
    for other in ["/cdn-cgi/access/login", "/cdn-cgi/access/login?prompt=none"] {
        let asked = begin(other).await;
        assert!(!crate::protected::location(&asked).contains("prompt"), "{asked:?}");
    }
}
