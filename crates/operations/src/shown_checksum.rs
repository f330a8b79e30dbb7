//! Which checksum a read answers: the object's for all of its bytes, a part's for a part, none for a range.

use crate::get_object::Portion;
use crate::store::Store;
use metadata::rows::{MANIFEST_PAGE_PARTS, ObjectBody, ObjectRow};
use types::{BucketId, ByteRange, ObjectKey, OperationError, ShownChecksum};

impl Store {
    /// The checksum of the bytes of `row` that `range` names, if one is kept. It costs a read only for a part.
    pub(crate) async fn shown_checksum(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
        row: &ObjectRow,
        asked: Portion,
        range: ByteRange,
    ) -> Result<Option<ShownChecksum>, OperationError> {
        let Some(stored) = row.checksum else { return Ok(None) };
        match (asked, row.body) {
            (Portion::Part(number), ObjectBody::Parts { .. }) => self.part_checksum(bucket, key, row, number).await,
            _ if range == ByteRange::whole(row.size) => Ok(Some(stored.into())),
            _ => Ok(None),
        }
    }

    /// The checksum of a part by its place; `None` if the object was replaced since its row was read.
    async fn part_checksum(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
        row: &ObjectRow,
        number: u16,
    ) -> Result<Option<ShownChecksum>, OperationError> {
        let (Some(stored), ObjectBody::Parts { manifest, .. }) = (row.checksum, row.body) else { return Ok(None) };
        let _pin = self.pins.pin(manifest);
        // Only what is still referenced after the pin is safe from the collector.
        let now = self.metadata.object(bucket, key).await?;
        if now.is_none_or(|now| now.row.version != row.version) {
            return Ok(None);
        }
        let index = usize::from(number).saturating_sub(1);
        let page = self.metadata.manifest_page(manifest, index / MANIFEST_PAGE_PARTS).await?;
        let checksum = page.parts.get(index % MANIFEST_PAGE_PARTS).and_then(|part| part.checksum);
        let checksum = checksum.filter(|checksum| checksum.algorithm() == stored.checksum.algorithm());
        Ok(checksum.map(|checksum| ShownChecksum { value: checksum.into(), object_type: stored.checksum_type() }))
    }
}
