//! API tokens: made, seen, changed, given a new value, removed. Each acts on the caller's own account.
//! Source: R2 "Authentication", Create API tokens via API.

use crate::audit::AuditedChange;
use crate::authenticate::secret_of;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use crate::token_bounds::Bounds;
use metadata::rows::{TokenOwner, TokenRow, TokenState};
use metadata::tokens::TokenQuery;
use metadata::{Outcome, Stored};
use std::sync::Arc;
use types::limits::{POLICIES_MAX, TOKEN_NAME_BYTES_MAX};
use types::{AccessKeyId, AddressCondition, ErrorCode, OperationError, Policy, Resource, Timestamp};

/// What a client says of a token.
#[derive(Clone, Debug)]
pub struct TokenContent {
    /// What people call it: 1 to [`TOKEN_NAME_BYTES_MAX`] bytes.
    pub name: String,
    /// Whether it is to be turned off; `None`: a new one is on, another stays as it is.
    pub disabled: Option<bool>,
    /// What it may do: 1 to [`POLICIES_MAX`]. Their ids are drawn anew.
    pub policies: Vec<Policy>,
    /// Where it may be used from.
    pub addresses: AddressCondition,
    /// It may not be used before.
    pub not_before: Option<Timestamp>,
    /// It may not be used from then on.
    pub expires: Option<Timestamp>,
}

impl TokenContent {
    /// Where it may be used from, if not from everywhere.
    fn bounded_addresses(&self) -> Option<Arc<AddressCondition>> {
        Some(&self.addresses).filter(|addresses| **addresses != AddressCondition::default()).cloned().map(Arc::new)
    }
}

/// A token as it is shown.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its id, and S3 access key id.
    pub id: AccessKeyId,
    /// The rest but its secret.
    pub row: TokenRow,
    /// What it can be used for now.
    pub state: TokenState,
    /// When it was last used, if it ever was: exact to five minutes.
    pub last_used: Option<Timestamp>,
}

/// Which tokens a page has.
#[derive(Clone, Copy, Debug)]
pub struct ListTokens {
    /// Whose.
    pub owner: TokenOwner,
    /// How many come before the page.
    pub offset: usize,
    /// At most so many.
    pub limit: usize,
    /// Newest first; else oldest first.
    pub newest_first: bool,
    /// Also those that have ended.
    pub include_expired: bool,
}

/// A token with its value, which is shown this once.
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// What its bearer shows. Its SHA-256 in hexadecimal is the S3 secret access key.
    pub value: String,
}

/// Bytes of randomness in a token's value.
const VALUE_BYTES: usize = 30;

impl Store {
    /// Makes a token.
    ///
    /// # Errors
    /// `AccessDenied`, also for a token that could do more than the caller's own, from more places or for longer;
    /// `InvalidArgument` for content out of
    /// bounds.
    pub async fn create_token(
        &self,
        caller: &Caller,
        owner: TokenOwner,
        content: TokenContent,
    ) -> Result<NewToken, OperationError> {
        caller.authorize(Action::CreateToken, Resource::Account)?;
        self.check(caller, &content, None).await?;
        loop {
            let (id, value, now) = (AccessKeyId(self.random_id()), self.new_token_value(), self.clock.now());
            let secret = secret_of(&value);
            let row =
                self.row(&content, TokenRow { account: caller.account, owner, secret, issued: now, ..blank(now) });
            let audited = AuditedChange::of_token("CreateToken", id, None, Some(&row));
            let recording = self.recording(caller, audited).await?;
            if recording.create_token(id, &row, &self.value_digest(&secret)).await? == Outcome::Committed {
                return Ok(NewToken { token: self.shown(id, row), value });
            }
        }
    }

