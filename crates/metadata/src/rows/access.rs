//! Rows of access control: applications, identity providers, service tokens, voided users, rules about tokens in URLs.
//! Frozen, as `formats` says.

use super::formats::{Row, optional_time, time, write_optional_time};
use crate::codec::{Decoder, Encoder, Malformed};
use types::{
    AccessApp, AccessDecision, AccessId, AccessPolicy, AccessRule, DomainName, IdentityProvider, ServiceToken,
    Timestamp, TokenCondition, TokenRule,
};

/// Sessions of a user that began up to a moment are void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessVoidRow {
    /// The moment.
    pub until: Timestamp,
}

/// The rules of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRulesRow {
    /// The id of the set of rules.
    pub id: [u8; 16],
    /// Grows with every change.
    pub version: u64,
    /// When it was last changed.
    pub updated: Timestamp,
    /// The rules in their order.
    pub rules: Vec<TokenRule>,
}

impl Row for AccessApp {
    const NAME: &'static str = "access application";
    const MARKER: [u8; 4] = *b"aap1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.id.0).bytes(self.name.as_bytes()).bytes(self.domain.as_str().as_bytes());
        fields.fixed(&self.audience).number(self.session_seconds).number(self.providers.len() as u64);
        for id in &self.providers {
            fields.fixed(&id.0);
        }
        fields.number(self.preflight_bypass.into()).number(self.policies.len() as u64);
        self.policies.iter().for_each(|policy| write_policy(fields, policy));
        fields.number(self.created.0).number(self.updated.0);
        write_optional_time(fields, self.void_until);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: id(fields)?,
            name: fields.text("name")?,
            domain: DomainName::parse(&fields.text("domain")?).map_err(|_| Malformed { field: "domain" })?,
            audience: fields.fixed("audience")?,
            session_seconds: fields.number("session")?,
            providers: fields.list("providers", id)?,
            preflight_bypass: fields.flag("preflight")?,
            policies: fields.list("policies", read_policy)?,
            created: time(fields, "created")?,
            updated: time(fields, "updated")?,
            void_until: optional_time(fields, "void until")?,
        })
    }
}

fn write_policy(fields: &mut Encoder, policy: &AccessPolicy) {
    let decision = match policy.decision {
        AccessDecision::Allow => 0,
        AccessDecision::Deny => 1,
        AccessDecision::NonIdentity => 2,
        AccessDecision::Bypass => 3,
    };
    fields.fixed(&policy.id.0).bytes(policy.name.as_bytes()).number(decision);
    for rules in [&policy.include, &policy.exclude, &policy.require] {
        fields.number(rules.len() as u64);
        rules.iter().for_each(|rule| write_rule(fields, rule));
    }
    fields.number(policy.created.0).number(policy.updated.0);
}

fn read_policy(fields: &mut Decoder<'_>) -> Result<AccessPolicy, Malformed> {
    Ok(AccessPolicy {
        id: id(fields)?,
        name: fields.text("name")?,
        decision: match fields.number("decision")? {
            0 => AccessDecision::Allow,
            1 => AccessDecision::Deny,
            2 => AccessDecision::NonIdentity,
            3 => AccessDecision::Bypass,
            _ => return Err(Malformed { field: "decision" }),
        },
        include: fields.list("include", read_rule)?,
        exclude: fields.list("exclude", read_rule)?,
        require: fields.list("require", read_rule)?,
        created: time(fields, "created")?,
        updated: time(fields, "updated")?,
    })
}

fn write_rule(fields: &mut Encoder, rule: &AccessRule) {
    match rule {
        AccessRule::Everyone => fields.number(0),
        AccessRule::Email(email) => fields.number(1).bytes(email.as_bytes()),
        AccessRule::EmailDomain(domain) => fields.number(2).bytes(domain.as_bytes()),
        AccessRule::Claim { provider, name, value } => {
            fields.number(3).fixed(&provider.0).bytes(name.as_bytes()).bytes(value.as_bytes())
        }
        AccessRule::ServiceToken(id) => fields.number(4).fixed(&id.0),
        AccessRule::AnyServiceToken => fields.number(5),
    };
}

fn read_rule(fields: &mut Decoder<'_>) -> Result<AccessRule, Malformed> {
    Ok(match fields.number("rule")? {
        0 => AccessRule::Everyone,
        1 => AccessRule::Email(fields.text("email")?),
        2 => AccessRule::EmailDomain(fields.text("email domain")?),
        3 => {
            AccessRule::Claim { provider: id(fields)?, name: fields.text("claim")?, value: fields.text("claim value")? }
        }
        4 => AccessRule::ServiceToken(id(fields)?),
        5 => AccessRule::AnyServiceToken,
        _ => return Err(Malformed { field: "rule" }),
    })
}

impl Row for IdentityProvider {
    const NAME: &'static str = "identity provider";
    const MARKER: [u8; 4] = *b"aip1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.id.0);
        for text in [&self.name, &self.issuer, &self.client_id, &self.client_secret, &self.email_claim] {
            fields.bytes(text.as_bytes());
        }
        fields.number(self.scopes.len() as u64);
        for scope in &self.scopes {
            fields.bytes(scope.as_bytes());
        }
        fields.number(self.created.0).number(self.updated.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: id(fields)?,
            name: fields.text("name")?,
            issuer: fields.text("issuer")?,
            client_id: fields.text("client id")?,
            client_secret: fields.text("client secret")?,
            email_claim: fields.text("email claim")?,
            scopes: fields.list("scopes", |fields| fields.text("scope"))?,
            created: time(fields, "created")?,
            updated: time(fields, "updated")?,
        })
    }
}

