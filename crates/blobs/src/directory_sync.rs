//! Directory syncs, shared: one sync serves everybody who asked before it began.
//!
//! A new file is durable once its directory is synced. Under load many uploads end at once in one directory; while
//! one sync runs, those who ask gather for the next, which one of them runs for all. So a directory is never synced
//! by two threads, and nobody waits for more than two rounds.

use crate::BlobError;
use crate::pool::lock;
use environment::Disk;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

pub(crate) struct DirectorySync {
    disk: Arc<dyn Disk>,
    /// Directories that someone syncs or waits for.
    directories: Mutex<HashMap<PathBuf, Arc<Directory>>>,
}

#[derive(Default)]
struct Directory {
    rounds: Mutex<Rounds>,
    round_ended: Condvar,
}

/// Rounds are numbered from 1. Invariant: `ended <= begun <= ended + 1`, and the two differ while a thread syncs.
#[derive(Default)]
struct Rounds {
    begun: u64,
    ended: u64,
    /// The last round that failed, and how; 0 if none did.
    failed: u64,
    failure: Option<io::ErrorKind>,
    /// Who is in [`DirectorySync::sync`].
    visitors: usize,
}

impl DirectorySync {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, directories: Mutex::default() }
    }

    /// Returns once every name that was in `directory` before the call is durable. Blocks.
    pub(crate) fn sync(&self, directory: &Path) -> Result<(), BlobError> {
        let (shared, ours) = self.enter(directory);
        let answer = self.sync_or_wait(&shared, directory, ours);
        self.leave(&shared, directory);
        answer.map_err(|source| BlobError::disk("sync the directory", directory, source))
    }

    fn sync_or_wait(&self, shared: &Directory, directory: &Path, ours: u64) -> io::Result<()> {
        let mut rounds = lock(&shared.rounds);
        while rounds.ended < ours {
            if rounds.begun > rounds.ended {
                rounds = shared.round_ended.wait(rounds).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            rounds.begun += 1;
            drop(rounds);
            let answer = self.disk.sync_dir(directory);
            rounds = lock(&shared.rounds);
            rounds.end(&answer);
            shared.round_ended.notify_all();
            return answer;
        }
        rounds.answer(ours)
    }

    /// The directory's rounds, and the first of them that serves the caller: one that runs already may have begun
    /// before the caller's name was there.
    fn enter(&self, directory: &Path) -> (Arc<Directory>, u64) {
        let mut directories = lock(&self.directories);
        let shared = Arc::clone(directories.entry(directory.to_owned()).or_default());
        let mut rounds = lock(&shared.rounds);
        rounds.visitors += 1;
        let ours = rounds.begun + 1;
        drop(rounds);
        (shared, ours)
    }

    fn leave(&self, shared: &Directory, directory: &Path) {
        let mut directories = lock(&self.directories);
        let mut rounds = lock(&shared.rounds);
        rounds.visitors -= 1;
        if rounds.visitors == 0 {
            directories.remove(directory);
        }
    }
}

impl Rounds {
    fn end(&mut self, answer: &io::Result<()>) {
        self.ended = self.begun;
        if let Err(error) = answer {
            self.failed = self.begun;
            self.failure = Some(error.kind());
        }
    }

    /// The answer for those whose round was `ours`. A failure of a later round counts too: after a failed sync the
    /// kernel may call the next one good although names are lost.
    fn answer(&self, ours: u64) -> io::Result<()> {
        match self.failure {
            Some(kind) if self.failed >= ours => Err(kind.into()),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use environment::DiskFile;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    /// Syncs directories when told to; does nothing else.
    struct GatedDisk {
        syncs: AtomicUsize,
        entered: mpsc::Sender<()>,
        gate: Mutex<mpsc::Receiver<io::Result<()>>>,
    }

    impl Disk for GatedDisk {
        fn create_dir_all(&self, _: &Path) -> io::Result<()> {
            unreachable!("only directories are synced here")
        }
        fn create(&self, _: &Path) -> io::Result<Arc<dyn DiskFile>> {
            unreachable!("only directories are synced here")
        }
        fn open(&self, _: &Path) -> io::Result<Arc<dyn DiskFile>> {
            unreachable!("only directories are synced here")
        }
        fn remove(&self, _: &Path) -> io::Result<()> {
            unreachable!("only directories are synced here")
        }
        fn remove_dir(&self, _: &Path) -> io::Result<()> {
            unreachable!("only directories are synced here")
        }
        fn list(&self, _: &Path) -> io::Result<Vec<String>> {
            unreachable!("only directories are synced here")
        }
        fn sync_dir(&self, _: &Path) -> io::Result<()> {
            self.syncs.fetch_add(1, Ordering::SeqCst);
            self.entered.send(()).unwrap();
            lock(&self.gate).recv().unwrap()
        }
        fn free_bytes(&self) -> io::Result<u64> {
            unreachable!("only directories are synced here")
        }
    }

    /// A disk whose syncs wait to be let through; what lets them; and word of each that waits.
    fn gated() -> (Arc<GatedDisk>, mpsc::Sender<io::Result<()>>, mpsc::Receiver<()>) {
        let (open, gate) = mpsc::channel();
        let (entered, entries) = mpsc::channel();
        (Arc::new(GatedDisk { syncs: AtomicUsize::new(0), entered, gate: Mutex::new(gate) }), open, entries)
    }

    fn wait_for_visitors(sync: &DirectorySync, count: usize) {
        while lock(&sync.directories).get(Path::new("d")).is_none_or(|shared| lock(&shared.rounds).visitors < count) {
            std::thread::yield_now();
        }
    }

    /// Lets one sync begin, gathers ten more callers, and gives the answers of the ten and the number of syncs.
    fn gather_ten(second_round: io::Result<()>) -> (Vec<bool>, usize) {
        let (disk, gate, entries) = gated();
        let sync = DirectorySync::new(Arc::clone(&disk) as Arc<dyn Disk>);
        let answers = std::thread::scope(|scope| {
            let call = || sync.sync(Path::new("d")).is_ok();
            let first = scope.spawn(call);
            entries.recv().unwrap();
            let later: Vec<_> = (0..10).map(|_| scope.spawn(call)).collect();
            wait_for_visitors(&sync, 11);
            gate.send(Ok(())).unwrap();
            gate.send(second_round).unwrap();
            assert!(first.join().unwrap());
            later.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        assert!(lock(&sync.directories).is_empty(), "nobody is left");
        (answers, disk.syncs.load(Ordering::SeqCst))
    }

    #[test]
    fn those_who_ask_during_a_sync_share_the_next_one() {
        assert_eq!(gather_ten(Ok(())), (vec![true; 10], 2));
    }

    #[test]
    fn a_failed_sync_fails_all_whom_it_was_to_serve() {
        assert_eq!(gather_ten(Err(io::ErrorKind::StorageFull.into())), (vec![false; 10], 2));
    }

    #[test]
    fn a_failure_is_forgotten_once_nobody_waits() {
        let (disk, gate, _entries) = gated();
        let sync = DirectorySync::new(disk);
        gate.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        gate.send(Ok(())).unwrap();
        assert!(sync.sync(Path::new("d")).unwrap_err().is_out_of_space());
        assert!(sync.sync(Path::new("d")).is_ok());
    }
}
