//! Applications, which protect custom domains, and their policies. Source: R2 "Protect an R2 Bucket with Cloudflare
//! Access"; Cloudflare's API, `zero_trust.access.applications`.
//!
//! An application may be made before a bucket has its domain, and should be: else the bucket is public in between.

use crate::access_rows::invalid;
use crate::audit::AuditedChange;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::rows::{AccessVoidRow, AuditResource};
use serde_json::json;
use types::{
    AccessApp, AccessDecision, AccessId, AccessPolicy, AccessRule, DomainName, ErrorCode, OperationError, Resource,
};

/// What a client says of an application.
#[derive(Clone, Debug)]
pub struct AppContent {
    /// What people call it.
    pub name: String,
    /// The custom domain.
    pub domain: DomainName,
    /// How long a login holds, seconds.
    pub session_seconds: u64,
    /// The identity providers that may be used; empty: all.
    pub providers: Vec<AccessId>,
    /// Whether preflights pass.
    pub preflight_bypass: bool,
    /// The policies; `None`: as they are.
    pub policies: Option<Vec<PolicyContent>>,
}

/// What a client says of a policy.
#[derive(Clone, Debug)]
pub struct PolicyContent {
    /// What people call it.
    pub name: String,
    /// What it decides.
    pub decision: AccessDecision,
    /// One of these holds.
    pub include: Vec<AccessRule>,
    /// None of these holds.
    pub exclude: Vec<AccessRule>,
    /// All of these hold.
    pub require: Vec<AccessRule>,
    /// Its place among the others, from 1 on; `None`: the last, or where it is.
    pub precedence: Option<usize>,
}

/// Longest name, bytes. Source: Cloudflare "Account limits", Zero Trust, application name.
const NAME_BYTES_MAX: usize = 350;

/// Most policies of an application, and most rules of a policy. Ours.
const POLICIES_MAX: usize = 50;
const RULES_MAX: usize = 200;

/// The longest session: a month. Source: Cloudflare "Session management".
const SESSION_SECONDS_MAX: u64 = 31 * 86_400;

impl AppContent {
    /// # Errors
    /// `InvalidAccessRequest`.
    fn check(&self) -> Result<(), OperationError> {
        if self.name.is_empty() || self.name.len() > NAME_BYTES_MAX {
            return Err(invalid("name has from 1 to 350 bytes"));
        }
        if self.session_seconds > SESSION_SECONDS_MAX {
            return Err(invalid("session_duration is at most a month"));
        }
        let policies = self.policies.as_deref().unwrap_or_default();
        if policies.len() > POLICIES_MAX || self.providers.len() > POLICIES_MAX {
            return Err(invalid("an application has at most 50 policies and 50 identity providers"));
        }
        policies.iter().try_for_each(PolicyContent::check)
    }
}

impl PolicyContent {
    /// # Errors
    /// `InvalidAccessRequest`.
    fn check(&self) -> Result<(), OperationError> {
        let rules = || self.include.iter().chain(&self.exclude).chain(&self.require);
        if self.name.is_empty() || self.name.len() > NAME_BYTES_MAX {
            return Err(invalid("the name of a policy has from 1 to 350 bytes"));
        }
        if self.include.is_empty() || rules().count() > RULES_MAX {
            return Err(invalid("a policy includes at least one rule, and has at most 200"));
        }
        if self.precedence == Some(0) {
            return Err(invalid("precedence is at least 1"));
        }
        let knows_only_machines = |rule: &AccessRule| {
            matches!(rule, AccessRule::Everyone | AccessRule::ServiceToken(_) | AccessRule::AnyServiceToken)
        };
        match self.decision {
            AccessDecision::NonIdentity if !rules().all(knows_only_machines) => {
                Err(invalid("non_identity policies know no one: rules about logins cannot be used"))
            }
            AccessDecision::Bypass if rules().any(|rule| *rule != AccessRule::Everyone) => {
                Err(invalid("bypass policies are for everyone"))
            }
            _ => Ok(()),
        }
    }
}

