//! Applications that protect custom domains, and their policies, as JSON. Source: Cloudflare's API,
//! `zero_trust.access.applications` and its policies: type `self_hosted`, and what of it makes sense here.

use crate::access_members::{self, Destination, Members};
use crate::access_rules::{self, SentRule};
use crate::durations;
use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use operations::Action;
use operations::access_apps::{AppContent, PolicyContent};
use serde::Deserialize;
use serde_json::{Value, json};
use types::{AccessApp, AccessDecision, AccessId, AccessPolicy, ErrorCode, OperationError, Resource};

/// How long a login holds, unless the client says otherwise. Source: Cloudflare's API, `session_duration`.
const SESSION_SECONDS: u64 = 86_400;

/// An application as clients send it.
#[derive(Deserialize)]
struct SentApp {
    name: Option<String>,
    domain: Option<String>,
    self_hosted_domains: Option<Vec<String>>,
    destinations: Option<Vec<Destination>>,
    #[serde(rename = "type")]
    kind: Option<String>,
    session_duration: Option<String>,
    allowed_idps: Option<Vec<String>>,
    options_preflight_bypass: Option<bool>,
    policies: Option<Vec<SentPolicy>>,
    #[serde(flatten)]
    others: Members,
}

#[derive(Deserialize)]
struct SentPolicy {
    name: String,
    decision: String,
    include: Option<Vec<SentRule>>,
    exclude: Option<Vec<SentRule>>,
    require: Option<Vec<SentRule>>,
    precedence: Option<usize>,
    #[serde(flatten)]
    others: Members,
}

#[derive(Deserialize)]
struct SentUser {
    email: String,
}

/// Content that makes no sense, in words.
pub(crate) fn invalid(words: &str) -> RestError {
    let words = format!("access.api.error.invalid_request: {words}");
    OperationError::new(ErrorCode::InvalidAccessRequest, words).into()
}

/// An id of the path.
///
/// # Errors
/// 11021 for what is none.
pub(crate) fn id_of(call: &Call<'_>, name: &str) -> Result<AccessId, RestError> {
    Ok(AccessId::parse(&call.path.text(name)?).ok_or(ErrorCode::NoSuchAccessResource)?)
}

impl SentApp {
    fn read(self) -> Result<AppContent, RestError> {
        if self.kind.as_deref().is_some_and(|kind| kind != "self_hosted") {
            return Err(invalid("type is self_hosted: others are not supported"));
        }
        access_members::check("an application", &self.others, access_members::OF_APPS)?;
        let domain = access_members::protected_domain(
            self.domain.as_deref(),
            self.self_hosted_domains.as_deref().unwrap_or_default(),
            self.destinations.as_deref().unwrap_or_default(),
        )?;
        let seconds = self.session_duration.as_deref().map(durations::seconds).transpose()?;
        let provider = |id: &String| AccessId::parse(id).ok_or_else(|| invalid("allowed_idps are ids"));
        let mut policies: Option<Vec<_>> =
            self.policies.map(|sent| sent.into_iter().map(SentPolicy::read).collect::<Result<_, _>>()).transpose()?;
        if let Some(policies) = &mut policies {
            // As they are sent, where nothing else is said.
            policies.sort_by_key(|policy| policy.precedence.unwrap_or(usize::MAX));
        }
        Ok(AppContent {
            name: self.name.unwrap_or_else(|| domain.to_string()),
            domain,
            session_seconds: seconds.unwrap_or(SESSION_SECONDS),
            providers: self.allowed_idps.iter().flatten().map(provider).collect::<Result<_, _>>()?,
            preflight_bypass: self.options_preflight_bypass.unwrap_or(false),
            policies,
        })
    }
}

impl SentPolicy {
    fn read(self) -> Result<PolicyContent, RestError> {
        access_members::check("a policy", &self.others, access_members::OF_POLICIES)?;
        let unknown = || invalid("decision is allow, deny, non_identity or bypass");
        let rules = |sent: &Option<Vec<SentRule>>| access_rules::read(sent.as_deref().unwrap_or_default());
        Ok(PolicyContent {
            name: self.name,
            decision: AccessDecision::parse(&self.decision).ok_or_else(unknown)?,
            include: rules(&self.include)?,
            exclude: rules(&self.exclude)?,
            require: rules(&self.require)?,
            precedence: self.precedence,
        })
    }
}

fn show(app: &AccessApp) -> Value {
    let policies = app.policies.iter().enumerate().map(|(at, policy)| show_policy(policy, at + 1));
    json!({
        "id": app.id.to_string(),
        "uid": app.id.to_string(),
        "name": app.name,
        "type": "self_hosted",
        "domain": app.domain.as_str(),
        "self_hosted_domains": [app.domain.as_str()],
        "destinations": [{ "type": "public", "uri": app.domain.as_str() }],
        "aud": types::ids::hex(&app.audience),
        "session_duration": durations::show(app.session_seconds),
        "allowed_idps": app.providers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "auto_redirect_to_identity": app.providers.len() == 1,
        "options_preflight_bypass": app.preflight_bypass,
        "http_only_cookie_attribute": true,
        "same_site_cookie_attribute": "lax",
        "enable_binding_cookie": false,
        "app_launcher_visible": false,
        "policies": policies.collect::<Vec<_>>(),
        "created_at": app.created.to_iso8601(),
        "updated_at": app.updated.to_iso8601(),
    })
}

