//! The power cut: of what was not synced, arbitrary parts survive.

use super::tree::{Directory, FileData, Node, ROOT, Tree};
use crate::random::Random;

/// What a disk writes at once: of a longer write any of these may be missing.
const SECTOR_BYTES: usize = 512;

/// How much of what was not synced survives.
enum Survival {
    Nothing,
    Everything,
    /// Each name and each sector so many times out of four.
    Some(usize),
}

impl Survival {
    fn survives(&self, random: &mut Random) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Some(times) => random.chance(*times, 4),
        }
    }
}

/// What a restart finds. Of five seeds in a row one loses all that was not synced, and one nothing.
pub(super) fn cut(tree: &Tree, seed: u64) -> Tree {
    let mut random = Random::new(seed);
    let survival = match seed % 5 {
        0 => Survival::Nothing,
        1 => Survival::Everything,
        times => Survival::Some(times as usize - 1),
    };
    let mut found = tree.clone();
    for directory in found.directories.values_mut() {
        settle_names(directory, &survival, &mut random);
    }
    for file in found.files.values_mut() {
        settle_bytes(file, &survival, &mut random);
    }
    drop_unreachable(&mut found);
    found
}

/// The names found are durable: the restart read them from the disk.
fn settle_names(directory: &mut Directory, survival: &Survival, random: &mut Random) {
    let names: Vec<String> = directory.live.keys().chain(directory.durable.keys()).cloned().collect();
    for name in names {
        let (live, durable) = (directory.live.get(&name).copied(), directory.durable.get(&name).copied());
        if live == durable {
            continue;
        }
        match if survival.survives(random) { live } else { durable } {
            Some(node) => {
                directory.live.insert(name.clone(), node);
                directory.durable.insert(name, node);
            }
            None => {
                directory.live.remove(&name);
                directory.durable.remove(&name);
            }
        }
    }
}

fn settle_bytes(file: &mut FileData, survival: &Survival, random: &mut Random) {
    let mut found = std::mem::take(&mut file.durable);
    let ranges = std::mem::take(&mut file.forsaken).into_iter().chain(std::mem::take(&mut file.unsynced));
    for range in ranges {
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min((start / SECTOR_BYTES + 1) * SECTOR_BYTES);
            if survival.survives(random) {
                found.resize(found.len().max(end), 0);
                found[start..end].copy_from_slice(&file.live[start..end]);
            }
            start = end;
        }
    }
    file.live.clone_from(&found);
    file.durable = found;
}

/// What no name leads to is gone.
fn drop_unreachable(tree: &mut Tree) {
    let files: Vec<_> = tree.walk().into_iter().map(|(_, id)| id).collect();
    tree.files.retain(|id, _| files.contains(id));
    let (mut directories, mut next) = (vec![ROOT], 0);
    while let Some(id) = directories.get(next).copied() {
        next += 1;
        let below = tree.directories.get(&id).into_iter().flat_map(|directory| directory.live.values());
        directories.extend(below.filter_map(|node| match node {
            Node::Directory(id) => Some(*id),
            Node::File(_) => None,
        }));
    }
    tree.directories.retain(|id, _| directories.contains(id));
}
