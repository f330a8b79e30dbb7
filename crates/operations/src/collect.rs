//! Collecting garbage: what lost its last reference, what an upload left behind, and, after a crash, files that
//! no row ever named. Everything here can be done twice without harm. Called by loops in `background`.

use crate::store::Store;
use metadata::garbage::FoundGarbage;
use metadata::rows::GarbageRow;
use types::{BlobId, OperationError};

/// What one round of collecting did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Pieces of garbage that are gone.
    pub pieces: u64,
    /// Pieces that are still being read, left for a later round.
    pub pinned: u64,
}

/// What became of a piece.
enum Broken {
    /// It is gone.
    Up,
    /// Somebody still reads it.
    Pinned,
    /// It is a blob, not composed.
    NotAtAll,
}

/// Signs that space is wanted, and that some can be had. Counted since the start of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Writes refused because the disk was full up to its reserve.
    pub refusals: u64,
    /// Small objects removed, whose space comes back only when the metadata engine rewrites its files.
    pub removed_payloads: u64,
}

/// Pieces looked at in one go.
const BATCH: usize = 256;

impl Store {
    /// Collects all garbage there is, oldest first, and the files of uploads that failed in this process.
    ///
    /// # Errors
    /// A failure of a store, once everything else is collected.
    pub async fn collect_garbage(&self) -> Result<Collected, OperationError> {
        let mut failure = self.discard_abandoned().await.err();
        let mut done = Collected::default();
        let mut last: Option<FoundGarbage> = None;
        loop {
            let batch = self.metadata.garbage(last.as_ref(), BATCH).await?;
            let Some(end) = batch.last() else { return failure.map_or(Ok(done), Err) };
            last = Some(end.clone());
            // A piece that cannot be collected keeps none behind it from being.
            if let Err(error) = self.collect_batch(&batch, &mut done).await {
                failure.get_or_insert(error);
            }
        }
    }

    async fn collect_batch(&self, batch: &[FoundGarbage], done: &mut Collected) -> Result<(), OperationError> {
        let mut failure = None;
        match self.collect_blobs(batch).await {
            Ok(pieces) => done.pieces += pieces,
            Err(error) => {
                failure = Some(error);
                for piece in batch {
                    // What fails again stays for the next round; the first failure says why.
                    done.pieces += self.collect_blobs(std::slice::from_ref(piece)).await.unwrap_or(0);
                }
            }
        }
        for piece in batch {
            match self.break_up(piece).await {
                Ok(Broken::Up) => done.pieces += 1,
                Ok(Broken::Pinned) => done.pinned += 1,
                Ok(Broken::NotAtAll) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Removes the files among `batch`: one sync per directory and one commit for all.
    async fn collect_blobs(&self, batch: &[FoundGarbage]) -> Result<u64, OperationError> {
        let blob = |piece: &FoundGarbage| match piece.row {
            GarbageRow::Blob(id) => Some(id),
            GarbageRow::Manifest { .. } | GarbageRow::Upload(_) | GarbageRow::Bucket(_) => None,
        };
        let pieces: Vec<_> = batch.iter().filter(|piece| blob(piece).is_some()).collect();
        if !pieces.is_empty() {
            self.blobs.remove_all(batch.iter().filter_map(blob).collect()).await?;
            self.metadata.forget_garbage(&pieces).await?;
        }
        Ok(pieces.len() as u64)
    }

    /// Turns a composed piece into its parts, which are garbage of their own.
    async fn break_up(&self, piece: &FoundGarbage) -> Result<Broken, OperationError> {
        let now = self.clock.now();
        match piece.row {
            GarbageRow::Blob(_) => return Ok(Broken::NotAtAll),
            GarbageRow::Manifest { id, .. } if self.pins.is_pinned(id) => return Ok(Broken::Pinned),
            GarbageRow::Manifest { id, count } => self.metadata.break_up_manifest(piece, id, count, now).await?,
            GarbageRow::Upload(id) => self.metadata.break_up_upload(piece, id, now).await?,
            GarbageRow::Bucket(id) => self.metadata.break_up_bucket(piece, id, now).await?,
        }
        Ok(Broken::Up)
    }

    /// Files of uploads that failed become garbage, unless a commit that was in flight went through after all.
    async fn discard_abandoned(&self) -> Result<(), OperationError> {
        let mut ids = self.blobs.take_abandoned();
        while let Some(id) = ids.last().copied() {
            if let Err(error) = self.discard(id).await {
                self.blobs.put_back_abandoned(ids);
                return Err(error);
            }
            ids.pop();
        }
        Ok(())
    }

    async fn discard(&self, id: BlobId) -> Result<(), OperationError> {
        let _referenced_or_discarded = self.metadata.discard_unreferenced(id, self.clock.now()).await?;
        Ok(())
    }

    /// How much space is wanted, and how much work it would take.
    pub fn pressure(&self) -> Pressure {
        Pressure { refusals: self.blobs.refusals(), removed_payloads: self.metadata.removed_payloads() }
    }

    /// Lets go of removed objects that are still shown by the caches before custom domains: for a disk that is full.
    pub fn let_go_of_copies(&self) {
        if let Some(copies) = &self.public_copies {
            copies.give_space_back();
        }
    }

    /// Gives the space of removed small objects back at once: for a disk that is full. Else it comes in time.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn reclaim_space(&self) -> Result<(), OperationError> {
        Ok(self.metadata.reclaim().await?)
    }

    /// Epochs of processes that are gone and may have left files that no row names.
    ///
    /// # Errors
    /// What the metadata engine says.
    pub async fn unswept_epochs(&self) -> Result<Vec<u32>, OperationError> {
        let mut epochs = self.metadata.open_epochs().await?;
        epochs.retain(|epoch| *epoch != self.blobs.epoch());
        Ok(epochs)
    }

    /// Looks at every file of an epoch whose process is gone: one that no row names becomes garbage. Answers how
    /// many did.
    ///
    /// # Errors
    /// The first failure of a store; the epoch stays unswept.
    pub async fn sweep_epoch(&self, epoch: u32) -> Result<u64, OperationError> {
        let mut discarded = 0;
        let mut sweep = self.blobs.sweep(epoch).await?;
        while let Some(batch) = sweep.next_batch().await? {
            for id in batch {
                if !self.metadata.is_referenced(id).await? {
                    self.discard(id).await?;
                    discarded += 1;
                }
            }
        }
        self.metadata.close_epoch(epoch).await?;
        Ok(discarded)
    }
}
