//! A disk in memory that forgets, tears, fills up and breaks on demand.
//!
//! Every call of [`Disk`] and [`DiskFile`] is counted, so that a test can walk through an operation and let one
//! call after the other fail. All faults are reported: a disk that lies about a sync cannot be survived on one
//! machine, and is not simulated here.

mod power;
#[cfg(test)]
mod tests;
mod tree;

use environment::{Disk, DiskFile};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tree::{Id, Tree};

/// What happens to a call instead of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and changes nothing. A sync that fails leaves open what is durable.
    Error,
    /// As [`Fault::Error`], but a write leaves a part of its bytes.
    Torn,
    /// A call that needs room finds none, a write after a part of its bytes; others do their work.
    Full,
    /// It and every call after it fail, as when the process or the machine stops there.
    Stop,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 4] = [Self::Error, Self::Torn, Self::Full, Self::Stop];
}

/// A simulated disk. Copies are the same disk.
#[derive(Clone, Debug)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    tree: Tree,
    capacity: u64,
    calls: u64,
    planned: Option<(u64, Fault)>,
    /// The call that the planned fault met.
    hit: Option<(&'static str, Fault)>,
    stopped: bool,
}

impl Default for SimDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl SimDisk {
    /// An empty disk without bounds.
    pub fn new() -> Self {
        Self::holding(Tree::new(), u64::MAX)
    }

    fn holding(tree: Tree, capacity: u64) -> Self {
        let state = State { tree, capacity, calls: 0, planned: None, hit: None, stopped: false };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Sets how many bytes all files together may have.
    pub fn set_capacity(&self, bytes: u64) {
        self.state().capacity = bytes;
    }

    /// Lets the `n`th call from now meet `fault`, counted from 0.
    pub fn fail_at_call(&self, n: u64, fault: Fault) {
        let mut state = self.state();
        state.planned = Some((state.calls + n, fault));
        state.hit = None;
    }

    /// Plans no fault any more. A disk that has stopped stays so.
    pub fn heal(&self) {
        let mut state = self.state();
        (state.planned, state.hit) = (None, None);
    }

    /// The call that met the fault planned last, and the fault, if it came to that.
    pub fn fault_fired(&self) -> Option<(&'static str, Fault)> {
        self.state().hit
    }

    /// True after [`Fault::Stop`].
    pub fn has_stopped(&self) -> bool {
        self.state().stopped
    }

    /// True until the call came that a fault is planned for, whether or not it could meet it.
    pub fn fault_pending(&self) -> bool {
        let state = self.state();
        state.planned.is_some_and(|(call, _)| state.calls <= call)
    }

    /// Calls so far.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// The disk that a new process finds when this one was killed: all that was written, synced or not.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let state = self.state();
        Self::holding(state.tree.clone(), state.capacity)
    }

    /// The disk that a restart finds after the power went: all that was synced, and arbitrary parts of the rest.
    #[must_use]
    pub fn after_power_loss(&self, seed: u64) -> Self {
        let state = self.state();
        Self::holding(power::cut(&state.tree, seed), state.capacity)
    }

    /// Paths and lengths of all files below `directory`, without a call.
    pub fn files_below(&self, directory: &str) -> Vec<(String, u64)> {
        let state = self.state();
        let files = state.tree.walk().into_iter().filter(|(path, _)| path.starts_with(directory));
        let length = |id: Id| state.tree.files.get(&id).map_or(0, |file| file.live.len() as u64);
        files.map(|(path, id)| (path, length(id))).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call that needs no room, and fails it if that is its fate.
    fn call(&self, name: &'static str) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        match state.count(name)? {
            None => Ok(state),
            Some(Fault::Full) => {
                state.hit = None;
                Ok(state)
            }
            Some(_) => Err(failed(name)),
        }
    }

    /// As [`SimDisk::call`], for one that needs room.
    fn call_for_room(&self, name: &'static str) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        match state.count(name)? {
            None => Ok(state),
            Some(Fault::Full) => Err(io::ErrorKind::StorageFull.into()),
            Some(_) => Err(failed(name)),
        }
    }
}