fn show_policy(policy: &AccessPolicy, precedence: usize) -> Value {
    json!({
        "id": policy.id.to_string(),
        "uid": policy.id.to_string(),
        "name": policy.name,
        "decision": policy.decision.name(),
        "include": access_rules::show(&policy.include),
        "exclude": access_rules::show(&policy.exclude),
        "require": access_rules::show(&policy.require),
        "precedence": precedence,
        "reusable": false,
        "created_at": policy.created.to_iso8601(),
        "updated_at": policy.updated.to_iso8601(),
    })
}

/// The applications.
///
/// # Errors
/// 10000 without the right to.
pub(crate) async fn list(call: Call<'_>) -> Answered {
    let apps: Vec<Value> = call.store.access_apps(call.caller).await?.iter().map(show).collect();
    access_rules::page(&call, apps)
}

/// Protects a custom domain.
///
/// # Errors
/// 12130 for content that makes no sense; 11010 for a domain that is protected already.
pub(crate) async fn create(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::CreateAccessApp, Resource::Account)?;
    let content = json::read::<SentApp>(body).await?.read()?;
    envelope::success(&show(&call.store.create_access_app(call.caller, &content).await?))
}

/// An application.
///
/// # Errors
/// 11021.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    envelope::success(&show(&call.store.access_app(call.caller, id_of(&call, "app")?).await?))
}

/// Replaces what an application is; its policies stay unless the body has some.
///
/// # Errors
/// 11021; as [`create`].
pub(crate) async fn update(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::UpdateAccessApp, Resource::Account)?;
    let (id, content) = (id_of(&call, "app")?, json::read::<SentApp>(body).await?.read()?);
    envelope::success(&show(&call.store.update_access_app(call.caller, id, &content).await?))
}

/// Protects its domain no more.
///
/// # Errors
/// 11021.
pub(crate) async fn delete(call: Call<'_>) -> Answered {
    let id = id_of(&call, "app")?;
    call.store.delete_access_app(call.caller, id).await?;
    envelope::success(&json!({ "id": id.to_string() }))
}

/// Makes all sessions of an application void.
///
/// # Errors
/// 11021.
pub(crate) async fn revoke_tokens(call: Call<'_>) -> Answered {
    call.store.revoke_access_app(call.caller, id_of(&call, "app")?).await?;
    envelope::success(&json!({}))
}

/// Makes all sessions of a user void.
///
/// # Errors
/// 12130 for what is no e-mail address.
pub(crate) async fn revoke_user(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::RevokeAccessSessions, Resource::Account)?;
    let email = access_rules::email(&json::read::<SentUser>(body).await?.email)?;
    call.store.revoke_access_user(call.caller, &email).await?;
    envelope::success(&true)
}

/// The policies of an application.
///
/// # Errors
/// 11021.
pub(crate) async fn list_policies(call: Call<'_>) -> Answered {
    let app = call.store.access_app(call.caller, id_of(&call, "app")?).await?;
    let policies = app.policies.iter().enumerate().map(|(at, policy)| show_policy(policy, at + 1)).collect();
    access_rules::page(&call, policies)
}

/// Adds a policy.
///
/// # Errors
/// 11021, 12130.
pub(crate) async fn create_policy(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::UpdateAccessApp, Resource::Account)?;
    let (app, content) = (id_of(&call, "app")?, json::read::<SentPolicy>(body).await?.read()?);
    let (app, id) = call.store.create_access_policy(call.caller, app, &content).await?;
    shown_policy(&app, id)
}

/// A policy.
///
/// # Errors
/// 11021.
pub(crate) async fn get_policy(call: Call<'_>) -> Answered {
    let app = call.store.access_app(call.caller, id_of(&call, "app")?).await?;
    shown_policy(&app, id_of(&call, "policy")?)
}

/// Replaces what a policy is.
///
/// # Errors
/// 11021, 12130.
pub(crate) async fn update_policy(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::UpdateAccessApp, Resource::Account)?;
    let (app, id) = (id_of(&call, "app")?, id_of(&call, "policy")?);
    let content = json::read::<SentPolicy>(body).await?.read()?;
    shown_policy(&call.store.update_access_policy(call.caller, app, id, &content).await?, id)
}

/// Removes a policy.
///
/// # Errors
/// 11021.
pub(crate) async fn delete_policy(call: Call<'_>) -> Answered {
    let (app, id) = (id_of(&call, "app")?, id_of(&call, "policy")?);
    call.store.delete_access_policy(call.caller, app, id).await?;
    envelope::success(&json!({ "id": id.to_string() }))
}

fn shown_policy(app: &AccessApp, id: AccessId) -> Answered {
    let at = app.policies.iter().position(|policy| policy.id == id).ok_or(ErrorCode::NoSuchAccessResource)?;
    envelope::success(&show_policy(&app.policies[at], at + 1))
}
