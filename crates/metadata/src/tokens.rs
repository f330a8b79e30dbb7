//! API tokens: found by id for every request, by value for those that bear one, and listed by owner.
//!
//! Three rows each: the token, and two that name it by its value's digest and by its place among those of its owner.
//! They change in one commit, so that a token is never found one way and not the other.

use crate::engine::{Outcome, Scan, Step, Table, Visitor, scan_with};
use crate::keys;
use crate::rows::{TokenEnd, TokenNameRow, TokenOwner, TokenPlaceRow, TokenRow, TokenUseRow};
use crate::service::{Change, Metadata, MetadataError, Stored};
use std::sync::Arc;
use types::{AccessKeyId, AccountId, Timestamp};

/// The digest that a token's value is found by. Keyed, so that the keys of rows tell nobody which tokens there are.
pub type ValueDigest = [u8; 32];

/// A page of tokens.
#[derive(Clone, Debug)]
pub struct TokenPage {
    /// The tokens with their ids.
    pub tokens: Vec<(AccessKeyId, TokenRow)>,
    /// How many the owner has.
    pub total: usize,
}

/// Which tokens a page has.
#[derive(Clone, Copy, Debug)]
pub struct TokenQuery {
    /// The account.
    pub account: AccountId,
    /// Who holds them.
    pub owner: TokenOwner,
    /// How many come before the page.
    pub offset: usize,
    /// At most so many.
    pub limit: usize,
    /// Newest first; else oldest first.
    pub newest_first: bool,
    /// Without those that have ended by then.
    pub not_ended_at: Option<Timestamp>,
}

impl Metadata {
    /// A token, from memory if it was used before.
    pub async fn token(&self, id: AccessKeyId) -> Result<Option<Arc<Stored<TokenRow>>>, MetadataError> {
        self.read_kept(&keys::token(id), |kept| &kept.tokens).await
    }

    /// A token that is to be changed.
    pub async fn stored_token(&self, id: AccessKeyId) -> Result<Option<Stored<TokenRow>>, MetadataError> {
        self.read(&keys::token(id)).await
    }

    /// The token that has a value, from memory if it was used before.
    pub async fn token_with_value(&self, value: &ValueDigest) -> Result<Option<AccessKeyId>, MetadataError> {
        let stored = self.read_kept::<TokenNameRow>(&keys::token_value(value), |kept| &kept.token_values).await?;
        Ok(stored.map(|stored| stored.row.token))
    }

    /// Keeps a new token. [`Outcome::Conflict`]: the id or the value is taken.
    pub async fn create_token(
        &self,
        id: AccessKeyId,
        row: &TokenRow,
        value: &ValueDigest,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        add(&mut change, id, row, value);
        Ok(change.commit().await?)
    }

    /// Names a token that a release before there were names made by its value and its place.
    pub async fn name_token(
        &self,
        id: AccessKeyId,
        token: &Stored<TokenRow>,
        value: &ValueDigest,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect(keys::token(id), token);
        put_names(&mut change, id, &token.row, value);
        Ok(change.commit().await?)
    }

    /// Sets the row of a token; `values` are the digests of its old and its new value if it got a new one.
    /// [`Outcome::Conflict`]: it is no longer as it was found.
    pub async fn change_token(
        &self,
        id: AccessKeyId,
        token: &Stored<TokenRow>,
        row: &TokenRow,
        values: Option<(&ValueDigest, &ValueDigest)>,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect(keys::token(id), token);
        change.put(keys::token(id), row);
        put_place(&mut change, id, row);
        if let Some((old, new)) = values {
            change.delete(keys::token_value(old));
            change.expect_absent(keys::token_value(new));
            change.put(keys::token_value(new), &TokenNameRow { token: id });
        }
        Ok(change.commit().await?)
    }

    /// Removes a token. [`Outcome::Conflict`]: it is no longer as it was found.
    pub async fn delete_token(
        &self,
        id: AccessKeyId,
        token: &Stored<TokenRow>,
        value: &ValueDigest,
    ) -> Result<Outcome, MetadataError> {
        let mut change = self.change();
        change.expect(keys::token(id), token);
        change.delete(keys::token(id));
        change.delete(keys::token_value(value));
        change.delete(place(id, &token.row));
        change.delete(keys::token_use(id));
        Ok(change.commit().await?)
    }

    /// A page of an owner's tokens in the order they were made.
    pub async fn list_tokens(&self, query: TokenQuery) -> Result<TokenPage, MetadataError> {
        let mut ids = self.token_ids(query).await?;
        let total = ids.len();
        if query.newest_first {
            ids.reverse();
        }
        let mut tokens = Vec::new();
        for id in ids.into_iter().skip(query.offset).take(query.limit) {
            // One that is gone was removed since the scan.
            if let Some(stored) = self.stored_token(id).await? {
                tokens.push((id, stored.row));
            }
        }
        Ok(TokenPage { tokens, total })
    }

