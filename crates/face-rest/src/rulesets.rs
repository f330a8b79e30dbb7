//! Rules of a zone about tokens in URLs, as the entry point of the WAF's custom rules. Sources: Cloudflare's API,
//! `rulesets.phases` (`http_request_firewall_custom`); Cloudflare WAF "Configure token authentication".
//!
//! The zone is the `zoneId` that a custom domain was added with.

use crate::envelope;
use crate::error::RestError;
use crate::json;
use crate::request::{Answered, Call, CallBody};
use operations::{Action, TokenRulesRow};
use serde::Deserialize;
use serde_json::{Value, json};
use types::{Resource, TokenCondition, TokenRule};

/// The one phase there is.
const PHASE: &str = "http_request_firewall_custom";

/// Longest expression, and longest description, bytes. Source: Cloudflare "Rules language", limits (4096 characters).
const TEXT_BYTES_MAX: usize = 16_384;

#[derive(Deserialize)]
struct SentRules {
    /// Never left out: without rules everybody reads.
    rules: Vec<SentRule>,
}

#[derive(Deserialize)]
struct SentRule {
    id: Option<String>,
    action: String,
    expression: String,
    description: Option<String>,
    enabled: Option<bool>,
}

impl SentRule {
    /// # Errors
    /// 20127 for an expression that says something else. The refusal repeats nothing of it: it has the secret.
    fn read(self) -> Result<TokenRule, RestError> {
        let refused = |code, words: String| RestError::new(400, code, words);
        if self.action != "block" {
            return Err(refused(20120, "the action of a rule is block: others are not supported".to_owned()));
        }
        let description = self.description.unwrap_or_default();
        if self.expression.len() > TEXT_BYTES_MAX || description.len() > TEXT_BYTES_MAX {
            return Err(refused(20127, "an expression or a description is too long".to_owned()));
        }
        if self.expression.trim().is_empty() {
            let words = "'' is not a valid value for expression because the expression cannot be blank";
            return Err(refused(20125, words.to_owned()));
        }
        let condition = TokenCondition::parse(&self.expression)
            .map_err(|why| refused(20127, format!("the value is not valid for expression because {why}")))?;
        let id = self.id.as_deref().map(|id| types::ids::parse_hex(id).ok_or(()));
        let id =
            id.transpose().map_err(|()| refused(20127, "the id of a rule has 32 hexadecimal digits".to_owned()))?;
        Ok(TokenRule {
            id: id.unwrap_or_default(),
            expression: self.expression,
            description,
            enabled: self.enabled.unwrap_or(true),
            condition,
        })
    }
}

fn zone(call: &Call<'_>) -> Result<String, RestError> {
    let zone = call.path.text("zone")?.into_owned();
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if zone.is_empty() || zone.len() > 64 || !zone.bytes().all(known) {
        return Err(RestError::no_route(call.head.uri.path()));
    }
    Ok(zone)
}

fn show(row: &TokenRulesRow) -> Value {
    let rules = row.rules.iter().map(|rule| {
        json!({
            "id": types::ids::hex(&rule.id),
            "version": row.version.to_string(),
            "action": "block",
            "expression": rule.expression,
            "description": rule.description,
            "enabled": rule.enabled,
            "last_updated": row.updated.to_iso8601(),
        })
    });
    json!({
        "id": types::ids::hex(&row.id),
        "name": "default",
        "description": "",
        "kind": "zone",
        "phase": PHASE,
        "version": row.version.to_string(),
        "last_updated": row.updated.to_iso8601(),
        "rules": rules.collect::<Vec<_>>(),
    })
}

/// The rules of a zone.
///
/// # Errors
/// 10003 and 404 if none were ever set.
pub(crate) async fn get(call: Call<'_>) -> Answered {
    let none = || RestError::new(404, 10003, format!("could not find entrypoint ruleset in the {PHASE} phase"));
    let row = call.store.token_rules(call.caller, &zone(&call)?).await?.ok_or_else(none)?;
    envelope::success(&show(&row))
}

/// Replaces the rules of a zone.
///
/// # Errors
/// 20127 for an expression that says anything but that a host needs tokens in URLs.
pub(crate) async fn put(call: Call<'_>, body: CallBody<'_>) -> Answered {
    call.caller.authorize(Action::SetTokenRules, Resource::Account)?;
    let zone = zone(&call)?;
    let sent: SentRules = json::read(body).await?;
    let rules = sent.rules.into_iter().map(SentRule::read).collect::<Result<Vec<_>, _>>()?;
    envelope::success(&show(&call.store.set_token_rules(call.caller, &zone, &rules).await?))
}
