//! What a disk holds: names and bytes, each as programs see them and as a power cut would leave them.
//!
//! A write is durable once its file is synced, a name (made or removed) once its directory is. Until then either
//! state may be found after a power cut, sector by sector and name by name.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Component, Path};

pub(super) type Id = u64;

/// The root directory.
pub(super) const ROOT: Id = 0;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    File(Id),
    Directory(Id),
}

/// The names in a directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    /// As programs see them.
    pub(super) live: BTreeMap<String, Node>,
    /// As of the last sync.
    pub(super) durable: BTreeMap<String, Node>,
}

/// The bytes of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct FileData {
    /// As programs see them.
    pub(super) live: Vec<u8>,
    /// What a power cut leaves at least, where no later write overlaps.
    pub(super) durable: Vec<u8>,
    /// Written since the last sync.
    pub(super) unsynced: Vec<Range<usize>>,
    /// Written before a sync that failed: the machine holds these pages for clean, so no later sync writes them.
    pub(super) forsaken: Vec<Range<usize>>,
}

/// A disk's directories and files.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) directories: BTreeMap<Id, Directory>,
    pub(super) files: BTreeMap<Id, FileData>,
    next: Id,
}

impl FileData {
    /// Puts bytes in their place, behind zeros if the file ends before it.
    pub(super) fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        self.lengthen(end);
        self.live[offset..end].copy_from_slice(bytes);
        self.unsynced.push(offset..end);
    }

    /// Makes the file at least `length` long.
    pub(super) fn lengthen(&mut self, length: usize) {
        let before = self.live.len();
        if before < length {
            self.live.resize(length, 0);
            self.unsynced.push(before..length);
        }
    }

    pub(super) fn sync(&mut self) {
        for range in std::mem::take(&mut self.unsynced) {
            self.durable.resize(self.durable.len().max(range.end), 0);
            self.durable[range.clone()].copy_from_slice(&self.live[range]);
        }
    }

    pub(super) fn fail_to_sync(&mut self) {
        self.forsaken.append(&mut self.unsynced);
    }
}

impl Tree {
    pub(super) fn new() -> Self {
        let directories = BTreeMap::from([(ROOT, Directory::default())]);
        Self { directories, files: BTreeMap::new(), next: ROOT + 1 }
    }

    fn new_id(&mut self) -> Id {
        self.next += 1;
        self.next
    }

    pub(super) fn directory(&self, path: &Path) -> io::Result<Id> {
        let mut id = ROOT;
        for name in names(path)? {
            id = match self.directories.get(&id).and_then(|directory| directory.live.get(name)) {
                Some(Node::Directory(below)) => *below,
                Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                None => return Err(io::ErrorKind::NotFound.into()),
            };
        }
        Ok(id)
    }

    /// The directory that a path's last name is in, and that name.
    pub(super) fn parent<'p>(&self, path: &'p Path) -> io::Result<(Id, &'p str)> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.directory(path.parent().unwrap_or(Path::new("")))?, name))
    }

    pub(super) fn names_in(&mut self, id: Id) -> io::Result<&mut Directory> {
        self.directories.get_mut(&id).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn data(&mut self, id: Id) -> io::Result<&mut FileData> {
        self.files.get_mut(&id).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn create_directories(&mut self, path: &Path) -> io::Result<()> {
        let mut id = ROOT;
        for name in names(path)? {
            let found = self.names_in(id)?.live.get(name).copied();
            id = match found {
                Some(Node::Directory(below)) => below,
                Some(Node::File(_)) => return Err(io::ErrorKind::AlreadyExists.into()),
                None => {
                    let new = self.new_id();
                    self.directories.insert(new, Directory::default());
                    self.names_in(id)?.live.insert(name.to_owned(), Node::Directory(new));
                    new
                }
            };
        }
        Ok(())
    }

    pub(super) fn create_file(&mut self, path: &Path) -> io::Result<Id> {
        let (directory, name) = self.parent(path)?;
        if self.names_in(directory)?.live.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let id = self.new_id();
        self.files.insert(id, FileData::default());
        self.names_in(directory)?.live.insert(name.to_owned(), Node::File(id));
        Ok(id)
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<Id> {
        let (directory, name) = self.parent(path)?;
        match self.directories.get(&directory).and_then(|directory| directory.live.get(name)) {
            Some(Node::File(id)) => Ok(*id),
            Some(Node::Directory(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// An open file keeps its bytes.
    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        self.file(path)?;
        let (directory, name) = self.parent(path)?;
        self.names_in(directory)?.live.remove(name);
        Ok(())
    }

    pub(super) fn remove_directory(&mut self, path: &Path) -> io::Result<()> {
        let id = self.directory(path)?;
        if !self.names_in(id)?.live.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let (parent, name) = self.parent(path)?;
        self.names_in(parent)?.live.remove(name);
        Ok(())
    }

    /// Every file with its path, as programs see them.
    pub(super) fn walk(&self) -> Vec<(String, Id)> {
        let (mut files, mut waiting) = (Vec::new(), vec![(String::new(), ROOT)]);
        while let Some((path, id)) = waiting.pop() {
            for (name, node) in self.directories.get(&id).into_iter().flat_map(|directory| &directory.live) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                match node {
                    Node::File(file) => files.push((path, *file)),
                    Node::Directory(below) => waiting.push((path, *below)),
                }
            }
        }
        files
    }

    /// Bytes that files with a name take.
    pub(super) fn used_bytes(&self) -> u64 {
        self.walk().iter().filter_map(|(_, id)| self.files.get(id)).map(|file| file.live.len() as u64).sum()
    }
}

fn names(path: &Path) -> io::Result<Vec<&str>> {
    let name = |component| match component {
        Component::Normal(name) => name.to_str().ok_or_else(|| io::ErrorKind::InvalidInput.into()),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    };
    path.components().map(name).collect()
}
