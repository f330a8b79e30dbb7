//! Access control of custom domains: applications with their policies, and identity providers.
//! Source: R2 "Protect an R2 Bucket with Cloudflare Access"; Cloudflare's API, `zero_trust.access`.

use crate::domain::DomainName;
use crate::ids::{hex, parse_hex};
use crate::time::Timestamp;
use std::fmt;

/// Something of access control: an application, a policy, an identity provider or a service token. Prints as a UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessId(pub [u8; 16]);

impl AccessId {
    /// From its text, with or without hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let hyphens = [8, 13, 18, 23];
        match text.len() {
            36 if hyphens.iter().all(|at| text.as_bytes()[*at] == b'-') => parse_hex(&text.replace('-', "")).map(Self),
            32 => parse_hex(text).map(Self),
            _ => None,
        }
    }
}

impl fmt::Display for AccessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex(&self.0);
        let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map(|(from, to)| &digits[from..to]);
        f.write_str(&parts.join("-"))
    }
}

impl fmt::Debug for AccessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An application: a custom domain that only some may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessApp {
    /// Its id.
    pub id: AccessId,
    /// What people call it.
    pub name: String,
    /// The custom domain, whether a bucket has it yet or not.
    pub domain: DomainName,
    /// Whom sessions are for: never another application's, also not one made later for the same domain.
    pub audience: [u8; 32],
    /// How long a login holds, seconds.
    pub session_seconds: u64,
    /// The identity providers that may be used; empty: all of the account.
    pub providers: Vec<AccessId>,
    /// Whether preflights, which never carry a cookie, pass.
    pub preflight_bypass: bool,
    /// Who may read, in the order in which they decide.
    pub policies: Vec<AccessPolicy>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Sessions that began up to then are void.
    pub void_until: Option<Timestamp>,
}

/// What a policy decides of those whom it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessDecision {
    /// They may read once they have logged in.
    Allow,
    /// They may not.
    Deny,
    /// They may read by a service token, without a login.
    NonIdentity,
    /// They may read as if nothing were protected.
    Bypass,
}

impl AccessDecision {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Deny, Self::NonIdentity, Self::Bypass];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::NonIdentity => "non_identity",
            Self::Bypass => "bypass",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.name() == name)
    }
}

/// Who is covered, and what that means for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Its id.
    pub id: AccessId,
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
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// What may hold of whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessRule {
    /// It is anybody.
    Everyone,
    /// They have logged in with this e-mail address, in lower case.
    Email(String),
    /// They have logged in with an address of this domain, in lower case.
    EmailDomain(String),
    /// An identity provider said this of them: the claim is this text, or a list with it.
    Claim {
        /// The provider.
        provider: AccessId,
        /// The claim, such as `groups`.
        name: String,
        /// What it says.
        value: String,
    },
    /// They show this service token.
    ServiceToken(AccessId),
    /// They show any service token of the account.
    AnyServiceToken,
}

/// Who asks, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// Their e-mail address in lower case, if they have logged in.
    pub email: Option<String>,
    /// Provider, claim and value: what was said of them that some policy asks for.
    pub claims: Vec<(AccessId, String, String)>,
    /// The service token they show.
    pub service_token: Option<AccessId>,
}

impl AccessRule {
    /// Whether it holds of somebody.
    pub fn holds(&self, of: &Visitor) -> bool {
        match self {
            Self::Everyone => true,
            Self::Email(email) => of.email.as_ref() == Some(email),
            Self::EmailDomain(domain) => {
                let own = of.email.as_deref().and_then(|email| email.rsplit_once('@'));
                own.is_some_and(|(_, own)| own == domain)
            }
            Self::Claim { provider, name, value } => {
                of.claims.iter().any(|(said_by, claim, said)| said_by == provider && claim == name && said == value)
            }
            Self::ServiceToken(token) => of.service_token == Some(*token),
            Self::AnyServiceToken => of.service_token.is_some(),
        }
    }
}

impl AccessPolicy {
    /// Whether it decides of somebody.
    pub fn covers(&self, visitor: &Visitor) -> bool {
        self.include.iter().any(|rule| rule.holds(visitor))
            && self.require.iter().all(|rule| rule.holds(visitor))
            && !self.exclude.iter().any(|rule| rule.holds(visitor))
    }

    /// All its rules.
    pub fn rules(&self) -> impl Iterator<Item = &AccessRule> {
        self.include.iter().chain(&self.exclude).chain(&self.require)
    }
}

/// What an application says of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// They may read.
    Granted,
    /// They may if they log in.
    LoginNeeded,
    /// They may not, as who they are.
    Refused,
}

impl AccessApp {
    /// Whether somebody may read. Bypass and service policies decide first, then allow and deny in their order; nobody
    /// may whom no policy covers. Source: Cloudflare "Access policies", order of execution.
    pub fn admit(&self, visitor: &Visitor) -> Admission {
        let covering = |policy: &&AccessPolicy| policy.covers(visitor);
        let first = self.policies.iter().filter(|policy| match policy.decision {
            AccessDecision::Bypass => true,
            AccessDecision::NonIdentity => visitor.service_token.is_some(),
            AccessDecision::Allow | AccessDecision::Deny => false,
        });
        if first.clone().any(|policy| policy.covers(visitor)) {
            return Admission::Granted;
        }
        if visitor.email.is_none() {
            return Admission::LoginNeeded;
        }
        let mut rest = self
            .policies
            .iter()
            .filter(|policy| matches!(policy.decision, AccessDecision::Allow | AccessDecision::Deny));
        match rest.find(covering).map(|policy| policy.decision) {
            Some(AccessDecision::Allow) => Admission::Granted,
            _ => Admission::Refused,
        }
    }

    /// The claims that a policy asks for of a provider: name and value.
    pub fn claims_of(&self, provider: AccessId) -> impl Iterator<Item = (&str, &str)> {
        self.policies.iter().flat_map(AccessPolicy::rules).filter_map(move |rule| match rule {
            AccessRule::Claim { provider: said_by, name, value } if *said_by == provider => Some((&**name, &**value)),
            _ => None,
        })
    }

    /// Whether a provider may be used for it.
    pub fn uses(&self, provider: AccessId) -> bool {
        self.providers.is_empty() || self.providers.contains(&provider)
    }
}

/// Whoever says who somebody is: an OpenID provider.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Its id.
    pub id: AccessId,
    /// What people call it.
    pub name: String,
    /// The issuer of its tokens, an https URL (http on this machine only).
    pub issuer: String,
    /// What it knows this application by.
    pub client_id: String,
    /// What proves that. Never shown.
    pub client_secret: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim with the e-mail address.
    pub email_claim: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// Without its secret.
impl fmt::Debug for IdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("IdentityProvider");
        shown.field("id", &self.id).field("name", &self.name).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// A credential of a machine: its client id is `<id as hex>.access`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceToken {
    /// Its id.
    pub id: AccessId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the client secret, which is kept nowhere.
    pub secret_digest: [u8; 32],
    /// How long it holds, seconds; `None`: for ever.
    pub duration: Option<u64>,
    /// From when on it holds no more.
    pub expires: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl ServiceToken {
    /// What clients send in `CF-Access-Client-Id`.
    pub fn client_id(&self) -> String {
        format!("{}.access", hex(&self.id.0))
    }

    /// The token that a client id names.
    pub fn id_of(client_id: &str) -> Option<AccessId> {
        parse_hex(client_id.strip_suffix(".access")?).map(AccessId)
    }
}

#[cfg(test)]
mod tests;
