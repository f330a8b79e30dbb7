//! Rules that let nobody read a custom domain without a token in the URL, as sets of a zone's rules. Sources:
//! Cloudflare WAF "Configure token authentication"; Cloudflare's API, `rulesets`; R2 "Presigned URLs".
//!
//! A zone is whatever the custom domains of an account were added with: two accounts never share one.

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Outcome;
use metadata::rows::{AuditResource, TokenRulesRow};
use std::sync::Arc;
use types::{DomainName, ErrorCode, OperationError, PublicName, Resource, TokenRule};

/// Most rules of a zone. Source: Cloudflare "WAF custom rules", availability.
pub const TOKEN_RULES_MAX: usize = 100;

impl Store {
    /// The rules of a zone; `None` if none were ever set.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn token_rules(&self, caller: &Caller, zone: &str) -> Result<Option<Arc<TokenRulesRow>>, OperationError> {
        caller.authorize(Action::GetTokenRules, Resource::Account)?;
        Ok(self.metadata.token_rules(caller.account, zone).await?)
    }

    /// Replaces the rules of a zone; rules whose id is all zeros get one.
    ///
    /// # Errors
    /// `InvalidArgument` for too many, and for a rule of a domain that was added with another zone.
    pub async fn set_token_rules(
        &self,
        caller: &Caller,
        zone: &str,
        rules: &[TokenRule],
    ) -> Result<TokenRulesRow, OperationError> {
        caller.authorize(Action::SetTokenRules, Resource::Account)?;
        if rules.len() > TOKEN_RULES_MAX {
            return Err(OperationError::new(ErrorCode::InvalidArgument, "a zone has at most 100 rules"));
        }
        for rule in rules {
            self.check_zone(caller, zone, &rule.condition.host).await?;
        }
        loop {
            let found = self.metadata.stored_token_rules(caller.account, zone).await?;
            let with_id = |rule: &TokenRule| match rule.id {
                [0, ..] if rule.id == [0; 16] => TokenRule { id: self.random_id(), ..rule.clone() },
                _ => rule.clone(),
            };
            let row = TokenRulesRow {
                id: found.as_ref().map_or_else(|| self.random_id(), |found| found.row.id),
                version: found.as_ref().map_or(0, |found| found.row.version) + 1,
                updated: self.clock.now(),
                rules: rules.iter().map(with_id).collect(),
            };
            let old = found.as_ref().map(|found| audit_values::token_rules(&found.row.rules));
            let resource = (AuditResource::Ruleset, zone.to_owned());
            let audited =
                AuditedChange::of_access("SetTokenRules", resource, old, Some(audit_values::token_rules(&row.rules)));
            let recording = self.recording(caller, audited).await?;
            if recording.set_token_rules(caller.account, zone, found.as_ref(), &row).await? == Outcome::Committed {
                return Ok(row);
            }
        }
    }

    /// Refuses a host that is a custom domain of the account in another zone: a rule here would protect nothing. One
    /// that is none yet may become one, and should have its rule by then.
    async fn check_zone(&self, caller: &Caller, zone: &str, host: &DomainName) -> Result<(), OperationError> {
        let row = self.metadata.public_name(&PublicName::Custom(host.clone())).await?;
        match row {
            Some(row) if row.account == caller.account && row.settings.zone != zone => {
                let message = format!("{host} is a custom domain of another zone: set its rules there");
                Err(OperationError::new(ErrorCode::InvalidArgument, message))
            }
            _ => Ok(()),
        }
    }
}
