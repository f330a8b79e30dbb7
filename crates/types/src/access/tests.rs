//! Who a policy lets in, and what of an application is refused.

use super::*;

fn policy(decision: AccessDecision, include: Vec<AccessRule>) -> AccessPolicy {
    AccessPolicy {
        id: AccessId([1; 16]),
        name: "policy".to_owned(),
        decision,
        include,
        exclude: Vec::new(),
        require: Vec::new(),
        created: Timestamp(0),
        updated: Timestamp(0),
    }
}

fn app(policies: Vec<AccessPolicy>) -> AccessApp {
    AccessApp {
        id: AccessId([2; 16]),
        name: "app".to_owned(),
        domain: DomainName::parse("a.example.com").unwrap(),
        audience: [3; 32],
        session_seconds: 60,
        providers: Vec::new(),
        preflight_bypass: false,
        policies,
        created: Timestamp(0),
        updated: Timestamp(0),
        void_until: None,
    }
}

fn person(email: &str) -> Visitor {
    Visitor { email: Some(email.to_owned()), ..Visitor::default() }
}

fn machine(id: u8) -> Visitor {
    Visitor { service_token: Some(AccessId([id; 16])), ..Visitor::default() }
}

fn email(text: &str) -> AccessRule {
    AccessRule::Email(text.to_owned())
}

fn domain(text: &str) -> AccessRule {
    AccessRule::EmailDomain(text.to_owned())
}

#[test]
fn ids_are_uuids() {
    let id = AccessId([0xab; 16]);
    assert_eq!(id.to_string(), "abababab-abab-abab-abab-abababababab");
    assert_eq!(AccessId::parse(&id.to_string()), Some(id));
    assert_eq!(AccessId::parse(&"ab".repeat(16)), Some(id));
    for text in ["", "abababab-abab-abab-abab-ababababab", "abababababababab-abab-abab-ababababab", "\u{e9}bababab"] {
        assert_eq!(AccessId::parse(text), None, "{text}");
    }
}

#[test]
fn nobody_may_whom_no_policy_covers() {
    assert_eq!(app(vec![]).admit(&Visitor::default()), Admission::LoginNeeded);
    assert_eq!(app(vec![]).admit(&person("a@b.c")), Admission::Refused);
    let only = app(vec![policy(AccessDecision::Allow, vec![email("a@b.c")])]);
    assert_eq!(only.admit(&person("a@b.c")), Admission::Granted);
    assert_eq!(only.admit(&person("x@b.c")), Admission::Refused);
}

#[test]
fn a_domain_is_all_behind_the_last_at_sign() {
    let rule = domain("example.com");
    assert!(rule.holds(&person("a@example.com")) && rule.holds(&person("\"x@y\"@example.com")));
    for email in ["a@sub.example.com", "a@example.com.evil.org", "a@notexample.com", "example.com", "a@example.com@b"] {
        assert!(!rule.holds(&person(email)), "{email}");
    }
}

#[test]
fn exclusions_take_away_and_requirements_must_all_hold() {
    let mut all_but = policy(AccessDecision::Allow, vec![domain("b.c")]);
    all_but.exclude = vec![email("x@b.c")];
    let all_but = app(vec![all_but]);
    assert_eq!(all_but.admit(&person("a@b.c")), Admission::Granted);
    assert_eq!(all_but.admit(&person("x@b.c")), Admission::Refused);
    let provider = AccessId([7; 16]);
    let group = AccessRule::Claim { provider, name: "groups".to_owned(), value: "staff".to_owned() };
    let mut staff = policy(AccessDecision::Allow, vec![AccessRule::Everyone]);
    staff.require = vec![group.clone()];
    let staff = app(vec![staff]);
    let mut member = person("a@b.c");
    assert_eq!(staff.admit(&member), Admission::Refused);
    member.claims = vec![(AccessId([8; 16]), "groups".to_owned(), "staff".to_owned())];
    assert_eq!(staff.admit(&member), Admission::Refused, "another provider said so");
    member.claims[0].0 = provider;
    assert_eq!(staff.admit(&member), Admission::Granted);
    assert_eq!(staff.claims_of(provider).collect::<Vec<_>>(), [("groups", "staff")]);
}

#[test]
fn the_first_of_allow_and_deny_that_covers_somebody_decides() {
    let deny = policy(AccessDecision::Deny, vec![email("x@b.c")]);
    let allow = policy(AccessDecision::Allow, vec![AccessRule::Everyone]);
    let first = app(vec![deny.clone(), allow.clone()]);
    assert_eq!(first.admit(&person("x@b.c")), Admission::Refused);
    assert_eq!(first.admit(&person("a@b.c")), Admission::Granted);
    assert_eq!(app(vec![allow, deny]).admit(&person("x@b.c")), Admission::Granted);
}

#[test]
fn service_tokens_pass_by_policies_for_them_only() {
    let token = AccessRule::ServiceToken(AccessId([4; 16]));
    let service = app(vec![policy(AccessDecision::NonIdentity, vec![token.clone()])]);
    assert_eq!(service.admit(&machine(4)), Admission::Granted);
    assert_eq!(service.admit(&machine(5)), Admission::LoginNeeded);
    assert_eq!(service.admit(&person("a@b.c")), Admission::Refused);
    assert_eq!(app(vec![policy(AccessDecision::Allow, vec![token])]).admit(&machine(4)), Admission::LoginNeeded);
    let any = app(vec![policy(AccessDecision::NonIdentity, vec![AccessRule::AnyServiceToken])]);
    assert_eq!(any.admit(&machine(9)), Admission::Granted);
    let everyone = app(vec![policy(AccessDecision::NonIdentity, vec![AccessRule::Everyone])]);
    assert_eq!(everyone.admit(&Visitor::default()), Admission::LoginNeeded, "without a token");
    assert_eq!(
        app(vec![policy(AccessDecision::Bypass, vec![AccessRule::Everyone])]).admit(&Visitor::default()),
        Admission::Granted
    );
}

#[test]
fn client_ids_name_their_token() {
    assert_eq!(ServiceToken::id_of(&format!("{}.access", "ab".repeat(16))), Some(AccessId([0xab; 16])));
    assert_eq!(ServiceToken::id_of(&"ab".repeat(16)), None);
    assert_eq!(ServiceToken::id_of(".access"), None);
}