    async fn token_ids(&self, query: TokenQuery) -> Result<Vec<AccessKeyId>, MetadataError> {
        let start = keys::token_places(query.account, query.owner);
        let end = keys::after_prefix(&start);
        let scan = Scan { table: Table::Rows, start, end, backwards: false };
        let Some(now) = query.not_ended_at else {
            return Ok(scan_with(self.engine(), scan, Ids(Vec::new())).await?.0);
        };
        let mut ids = Vec::new();
        for (_, place) in self.read_scan::<TokenPlaceRow>(scan, usize::MAX).await? {
            let TokenPlaceRow { token, end } = place.row;
            let has_ended = match end {
                TokenEnd::Never => false,
                TokenEnd::At(end) => end <= now,
                TokenEnd::Unknown => {
                    let stored = self.stored_token(token).await?;
                    stored.and_then(|stored| stored.row.expires).is_some_and(|end| end <= now)
                }
            };
            if !has_ended {
                ids.push(token);
            }
        }
        Ok(ids)
    }

    /// When a token was last used, as far as it is written down.
    pub async fn token_last_used(&self, id: AccessKeyId) -> Result<Option<Timestamp>, MetadataError> {
        Ok(self.read::<TokenUseRow>(&keys::token_use(id)).await?.map(|stored| stored.row.when))
    }

    /// Writes down when tokens were last used. Those that are gone are left out.
    pub async fn set_tokens_last_used(&self, uses: &[(AccessKeyId, Timestamp)]) -> Result<(), MetadataError> {
        let mut change = self.change();
        for (id, when) in uses {
            if self.token(*id).await?.is_some() {
                change.put(keys::token_use(*id), &TokenUseRow { when: *when });
            }
        }
        let _always_committed = change.commit().await?;
        Ok(())
    }
}

/// A token and its names, none of which may be there.
pub(crate) fn add(change: &mut Change<'_>, id: AccessKeyId, row: &TokenRow, value: &ValueDigest) {
    change.expect_absent(keys::token(id));
    change.put(keys::token(id), row);
    put_names(change, id, row, value);
}

fn put_names(change: &mut Change<'_>, id: AccessKeyId, row: &TokenRow, value: &ValueDigest) {
    change.expect_absent(keys::token_value(value));
    change.put(keys::token_value(value), &TokenNameRow { token: id });
    put_place(change, id, row);
}

fn put_place(change: &mut Change<'_>, id: AccessKeyId, row: &TokenRow) {
    let end = row.expires.map_or(TokenEnd::Never, TokenEnd::At);
    change.put(place(id, row), &TokenPlaceRow { token: id, end });
}

fn place(id: AccessKeyId, row: &TokenRow) -> Vec<u8> {
    keys::token_place(row.account, row.owner, row.issued, id)
}

/// The ids at the ends of the keys of places.
struct Ids(Vec<AccessKeyId>);