    /// A page of tokens, and how many there are.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn list_tokens(
        &self,
        caller: &Caller,
        request: ListTokens,
    ) -> Result<(Vec<Token>, usize), OperationError> {
        caller.authorize(Action::ListTokens, Resource::Account)?;
        let ListTokens { owner, offset, limit, newest_first, include_expired } = request;
        let not_ended_at = (!include_expired).then(|| self.clock.now());
        let query = TokenQuery { account: caller.account, owner, offset, limit, newest_first, not_ended_at };
        let page = self.metadata.list_tokens(query).await?;
        let mut tokens = Vec::with_capacity(page.tokens.len());
        for (id, row) in page.tokens {
            tokens.push(Token { last_used: self.last_use(id).await?, ..self.shown(id, row) });
        }
        Ok((tokens, page.total))
    }

    /// A token.
    ///
    /// # Errors
    /// `AccessDenied`; `NoSuchToken`.
    pub async fn token(&self, caller: &Caller, owner: TokenOwner, id: AccessKeyId) -> Result<Token, OperationError> {
        caller.authorize(Action::GetToken, Resource::Account)?;
        let row = self.find_token(caller, owner, id).await?.row;
        Ok(Token { last_used: self.last_use(id).await?, ..self.shown(id, row) })
    }

    /// The caller's own token: everybody may see that.
    ///
    /// # Errors
    /// `Unauthorized` if it was removed since.
    pub async fn own_token(&self, caller: &Caller) -> Result<Token, OperationError> {
        let row = self.metadata.token(caller.token).await?;
        row.map(|stored| self.shown(caller.token, stored.row.clone())).ok_or_else(|| ErrorCode::Unauthorized.into())
    }

    /// Changes a token, from the next request on.
    ///
    /// # Errors
    /// As [`Store::create_token`]; `NoSuchToken`.
    pub async fn update_token(
        &self,
        caller: &Caller,
        owner: TokenOwner,
        id: AccessKeyId,
        content: TokenContent,
    ) -> Result<Token, OperationError> {
        caller.authorize(Action::UpdateToken, Resource::Account)?;
        loop {
            let found = self.find_token(caller, owner, id).await?;
            self.check(caller, &content, Some(&found.row)).await?;
            let row = self.row(&content, TokenRow { modified: self.clock.now(), ..found.row.clone() });
            let audited = AuditedChange::of_token("UpdateToken", id, Some(&found.row), Some(&row));
            let recording = self.recording(caller, audited).await?;
            if recording.change_token(id, &found, &row, None).await? == Outcome::Committed {
                return Ok(Token { last_used: self.last_use(id).await?, ..self.shown(id, row) });
            }
        }
    }

    /// Gives a token a new value, and so a new S3 secret access key. The old ones end at once.
    ///
    /// # Errors
    /// `AccessDenied`, as with [`Store::create_token`]; `NoSuchToken`.
    pub async fn roll_token(
        &self,
        caller: &Caller,
        owner: TokenOwner,
        id: AccessKeyId,
    ) -> Result<NewToken, OperationError> {
        caller.authorize(Action::UpdateToken, Resource::Account)?;
        loop {
            let found = self.find_token(caller, owner, id).await?;
            self.check_no_more_than_own(caller, &found.row.policies, &Bounds::of(&found.row)).await?;
            let value = self.new_token_value();
            let row = TokenRow { secret: secret_of(&value), modified: self.clock.now(), ..found.row.clone() };
            let values = (&self.value_digest(&found.row.secret), &self.value_digest(&row.secret));
            let audited = AuditedChange::of_token("RollToken", id, Some(&found.row), Some(&row));
            let recording = self.recording(caller, audited).await?;
            if recording.change_token(id, &found, &row, Some(values)).await? == Outcome::Committed {
                return Ok(NewToken { token: self.shown(id, row), value });
            }
        }
    }

    /// Removes a token. Its requests fail from the next one on.
    ///
    /// # Errors
    /// `AccessDenied`; `NoSuchToken`.
    pub async fn delete_token(
        &self,
        caller: &Caller,
        owner: TokenOwner,
        id: AccessKeyId,
    ) -> Result<(), OperationError> {
        caller.authorize(Action::DeleteToken, Resource::Account)?;
        loop {
            let found = self.find_token(caller, owner, id).await?;
            let value = self.value_digest(&found.row.secret);
            let audited = AuditedChange::of_token("DeleteToken", id, Some(&found.row), None);
            let recording = self.recording(caller, audited).await?;
            if recording.delete_token(id, &found, &value).await? == Outcome::Committed {
                return Ok(());
            }
        }
    }

    async fn find_token(
        &self,
        caller: &Caller,
        owner: TokenOwner,
        id: AccessKeyId,
    ) -> Result<Stored<TokenRow>, OperationError> {
        let found = self.metadata.stored_token(id).await?;
        let own = found.filter(|token| token.row.account == caller.account && token.row.owner == owner);
        own.ok_or_else(|| ErrorCode::NoSuchToken.into())
    }

    /// `stored`: the token as it is, which may keep an end that is past.
    async fn check(
        &self,
        caller: &Caller,
        content: &TokenContent,
        stored: Option<&TokenRow>,
    ) -> Result<(), OperationError> {
        let keeps_its_end = stored.is_some_and(|stored| stored.expires == content.expires);
        let rules = [
            ((1..=TOKEN_NAME_BYTES_MAX).contains(&content.name.len()), "name must have a length between 1 and 120"),
            ((1..=POLICIES_MAX).contains(&content.policies.len()), "a token has from 1 to 300 policies"),
            (content.policies.iter().all(|policy| !policy.groups.is_empty()), "a policy needs a permission group"),
            (content.policies.iter().all(|policy| !policy.resources.is_empty()), "a policy needs a resource"),
            (
                keeps_its_end || content.expires.is_none_or(|end| end > self.clock.now()),
                "expires_on must lie in the future",
            ),
            (
                content.expires.is_none() || content.not_before < content.expires,
                "not_before must lie before expires_on",
            ),
        ];
        if let Some((_, message)) = rules.into_iter().find(|(holds, _)| !holds) {
            return Err(OperationError::new(ErrorCode::InvalidArgument, message));
        }
        let bounds = Bounds { addresses: content.bounded_addresses(), expires: content.expires };
        self.check_no_more_than_own(caller, &content.policies, &bounds).await
    }

    /// A value nobody has had before.
    pub(crate) fn new_token_value(&self) -> String {
        types::ids::hex(&self.entropy.bytes::<VALUE_BYTES>())
    }

    /// `of` with what a client says.
    fn row(&self, content: &TokenContent, of: TokenRow) -> TokenRow {
        let policies = content.policies.iter().map(|policy| Policy { id: self.random_id(), ..policy.clone() });
        TokenRow {
            name: content.name.as_str().into(),
            disabled: content.disabled.unwrap_or(of.disabled),
            policies: policies.collect(),
            addresses: content.bounded_addresses(),
            not_before: content.not_before,
            expires: content.expires,
            ..of
        }
    }

    fn shown(&self, id: AccessKeyId, row: TokenRow) -> Token {
        let state = row.state(self.clock.now());
        Token { id, row, state, last_used: None }
    }
}

/// What the rest is filled in to.
fn blank(now: Timestamp) -> TokenRow {
    TokenRow {
        account: types::AccountId([0; 16]),
        owner: TokenOwner::Account,
        secret: [0; 32],
        name: "".into(),
        disabled: false,
        policies: Arc::new([]),
        addresses: None,
        issued: now,
        modified: now,
        not_before: None,
        expires: None,
    }
}
