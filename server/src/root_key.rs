//! The root key's file in the data directory: made at the first start, readable by its owner only.

use environment::{Disk, Entropy};
use keyring::RootKey;
use std::io;
use std::path::Path;

/// The name of the file: 64 hexadecimal digits.
const FILE: &str = "root.key";

/// Reads the root key, or makes it if there is none.
///
/// # Errors
/// What the disk says; `InvalidData` for a file that holds no key. A lost key is never replaced while there is data
/// (`made_before`): it would make that data unreadable for good.
pub(crate) fn load_or_create(disk: &dyn Disk, entropy: &dyn Entropy, made_before: bool) -> io::Result<RootKey> {
    match disk.open(Path::new(FILE)) {
        Ok(file) => {
            let mut text = [0; 64];
            let read = file.read_at(&mut text, 0);
            if read.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::UnexpectedEof) {
                read?;
            }
            let bytes = std::str::from_utf8(&text).ok().and_then(types::ids::parse_hex);
            let damaged = || {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{FILE} does not hold 64 hexadecimal digits: restore it from your backup"),
                )
            };
            match bytes {
                Some(bytes) => Ok(RootKey::from_bytes(bytes)),
                None if made_before => Err(damaged()),
                None => {
                    // The first start was cut off before anything was sealed with it.
                    disk.remove(Path::new(FILE))?;
                    create(disk, entropy)
                }
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !made_before => create(disk, entropy),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "{FILE} is missing, and the data in this directory cannot be read without it: restore it from your backup"
            ),
        )),
        Err(error) => Err(error),
    }
}

fn create(disk: &dyn Disk, entropy: &dyn Entropy) -> io::Result<RootKey> {
    let key = RootKey::generate(entropy);
    let file = disk.create(Path::new(FILE))?;
    file.write_at(types::ids::hex(&*key.to_bytes()).as_bytes(), 0)?;
    file.sync()?;
    disk.sync_dir(Path::new(""))?;
    Ok(key)
}
