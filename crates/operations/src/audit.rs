//! The audit log: what was changed, by whom, from where. Source: R2 "Audit Logs".
//!
//! An entry is part of the commit that makes the change, so that there is neither a change without an entry nor an
//! entry of a change that failed. Values are what people configured: no secret is ever among them.

use crate::audit_values;
use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use metadata::Metadata;
use metadata::audit::{AuditPosition, AuditRange};
use metadata::rows::{AuditResource, AuditRow, ChangeKind, Interface, TokenOwner, TokenRow};
use serde_json::Value;
use types::limits::{AUDIT_OFFSET_MAX, AUDIT_PAGE_MAX, AUDIT_SECONDS_KEPT};
use types::{AccessKeyId, AccountId, AddressCondition, BucketName, ErrorCode, OperationError, Resource, Timestamp};

/// A change that is about to be made.
pub(crate) struct AuditedChange {
    action: &'static str,
    kind: ChangeKind,
    resource: AuditResource,
    resource_id: String,
    old: Option<Value>,
    new: Option<Value>,
}

impl AuditedChange {
    /// A change of a bucket, or of a configuration of it. Without `old` it is new, without `new` it is gone.
    pub(crate) fn of_bucket(
        action: &'static str,
        kind: ChangeKind,
        name: &BucketName,
        old: Option<Value>,
        new: Option<Value>,
    ) -> Self {
        Self { action, kind, resource: AuditResource::Bucket, resource_id: name.as_str().to_owned(), old, new }
    }

    /// A change of what is kept of a zone.
    pub(crate) fn of_zone(
        action: &'static str,
        kind: ChangeKind,
        zone: &str,
        old: Option<Value>,
        new: Option<Value>,
    ) -> Self {
        Self { action, kind, resource: AuditResource::Zone, resource_id: zone.to_owned(), old, new }
    }

    /// A change of something of access control. Without `old` it is new, without `new` it is gone.
    pub(crate) fn of_access(
        action: &'static str,
        (resource, resource_id): (AuditResource, String),
        old: Option<Value>,
        new: Option<Value>,
    ) -> Self {
        Self { action, kind: kind_of(old.is_some(), new.is_some()), resource, resource_id, old, new }
    }

    /// A change of a token.
    pub(crate) fn of_token(
        action: &'static str,
        id: AccessKeyId,
        old: Option<&TokenRow>,
        new: Option<&TokenRow>,
    ) -> Self {
        let kind = kind_of(old.is_some(), new.is_some());
        let (old, new) = (old.map(audit_values::token), new.map(audit_values::token));
        Self { action, kind, resource: AuditResource::Token, resource_id: id.to_string(), old, new }
    }
}

fn kind_of(was: bool, is: bool) -> ChangeKind {
    match (was, is) {
        (false, _) => ChangeKind::Create,
        (_, false) => ChangeKind::Delete,
        _ => ChangeKind::Update,
    }
}

/// Which entries a page has.
#[derive(Clone, Debug, Default)]
pub struct ListAuditLog {
    /// None older.
    pub since: Option<Timestamp>,
    /// Only older ones.
    pub before: Option<Timestamp>,
    /// Each must hold.
    pub filters: Vec<AuditFilter>,
    /// Oldest first; else newest first.
    pub oldest_first: bool,
    /// How many come before the page: at most [`AUDIT_OFFSET_MAX`].
    pub offset: usize,
    /// Where a previous page of the same direction ended.
    pub cursor: Option<String>,
    /// At most so many: 1 to [`AUDIT_PAGE_MAX`].
    pub limit: usize,
}

/// What entries of a page must be, or must not be.
#[derive(Clone, Debug)]
pub struct AuditFilter {
    /// What is looked at.
    pub field: AuditField,
    /// It is one of these.
    pub values: Vec<String>,
    /// Or it is none of these.
    pub not: bool,
}