impl Visitor for Ids {
    fn visit(&mut self, key: &[u8], _: &[u8]) -> Step {
        self.0.extend(key.last_chunk().map(|id| AccessKeyId(*id)));
        Step::Next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{ACCOUNT, service};

    fn row(issued: u64) -> TokenRow {
        TokenRow {
            account: ACCOUNT,
            owner: TokenOwner::Account,
            secret: [7; 32],
            name: "name".into(),
            disabled: false,
            policies: TokenRow::everything(),
            addresses: None,
            issued: Timestamp(issued),
            modified: Timestamp(issued),
            not_before: None,
            expires: None,
        }
    }

    async fn ids(metadata: &Metadata, offset: usize, limit: usize, newest_first: bool) -> (Vec<u8>, usize) {
        let (owner, not_ended_at) = (TokenOwner::Account, None);
        let query = TokenQuery { account: ACCOUNT, owner, offset, limit, newest_first, not_ended_at };
        let page = metadata.list_tokens(query).await.unwrap();
        (page.tokens.iter().map(|(id, _)| id.0[0]).collect(), page.total)
    }

    #[tokio::test]
    async fn a_token_is_found_by_id_and_value_until_it_is_removed() {
        let metadata = service().with_row_cache();
        let id = AccessKeyId([1; 16]);
        assert_eq!(metadata.create_token(id, &row(1), &[1; 32]).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.create_token(id, &row(1), &[2; 32]).await.unwrap(), Outcome::Conflict);
        assert!(metadata.token(id).await.unwrap().is_some());
        let stored = metadata.stored_token(id).await.unwrap().unwrap();
        let rolled = TokenRow { secret: [8; 32], ..stored.row.clone() };
        let done = metadata.change_token(id, &stored, &rolled, Some((&[1; 32], &[3; 32]))).await.unwrap();
        assert_eq!(done, Outcome::Committed);
        assert_eq!(metadata.token_with_value(&[1; 32]).await.unwrap(), None);
        assert_eq!(metadata.token_with_value(&[3; 32]).await.unwrap(), Some(id));
        assert_eq!(metadata.token(id).await.unwrap().unwrap().row.secret, [8; 32], "not the one kept in memory");
        assert_eq!(metadata.delete_token(id, &stored, &[3; 32]).await.unwrap(), Outcome::Conflict, "it changed");
        let stored = metadata.stored_token(id).await.unwrap().unwrap();
        assert_eq!(metadata.delete_token(id, &stored, &[3; 32]).await.unwrap(), Outcome::Committed);
        assert!(metadata.token(id).await.unwrap().is_none());
        assert_eq!(metadata.token_with_value(&[3; 32]).await.unwrap(), None);
        assert_eq!(ids(&metadata, 0, 10, false).await, (vec![], 0));
    }

    #[tokio::test]
    async fn pages_follow_the_order_of_making() {
        let metadata = service();
        for (id, issued) in [(1, 30), (2, 10), (3, 20)] {
            let made = metadata.create_token(AccessKeyId([id; 16]), &row(issued), &[id; 32]).await.unwrap();
            assert_eq!(made, Outcome::Committed);
        }
        assert_eq!(ids(&metadata, 0, 2, false).await, (vec![2, 3], 3));
        assert_eq!(ids(&metadata, 2, 2, false).await, (vec![1], 3));
        assert_eq!(ids(&metadata, 0, 9, true).await, (vec![1, 3, 2], 3));
    }

    /// As places were at first.
    async fn forget_end(metadata: &Metadata, id: AccessKeyId, row: &TokenRow) {
        let mut change = metadata.change();
        change.put(place(id, row), &TokenNameRow { token: id });
        assert_eq!(change.commit().await.unwrap(), Outcome::Committed);
    }

    #[tokio::test]
    async fn tokens_that_have_ended_are_left_out_if_that_is_asked_for() {
        let metadata = service();
        let ends = [None, Some(50), Some(100), Some(101)];
        for (number, end) in (1..).zip(ends) {
            let (id, row) = (AccessKeyId([number; 16]), TokenRow { expires: end.map(Timestamp), ..row(10) });
            assert_eq!(metadata.create_token(id, &row, &[number; 32]).await.unwrap(), Outcome::Committed);
        }
        let left = async |not_ended_at: Option<u64>| {
            let (owner, not_ended_at) = (TokenOwner::Account, not_ended_at.map(Timestamp));
            let query = TokenQuery { account: ACCOUNT, owner, offset: 0, limit: 9, newest_first: false, not_ended_at };
            let page = metadata.list_tokens(query).await.unwrap();
            assert_eq!(page.tokens.len(), page.total);
            page.tokens.iter().map(|(id, _)| id.0[0]).collect::<Vec<_>>()
        };
        assert_eq!((left(None).await, left(Some(100)).await), (vec![1, 2, 3, 4], vec![1, 4]));
        for number in 1..=4 {
            let id = AccessKeyId([number; 16]);
            forget_end(&metadata, id, &metadata.stored_token(id).await.unwrap().unwrap().row).await;
        }
        assert_eq!(left(Some(100)).await, [1, 4]);
        let id = AccessKeyId([1; 16]);
        let stored = metadata.stored_token(id).await.unwrap().unwrap();
        let ended = TokenRow { expires: Some(Timestamp(60)), ..stored.row.clone() };
        assert_eq!(metadata.change_token(id, &stored, &ended, None).await.unwrap(), Outcome::Committed);
        assert_eq!(left(Some(100)).await, [4]);
    }

    #[tokio::test]
    async fn the_last_use_goes_with_its_token() {
        let metadata = service();
        let id = AccessKeyId([1; 16]);
        assert_eq!(metadata.create_token(id, &row(1), &[1; 32]).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.token_last_used(id).await.unwrap(), None);
        metadata.set_tokens_last_used(&[(id, Timestamp(7)), (AccessKeyId([9; 16]), Timestamp(7))]).await.unwrap();
        assert_eq!(metadata.token_last_used(id).await.unwrap(), Some(Timestamp(7)));
        assert_eq!(metadata.token_last_used(AccessKeyId([9; 16])).await.unwrap(), None, "there is no such token");
        let stored = metadata.stored_token(id).await.unwrap().unwrap();
        assert_eq!(metadata.delete_token(id, &stored, &[1; 32]).await.unwrap(), Outcome::Committed);
        assert_eq!(metadata.token_last_used(id).await.unwrap(), None);
    }
}