impl Row for ServiceToken {
    const NAME: &'static str = "service token";
    const MARKER: [u8; 4] = *b"ast1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.id.0).bytes(self.name.as_bytes()).fixed(&self.secret_digest);
        fields.number(self.duration.map_or(0, |seconds| seconds.saturating_add(1)));
        write_optional_time(fields, self.expires);
        fields.number(self.created.0).number(self.updated.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: id(fields)?,
            name: fields.text("name")?,
            secret_digest: fields.fixed("secret")?,
            duration: fields.number("duration")?.checked_sub(1),
            expires: optional_time(fields, "expires")?,
            created: time(fields, "created")?,
            updated: time(fields, "updated")?,
        })
    }
}

impl Row for AccessVoidRow {
    const NAME: &'static str = "voided user";
    const MARKER: [u8; 4] = *b"avo1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.until.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { until: time(fields, "until")? })
    }
}

impl Row for TokenRulesRow {
    const NAME: &'static str = "token rules";
    const MARKER: [u8; 4] = *b"zru1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.id).number(self.version).number(self.updated.0).number(self.rules.len() as u64);
        for rule in &self.rules {
            fields.fixed(&rule.id).bytes(rule.expression.as_bytes()).bytes(rule.description.as_bytes());
            fields.number(rule.enabled.into());
        }
    }

    /// What a rule says is read from its expression again: there is one truth.
    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: fields.fixed("id")?,
            version: fields.number("version")?,
            updated: time(fields, "updated")?,
            rules: fields.list("rules", |fields| {
                let (id, expression) = (fields.fixed("rule id")?, fields.text("expression")?);
                let condition = TokenCondition::parse(&expression).map_err(|_| Malformed { field: "expression" })?;
                let (description, enabled) = (fields.text("description")?, fields.flag("enabled")?);
                Ok(TokenRule { id, expression, description, enabled, condition })
            })?,
        })
    }
}

fn id(fields: &mut Decoder<'_>) -> Result<AccessId, Malformed> {
    Ok(AccessId(fields.fixed("id")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPRESSION: &str = "http.host eq \"a.example.com\" and not is_timed_hmac_valid_v0(\"secret\", http.request.uri, \
                              60, http.request.timestamp.sec, 8)";

    fn app() -> AccessApp {
        let rules = vec![
            AccessRule::Everyone,
            AccessRule::Email("a@b.c".into()),
            AccessRule::EmailDomain("b.c".into()),
            AccessRule::Claim { provider: AccessId([2; 16]), name: "groups".into(), value: "staff".into() },
            AccessRule::ServiceToken(AccessId([3; 16])),
            AccessRule::AnyServiceToken,
        ];
        let policies = AccessDecision::ALL.into_iter().map(|decision| AccessPolicy {
            id: AccessId([4; 16]),
            name: "policy".into(),
            decision,
            include: rules.clone(),
            exclude: rules[..1].to_vec(),
            require: Vec::new(),
            created: Timestamp(1),
            updated: Timestamp(2),
        });
        AccessApp {
            id: AccessId([1; 16]),
            name: "app".into(),
            domain: DomainName::parse("a.example.com").unwrap(),
            audience: [9; 32],
            session_seconds: 86_400,
            providers: vec![AccessId([2; 16])],
            preflight_bypass: true,
            policies: policies.collect(),
            created: Timestamp(1),
            updated: Timestamp(2),
            void_until: Some(Timestamp(3)),
        }
    }

    fn provider() -> IdentityProvider {
        IdentityProvider {
            id: AccessId([2; 16]),
            name: "provider".into(),
            issuer: "https://issuer.example.com".into(),
            client_id: "client".into(),
            client_secret: "secret".into(),
            scopes: vec!["email".into()],
            email_claim: "email".into(),
            created: Timestamp(1),
            updated: Timestamp(2),
        }
    }

    fn token() -> ServiceToken {
        ServiceToken {
            id: AccessId([3; 16]),
            name: "token".into(),
            secret_digest: [5; 32],
            duration: Some(60),
            expires: Some(Timestamp(60_001)),
            created: Timestamp(1),
            updated: Timestamp(2),
        }
    }

    fn rules() -> TokenRulesRow {
        let rule = TokenRule {
            id: [6; 16],
            expression: EXPRESSION.into(),
            description: "tokens".into(),
            enabled: true,
            condition: TokenCondition::parse(EXPRESSION).unwrap(),
        };
        TokenRulesRow { id: [7; 16], version: 3, updated: Timestamp(9), rules: vec![rule] }
    }

    /// What the first release wrote must be read for ever.
    #[test]
    fn the_frozen_rows_still_read() {
        frozen(include_bytes!("testdata/aap1.bin"), &app());
        frozen(include_bytes!("testdata/aip1.bin"), &provider());
        frozen(include_bytes!("testdata/ast1.bin"), &token());
        frozen(include_bytes!("testdata/avo1.bin"), &AccessVoidRow { until: Timestamp(1_700_000_000_000) });
        frozen(include_bytes!("testdata/zru1.bin"), &rules());
        let for_ever = ServiceToken { duration: None, expires: None, ..token() };
        assert_eq!(ServiceToken::decode(&for_ever.encode()).unwrap(), for_ever);
    }

    fn frozen<T: Row + PartialEq + std::fmt::Debug>(bytes: &[u8], row: &T) {
        assert_eq!(row.encode(), bytes);
        assert_eq!(&T::decode(bytes).unwrap(), row);
        assert!((0..bytes.len()).all(|cut| T::decode(&bytes[..cut]).is_err()), "a cut row");
    }
}