/// What a filter looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditField {
    /// The id of an entry.
    Id,
    /// What was done, such as `CreateBucket`.
    Action,
    /// `create`, `update` or `delete`.
    ActionType,
    /// The id of the token.
    TokenId,
    /// The name of the token.
    TokenName,
    /// `user` or `account`.
    ActorType,
    /// The address; values may be CIDR ranges.
    Address,
    /// `S3`, `API` or `CLI`.
    Interface,
    /// Name or id of what was changed.
    ResourceId,
    /// `r2.bucket`, `token`, or one of access control's.
    ResourceType,
    /// The HTTP method of the request.
    RequestMethod,
    /// The path of the request.
    RequestUri,
    /// What the answer called the request.
    RequestRay,
    /// The HTTP status of the answer.
    RequestStatus,
}

/// A page of the audit log.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The entries in the order that was asked for.
    pub entries: Vec<AuditRow>,
    /// Resumes after the last of them, if more follow.
    pub cursor: Option<String>,
}

impl AuditFilter {
    fn allows(&self, entry: &AuditRow) -> bool {
        self.values.iter().any(|value| matches(self.field, value, entry)) != self.not
    }
}

fn matches(field: AuditField, value: &str, entry: &AuditRow) -> bool {
    match field {
        AuditField::Id => types::ids::hex(&entry.id) == value,
        AuditField::Action => entry.action == value,
        AuditField::ActionType => entry.kind.name() == value,
        AuditField::TokenId => entry.token.to_string() == value,
        AuditField::TokenName => entry.token_name == value,
        AuditField::ActorType => actor_type(entry) == value,
        AuditField::Address => {
            let range = AddressCondition::parse(value);
            range.zip(entry.address).is_some_and(|(range, address)| range.contains(&address.to_canonical()))
        }
        AuditField::Interface => entry.interface.name() == value,
        AuditField::ResourceId => entry.resource_id == value,
        AuditField::ResourceType => entry.resource.name() == value,
        AuditField::RequestMethod => entry.request.as_ref().is_some_and(|request| request.method == value),
        AuditField::RequestUri => entry.request.as_ref().is_some_and(|request| request.uri == value),
        AuditField::RequestRay => entry.request.as_ref().is_some_and(|request| request.ray == value),
        AuditField::RequestStatus => status(entry).is_some_and(|status| status.to_string() == value),
    }
}

/// The HTTP status of the answer to the request of an entry, if that is known: an entry tells of a success.
pub fn status(entry: &AuditRow) -> Option<u16> {
    let request = entry.request.as_ref()?;
    Some(if entry.interface == Interface::S3 && request.method == "DELETE" { 204 } else { 200 })
}

/// What kind of actor an entry names: `user` or `account`.
pub fn actor_type(entry: &AuditRow) -> &'static str {
    match entry.owner {
        TokenOwner::User => "user",
        TokenOwner::Account => "account",
    }
}

/// Entries that are looked at in one read, or removed in one commit.
const ENTRIES_AT_ONCE: usize = 1000;

impl Store {
    /// The metadata through which the caller's next change is made: its commit has the entry of the change. Another try
    /// of the change needs another one.
    pub(crate) async fn recording(&self, caller: &Caller, change: AuditedChange) -> Result<Metadata, OperationError> {
        let token = self.metadata.token(caller.token).await?;
        let text = |value: Option<Value>| value.map_or_else(String::new, |value| value.to_string());
        let entry = AuditRow {
            id: self.audit_id(),
            when: self.clock.now(),
            action: change.action.to_owned(),
            kind: change.kind,
            token: caller.token,
            token_name: token.as_ref().map_or_else(String::new, |token| token.row.name.to_string()),
            owner: token.map_or(TokenOwner::Account, |token| token.row.owner),
            address: caller.address,
            interface: caller.interface,
            resource: change.resource,
            resource_id: change.resource_id,
            old_value: text(change.old),
            new_value: text(change.new),
            request: caller.request.as_deref().cloned(),
        };
        Ok(self.metadata.recording(caller.account, &entry))
    }