impl Store {
    /// The applications of the account.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn access_apps(&self, caller: &Caller) -> Result<Vec<AccessApp>, OperationError> {
        caller.authorize(Action::ListAccessApps, Resource::Account)?;
        self.access_rows(caller).await
    }

    /// An application.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub async fn access_app(&self, caller: &Caller, id: AccessId) -> Result<AccessApp, OperationError> {
        caller.authorize(Action::GetAccessApp, Resource::Account)?;
        Ok(self.access_row::<AccessApp>(caller, id).await?.row)
    }

    /// Protects a domain: from then on nobody reads there whom no policy covers.
    ///
    /// # Errors
    /// `InvalidAccessRequest`; `ApplicationAlreadyExists` if another application protects the domain.
    pub async fn create_access_app(&self, caller: &Caller, content: &AppContent) -> Result<AccessApp, OperationError> {
        caller.authorize(Action::CreateAccessApp, Resource::Account)?;
        content.check()?;
        let now = self.clock.now();
        let policies = content.policies.iter().flatten().map(|policy| self.new_policy(policy)).collect();
        let app = AccessApp {
            id: self.new_access_id(),
            name: content.name.clone(),
            domain: content.domain.clone(),
            audience: self.entropy.bytes(),
            session_seconds: content.session_seconds,
            providers: content.providers.clone(),
            preflight_bypass: content.preflight_bypass,
            policies,
            created: now,
            updated: now,
            void_until: None,
        };
        self.add_access_row(caller, "CreateAccessApp", &app).await?;
        Ok(app)
    }

    /// Replaces what an application is.
    ///
    /// # Errors
    /// As [`Store::create_access_app`]; `NoSuchAccessResource`.
    pub async fn update_access_app(
        &self,
        caller: &Caller,
        id: AccessId,
        content: &AppContent,
    ) -> Result<AccessApp, OperationError> {
        caller.authorize(Action::UpdateAccessApp, Resource::Account)?;
        content.check()?;
        self.edit_access_app(caller, "UpdateAccessApp", id, |app| {
            app.name.clone_from(&content.name);
            app.domain = content.domain.clone();
            app.session_seconds = content.session_seconds;
            app.providers.clone_from(&content.providers);
            app.preflight_bypass = content.preflight_bypass;
            if let Some(policies) = &content.policies {
                app.policies = policies.iter().map(|policy| self.new_policy(policy)).collect();
            }
            Ok(())
        })
        .await
    }

    /// Removes an application. What its domain shows is everybody's from then on.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub async fn delete_access_app(&self, caller: &Caller, id: AccessId) -> Result<(), OperationError> {
        caller.authorize(Action::DeleteAccessApp, Resource::Account)?;
        self.change_access_row::<AccessApp>(caller, "DeleteAccessApp", id, |_| Ok(None)).await?;
        Ok(())
    }

    /// Makes all sessions of an application void.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub async fn revoke_access_app(&self, caller: &Caller, id: AccessId) -> Result<(), OperationError> {
        caller.authorize(Action::RevokeAccessSessions, Resource::Account)?;
        let now = self.clock.now();
        self.edit_access_app(caller, "RevokeAccessApp", id, |app| {
            app.void_until = Some(now);
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Makes all sessions of a user void, in all applications of the account. They may log in again.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn revoke_access_user(&self, caller: &Caller, email: &str) -> Result<(), OperationError> {
        caller.authorize(Action::RevokeAccessSessions, Resource::Account)?;
        let until = self.clock.now();
        let email = email.to_lowercase();
        let resource = (AuditResource::AccessUser, email.clone());
        let new = json!({ "sessionsVoidUntil": until.to_iso8601() });
        let audited = AuditedChange::of_access("RevokeAccessUser", resource, None, Some(new));
        let digest = self.access_keys.user_digest(&email);
        self.recording(caller, audited).await?.void_user(caller.account, &digest, &AccessVoidRow { until }).await?;
        Ok(())
    }

    /// Adds a policy to an application.
    ///
    /// # Errors
    /// `NoSuchAccessResource`, `InvalidAccessRequest`.
    pub async fn create_access_policy(
        &self,
        caller: &Caller,
        app: AccessId,
        content: &PolicyContent,
    ) -> Result<(AccessApp, AccessId), OperationError> {
        caller.authorize(Action::UpdateAccessApp, Resource::Account)?;
        content.check()?;
        let policy = self.new_policy(content);
        let id = policy.id;
        let app = self
            .edit_access_app(caller, "CreateAccessPolicy", app, |app| {
                if app.policies.len() >= POLICIES_MAX {
                    return Err(invalid("an application has at most 50 policies"));
                }
                place(&mut app.policies, policy.clone(), content.precedence, None);
                Ok(())
            })
            .await?;
        Ok((app, id))
    }

    /// Replaces what a policy is.
    ///
    /// # Errors
    /// `NoSuchAccessResource`, `InvalidAccessRequest`.
    pub async fn update_access_policy(
        &self,
        caller: &Caller,
        app: AccessId,
        id: AccessId,
        content: &PolicyContent,
    ) -> Result<AccessApp, OperationError> {
        caller.authorize(Action::UpdateAccessApp, Resource::Account)?;
        content.check()?;
        let new = self.new_policy(content);
        self.edit_access_app(caller, "UpdateAccessPolicy", app, |app| {
            let at = position(app, id)?;
            let old = app.policies.remove(at);
            let policy = AccessPolicy { id, created: old.created, ..new.clone() };
            place(&mut app.policies, policy, content.precedence, Some(at));
            Ok(())
        })
        .await
    }

    /// Removes a policy of an application.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub async fn delete_access_policy(
        &self,
        caller: &Caller,
        app: AccessId,
        id: AccessId,
    ) -> Result<(), OperationError> {
        caller.authorize(Action::UpdateAccessApp, Resource::Account)?;
        self.edit_access_app(caller, "DeleteAccessPolicy", app, |app| {
            let at = position(app, id)?;
            app.policies.remove(at);
            Ok(())
        })
        .await?;
        Ok(())
    }

    async fn edit_access_app(
        &self,
        caller: &Caller,
        action: &'static str,
        id: AccessId,
        edit: impl Fn(&mut AccessApp) -> Result<(), OperationError>,
    ) -> Result<AccessApp, OperationError> {
        let now = self.clock.now();
        let changed = self.change_access_row::<AccessApp>(caller, action, id, |app| {
            let mut app = AccessApp { updated: now, ..app.clone() };
            edit(&mut app)?;
            Ok(Some(app))
        });
        changed.await?.ok_or_else(|| ErrorCode::NoSuchAccessResource.into())
    }

    fn new_policy(&self, content: &PolicyContent) -> AccessPolicy {
        let now = self.clock.now();
        AccessPolicy {
            id: self.new_access_id(),
            name: content.name.clone(),
            decision: content.decision,
            include: content.include.clone(),
            exclude: content.exclude.clone(),
            require: content.require.clone(),
            created: now,
            updated: now,
        }
    }
}

fn position(app: &AccessApp, id: AccessId) -> Result<usize, OperationError> {
    let at = app.policies.iter().position(|policy| policy.id == id);
    at.ok_or_else(|| ErrorCode::NoSuchAccessResource.into())
}

/// Puts a policy where its precedence says, else where it was, else behind the others.
fn place(policies: &mut Vec<AccessPolicy>, policy: AccessPolicy, precedence: Option<usize>, was: Option<usize>) {
    let at = precedence.map(|number| number.saturating_sub(1)).or(was).unwrap_or(policies.len());
    policies.insert(at.min(policies.len()), policy);
}
