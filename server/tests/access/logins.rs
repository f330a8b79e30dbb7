//! Logins at a protected domain, against a provider that may be wrong in every way.
//! Source: R2 "Protect an R2 Bucket with Cloudflare Access", Test your Access policy.

use crate::protected::{APPS, Browser, Protected, assert_nothing_told, location, policy};
use crate::provider::Provider;
use serde_json::{Value, json};
use std::time::Duration;

async fn start(include: Value) -> (Protected, Provider, Value) {
    let site = Protected::start().await;
    let provider = Provider::start().await;
    site.trust(&provider).await;
    let app = site.protect(json!([policy("allow", include)])).await;
    (site, provider, app)
}

fn ann() -> Value {
    json!([{ "email": { "email": "ann@example.com" } }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_logs_in_reads_and_logs_out() {
    let (site, provider, _) = start(ann()).await;
    let refused = site.get("/cat").await;
    assert_eq!((refused.status, location(&refused)), (302, "/cdn-cgi/access/login?redirect_url=%2Fcat"));
    assert_nothing_told(&refused);
    let mut browser = Browser::default();
    let back = site.log_in(&mut browser, &provider, "/cat?x=1").await;
    assert_eq!((back.status, location(&back)), (302, "/cat?x=1"));
    site.reads(&mut browser).await;
    let cookie = format!("CF_Authorization={}", browser.session().unwrap());
    assert_eq!(site.send("HEAD", "/cat", &[("cookie", &cookie)]).await.ok().header("content-length"), Some("4"));
    let part = site.send("GET", "/cat", &[("cookie", &cookie), ("range", "bytes=1-")]).await;
    assert_eq!((part.status, part.text()), (206, "eow"));
    assert_eq!(site.browse(&mut browser, "/cdn-cgi/access/logout").await.status, 200);
    assert_eq!(browser.session(), None);
    assert_eq!(site.browse(&mut browser, "/cat").await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_domains_and_groups_let_in_and_others_stay_out() {
    let (site, provider, app) = start(json!([{ "email_domain": { "domain": "example.com" } }])).await;
    let mut browser = Browser::default();
    site.log_in(&mut browser, &provider, "/cat").await;
    site.reads(&mut browser).await;
    provider.state.lock().unwrap().user = json!({ "sub": "2", "email": "bob@other.example" });
    let refused = site.log_in(&mut Browser::default(), &provider, "/cat").await;
    assert_eq!((refused.status, refused.header("location")), (403, None));

    let idp = &site.open.api.get("/accounts/{a}/access/identity_providers").await.ok()[0]["id"];
    let group = json!({ "oidc": { "identity_provider_id": idp, "claim_name": "groups", "claim_value": "staff" } });
    let mut staff = app.clone();
    staff["policies"] = json!([policy("allow", json!([group]))]);
    site.open.api.put(&format!("{APPS}/{}", app["id"].as_str().unwrap()), &staff).await.ok();
    assert_eq!(site.browse(&mut browser, "/cat").await.status, 403, "a policy counts from the next request on");
    provider.state.lock().unwrap().user = json!({ "sub": "3", "email": "c@c.example", "groups": ["all", "staff"] });
    let mut member = Browser::default();
    site.log_in(&mut member, &provider, "/cat").await;
    site.reads(&mut member).await;
    provider.state.lock().unwrap().user = json!({ "sub": "3", "email": "c@c.example", "groups": ["all"] });
    assert_eq!(site.log_in(&mut Browser::default(), &provider, "/cat").await.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_with_its_time_and_with_its_revocation() {
    let (site, provider, app) = start(ann()).await;
    let mut browser = Browser::default();
    site.log_in(&mut browser, &provider, "/cat").await;
    site.reads(&mut browser).await;
    let one = format!("{APPS}/{}", app["id"].as_str().unwrap());
    site.open.api.post(&format!("{one}/revoke_tokens"), &json!({})).await.ok();
    assert_eq!(site.browse(&mut browser, "/cat").await.status, 302, "all of the application");

    site.open.server.clock.advance(Duration::from_secs(1));
    site.log_in(&mut browser, &provider, "/cat").await;
    site.reads(&mut browser).await;
    let revoke = "/accounts/{a}/access/organizations/revoke_user";
    site.open.api.post(revoke, &json!({ "email": "bob@example.com" })).await.ok();
    site.reads(&mut browser).await;
    site.open.api.post(revoke, &json!({ "email": "ANN@example.com" })).await.ok();
    assert_eq!(site.browse(&mut browser, "/cat").await.status, 302, "all of the user");

    site.open.server.clock.advance(Duration::from_secs(1));
    site.log_in(&mut browser, &provider, "/cat").await;
    site.open.server.clock.advance(Duration::from_secs(86_399));
    site.reads(&mut browser).await;
    site.open.server.clock.advance(Duration::from_secs(1));
    assert_eq!(site.browse(&mut browser, "/cat").await.status, 302, "after a day");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_for_its_application_and_nobody_changes_it() {
    let (site, provider, app) = start(ann()).await;
    let mut browser = Browser::default();
    site.log_in(&mut browser, &provider, "/cat").await;
    let session = browser.session().unwrap().to_owned();
    for at in (0..session.len()).step_by(7) {
        let mut changed = session.clone().into_bytes();
        changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
        let cookie = format!("CF_Authorization={}", String::from_utf8(changed).unwrap());
        assert_eq!(site.send("GET", "/cat", &[("cookie", &cookie)]).await.status, 302, "letter {at}");
    }
    let twice = format!("CF_Authorization={session}; CF_Authorization={session}");
    assert_eq!(site.send("GET", "/cat", &[("cookie", &twice)]).await.status, 302);
    site.open.api.delete(&format!("{APPS}/{}", app["id"].as_str().unwrap())).await.ok();
    site.protect(json!([policy("allow", ann())])).await;
    assert_eq!(site.browse(&mut browser, "/cat").await.status, 302, "another application of the same domain");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_logged_in_by_anothers_login_and_no_code_counts_twice() {
    let (site, provider, _) = start(ann()).await;
    // An attacker's callback, opened by somebody who began no login, or another.
    let callback = provider.authorize(&site.begin(&mut Browser::default(), "/cat").await);
    let mut victim = Browser::default();
    assert_eq!(site.browse(&mut victim, &callback).await.status, 400);
    site.begin(&mut victim, "/cat").await;
    assert_eq!(site.browse(&mut victim, &callback).await.status, 400, "its state is another");
    assert_eq!(victim.session(), None);

    let mut browser = Browser::default();
    let callback = provider.authorize(&site.begin(&mut browser, "/cat").await);
    let kept: Vec<_> = browser.cookies.clone();
    assert_eq!(site.browse(&mut browser, &callback).await.status, 302);
    assert_eq!(site.browse(&mut browser, &callback).await.status, 400, "its login is finished");
    let mut again = Browser { cookies: kept };
    assert_eq!(site.browse(&mut again, &callback).await.status, 403, "the provider took the code");
    assert_eq!(again.session(), None);

    let mut late = Browser::default();
    let callback = provider.authorize(&site.begin(&mut late, "/cat").await);
    site.open.server.clock.advance(Duration::from_secs(600));
    assert_eq!(site.browse(&mut late, &callback).await.status, 400);
    let mut denied = Browser::default();
    let callback = provider.authorize(&site.begin(&mut denied, "/cat").await);
    let callback = callback.replace("?code=", "?error=access_denied&error_description=%3Cb%3E&x=");
    let refused = site.browse(&mut denied, &callback).await;
    assert_eq!((refused.status, refused.text().contains("<b>")), (403, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_token_that_is_wrong_in_any_way_is_refused() {
    let (site, provider, _) = start(ann()).await;
    for instead in [
        json!({ "iss": "https://evil.example" }),
        json!({ "aud": "another" }),
        json!({ "aud": ["cairn", "another"] }),
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "exp": 1_780_000_000u64 }),
        json!({ "email_verified": false }),
        json!({ "email": null }),
    ] {
        provider.state.lock().unwrap().instead = instead.clone();
        let mut browser = Browser::default();
        let answer = site.log_in(&mut browser, &provider, "/cat").await;
        assert_eq!((answer.status, browser.session()), (403, None), "{instead}");
    }
    provider.state.lock().unwrap().instead = json!({});
    provider.state.lock().unwrap().key = 9;
    assert_eq!(site.log_in(&mut Browser::default(), &provider, "/cat").await.status, 403, "signed by a stranger");
    provider.state.lock().unwrap().key = 1;
    let mut browser = Browser::default();
    site.log_in(&mut browser, &provider, "/cat").await;
    site.reads(&mut browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_may_change_its_keys() {
    let (site, provider, _) = start(ann()).await;
    site.log_in(&mut Browser::default(), &provider, "/cat").await;
    {
        let mut state = provider.state.lock().unwrap();
        (state.key, state.shown_key) = (2, 2);
    }
    let mut browser = Browser::default();
    site.log_in(&mut browser, &provider, "/cat").await;
    site.reads(&mut browser).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_out_of_reach_is_told_in_words_that_tell_nothing_more() {
    let site = Protected::start().await;
    site.protect(json!([policy("allow", ann())])).await;
    let login = site.get("/cdn-cgi/access/login").await;
    assert_eq!(login.status, 403, "there is no provider");
    let config = json!({ "issuer_url": "http://127.0.0.1:1", "client_id": "cairn", "client_secret": "top secret" });
    let body = json!({ "name": "gone", "type": "oidc", "config": config });
    site.open.api.post("/accounts/{a}/access/identity_providers", &body).await.ok();
    let answer = site.get("/cdn-cgi/access/login").await;
    assert_eq!(answer.status, 502);
    assert!(!answer.text().contains("127.0.0.1") && !answer.text().contains("secret"), "{}", answer.text());
    assert_nothing_told(&answer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_sent_to_another_host_after_a_login() {
    let (site, provider, _) = start(ann()).await;
    for wanted in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "%2F%0D%0AX%3A1", "evil"] {
        let mut browser = Browser::default();
        let to_provider = site.browse(&mut browser, &format!("/cdn-cgi/access/login?redirect_url={wanted}")).await;
        let callback = provider.authorize(location(&to_provider));
        assert_eq!(location(&site.browse(&mut browser, &callback).await), "/", "{wanted}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_and_preflights_are_sent_to_no_login() {
    let (site, _, app) = start(ann()).await;
    let cors = json!({ "rules": [{ "allowed": { "origins": ["https://a.example"], "methods": ["GET"] } }] });
    site.open.api.put("/accounts/{a}/r2/buckets/photos/cors", &cors).await.ok();
    for header in [("x-requested-with", "XMLHttpRequest"), ("sec-fetch-mode", "cors")] {
        let answer = site.send("GET", "/cat", &[header, ("origin", "https://a.example")]).await;
        assert_eq!(answer.status, 401);
        assert_nothing_told(&answer);
    }
    let preflight = [("origin", "https://a.example"), ("access-control-request-method", "GET")];
    let refused = site.send("OPTIONS", "/cat", &preflight).await;
    assert_eq!(refused.status, 403);
    assert_nothing_told(&refused);
    assert_eq!(site.send("POST", "/cat", &[("content-length", "0")]).await.status, 403);
    let page = site.send("POST", "/cdn-cgi/access/login", &[("content-length", "0")]).await;
    assert_eq!((page.status, page.header("allow")), (405, Some("GET, HEAD")));
    let mut open = app.clone();
    open["options_preflight_bypass"] = json!(true);
    site.open.api.put(&format!("{APPS}/{}", app["id"].as_str().unwrap()), &open).await.ok();
    let allowed = site.send("OPTIONS", "/cat", &preflight).await.ok();
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://a.example"));
    assert_eq!(site.send("GET", "/cat", &[("origin", "https://a.example")]).await.status, 302);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_chooses_among_several_providers() {
    let (site, _, _) = start(ann()).await;
    let other = Provider::start().await;
    let id = site.trust(&other).await;
    let page = site.get("/cdn-cgi/access/login?redirect_url=%2Fcat").await.ok();
    assert!(page.text().contains(&format!("idp={id}&amp;redirect_url=%2Fcat")), "{}", page.text());
    assert!(page.text().contains("Staff &lt;b&gt;") && !page.text().contains("<b>"));
    let mut browser = Browser::default();
    let chosen = format!("/cdn-cgi/access/login?idp={id}&redirect_url=%2Fcat");
    let to_provider = site.browse(&mut browser, &chosen).await;
    let callback = other.authorize(location(&to_provider));
    assert_eq!(location(&site.browse(&mut browser, &callback).await), "/cat");
    site.reads(&mut browser).await;
    let certs = site.get("/cdn-cgi/access/certs").await.ok();
    assert!(certs.text().contains("\"kty\":\"OKP\"") && !certs.text().contains("\"d\""));
    assert_eq!(site.get("/cdn-cgi/access/x").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_development_url_is_not_protected() {
    let (site, _, _) = start(ann()).await;
    let host = crate::bucket::set_open(&site.open.api, "photos", true).await;
    let answer = crate::bucket::unsigned(site.open.owner(), "GET", "/cat", &host, &[]).await;
    assert_eq!(answer.ok().text(), "meow", "R2's page warns of it");
    assert_eq!(site.get("/cat").await.status, 302);
}