    /// A page of the account's audit log: of the last 18 months, older entries are not shown.
    ///
    /// # Errors
    /// `AccessDenied`; `InvalidArgument` for a cursor of another list, or limit or offset out of bounds.
    pub async fn list_audit_log(&self, caller: &Caller, query: &ListAuditLog) -> Result<AuditPage, OperationError> {
        caller.authorize(Action::ListAuditLog, Resource::Account)?;
        if !(1..=AUDIT_PAGE_MAX).contains(&query.limit) || query.offset > AUDIT_OFFSET_MAX {
            let message = "A page of the audit log has from 1 to 1000 entries, and at most 10000 before it.";
            return Err(OperationError::new(ErrorCode::InvalidArgument, message));
        }
        let list = [b"audit".as_slice(), &caller.account.0, &[u8::from(query.oldest_first)]].concat();
        let after = match &query.cursor {
            Some(cursor) => Some(position(&self.tokens.open(&list, cursor)?)?),
            None => None,
        };
        let (entries, more) = self.audit_entries(caller.account, query, after).await?;
        let last = entries.last().filter(|_| more);
        let cursor =
            last.map(|last| self.tokens.seal(&list, &format!("{}/{}", last.when.0, types::ids::hex(&last.id))));
        Ok(AuditPage { entries, cursor })
    }

    /// Removes the entries that are too old to be shown. Answers how many they were. Called by a loop in `background`.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn forget_old_audit_entries(&self) -> Result<usize, OperationError> {
        let Some(store) = self.metadata.store().await? else { return Ok(0) };
        let mut forgotten = 0;
        loop {
            let since = self.audit_log_kept_since();
            let count = self.metadata.forget_audit_entries(store.root_account, since, ENTRIES_AT_ONCE).await?;
            forgotten += count;
            if count < ENTRIES_AT_ONCE {
                return Ok(forgotten);
            }
        }
    }

    fn audit_log_kept_since(&self) -> Timestamp {
        Timestamp(self.clock.now().0.saturating_sub(AUDIT_SECONDS_KEPT * 1000))
    }

    /// The entries of a page, and whether more follow.
    async fn audit_entries(
        &self,
        account: AccountId,
        query: &ListAuditLog,
        after: Option<AuditPosition>,
    ) -> Result<(Vec<AuditRow>, bool), OperationError> {
        let mut range = query.range(self.audit_log_kept_since(), after);
        let before_page = query.offset - range.skip;
        // One more, to know whether it is the last page.
        let wanted = before_page + query.limit + 1;
        let at_once = if query.filters.is_empty() { wanted } else { ENTRIES_AT_ONCE };
        let mut found = Vec::new();
        while found.len() < wanted {
            let entries = self.metadata.audit_entries(account, range, at_once).await?;
            let is_last = entries.len() < at_once;
            let end = entries.last().map(|last| AuditPosition { when: last.when, id: last.id });
            found.extend(entries.into_iter().filter(|entry| query.allows(entry)));
            if is_last {
                break;
            }
            range = AuditRange { after: end, skip: 0, ..range };
        }
        let more = found.len() >= wanted;
        Ok((found.into_iter().skip(before_page).take(query.limit).collect(), more))
    }
}

impl ListAuditLog {
    /// Where its entries are looked for. Without filters, those before the page need not even be opened.
    fn range(&self, kept_since: Timestamp, after: Option<AuditPosition>) -> AuditRange {
        AuditRange {
            since: self.since.map_or(kept_since, |since| since.max(kept_since)),
            before: self.before.unwrap_or(Timestamp(u64::MAX)),
            oldest_first: self.oldest_first,
            after,
            skip: if self.filters.is_empty() { self.offset } else { 0 },
        }
    }

    fn allows(&self, entry: &AuditRow) -> bool {
        self.filters.iter().all(|filter| filter.allows(entry))
    }
}

fn position(text: &str) -> Result<AuditPosition, OperationError> {
    let parsed = text.split_once('/').and_then(|(when, id)| {
        Some(AuditPosition { when: Timestamp(when.parse().ok()?), id: types::ids::parse_hex(id)? })
    });
    parsed.ok_or_else(|| ErrorCode::InvalidArgument.into())
}