impl State {
    /// The fault that this call meets.
    fn count(&mut self, name: &'static str) -> io::Result<Option<Fault>> {
        if self.stopped {
            return Err(io::Error::other("the machine has stopped"));
        }
        let call = self.calls;
        self.calls += 1;
        let fault = self.planned.filter(|(planned, _)| *planned == call).map(|(_, fault)| fault);
        if let Some(fault) = fault {
            self.hit = Some((name, fault));
        }
        self.stopped = fault == Some(Fault::Stop);
        Ok(fault)
    }

    fn free_bytes(&self) -> u64 {
        self.capacity.saturating_sub(self.tree.used_bytes())
    }

    /// How many of a write's bytes arrive, and how it ends.
    fn room_for(&self, file: Id, end: usize) -> bool {
        if self.capacity == u64::MAX {
            return true;
        }
        let length = self.tree.files.get(&file).map_or(0, |file| file.live.len());
        end.saturating_sub(length) as u64 <= self.free_bytes()
    }
}

fn failed(call: &str) -> io::Error {
    io::Error::other(format!("simulated failure of `{call}`"))
}

impl Disk for SimDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.call_for_room("create_dir_all")?.tree.create_directories(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let id = self.call_for_room("create")?.tree.create_file(path)?;
        Ok(Arc::new(SimFile { disk: self.clone(), id }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let id = self.call("open")?.tree.file(path)?;
        Ok(Arc::new(SimFile { disk: self.clone(), id }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call("remove")?.tree.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.call("remove_dir")?.tree.remove_directory(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut state = self.call("list")?;
        let id = state.tree.directory(path)?;
        Ok(state.tree.names_in(id)?.live.keys().cloned().collect())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.call("sync_dir")?;
        let id = state.tree.directory(path)?;
        let directory = state.tree.names_in(id)?;
        directory.durable.clone_from(&directory.live);
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.call("free_bytes")?.free_bytes())
    }
}

struct SimFile {
    disk: SimDisk,
    id: Id,
}

impl DiskFile for SimFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let mut fault = state.count("write_at")?;
        let offset = place(offset)?;
        if fault.is_none() && !state.room_for(self.id, offset + bytes.len()) {
            fault = Some(Fault::Full);
        }
        // Any part will do, as long as the same call leaves the same.
        let part = bytes.len() * (state.calls as usize * 37 % 100) / 100;
        let file = state.tree.data(self.id)?;
        match fault {
            None => {
                file.write(bytes, offset);
                Ok(())
            }
            Some(Fault::Error) => Err(failed("write_at")),
            Some(Fault::Full) => {
                file.write(&bytes[..part], offset);
                Err(io::ErrorKind::StorageFull.into())
            }
            Some(Fault::Torn | Fault::Stop) => {
                file.write(&bytes[..part], offset);
                Err(failed("write_at"))
            }
        }
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.call("read_at")?;
        let start = place(offset)?;
        let live = &state.tree.data(self.id)?.live;
        let found = live.get(start..start + bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(found);
        Ok(())
    }

    fn try_read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<bool> {
        // Every other time the disk would have to be waited for.
        if self.disk.call("try_read_at")?.calls.is_multiple_of(2) {
            return Ok(false);
        }
        self.read_at(bytes, offset)?;
        Ok(true)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        let mut state = self.disk.call_for_room("allocate")?;
        let length = place(length)?;
        if !state.room_for(self.id, length) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.tree.data(self.id)?.lengthen(length);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.count("sync")?;
        let file = state.tree.data(self.id)?;
        match fault {
            None => {
                file.sync();
                Ok(())
            }
            Some(fault) => {
                file.fail_to_sync();
                Err(if fault == Fault::Full { io::ErrorKind::StorageFull.into() } else { failed("sync") })
            }
        }
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.call("length")?.tree.data(self.id)?.live.len() as u64)
    }
}

fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}
