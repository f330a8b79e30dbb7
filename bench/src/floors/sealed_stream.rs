//! Floor of large reads: AES-256-GCM chunks of 64 KiB from a file in the page cache, decrypted into a loopback socket.
//!
//! It speaks just enough HTTP for the client that measures it, checks no signature, and has one thread for each
//! connection.

use super::{FloorArguments, write_ready_file};
use crate::body::body;
use crate::outcome::{Doing, Outcome};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use types::limits::{CHUNK_BYTES, TRANSFER_BYTES};

const TAG_BYTES: usize = 16;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
/// Chunks that are read, decrypted and sent together.
const CHUNKS_AT_ONCE: usize = TRANSFER_BYTES / CHUNK_BYTES;
/// The file's plain bytes; longer answers begin anew at its start.
const FILE_BYTES: usize = 64 * 1024 * 1024;
const FILE_CHUNKS: usize = FILE_BYTES / CHUNK_BYTES;

/// The sealed file and its key.
struct Sealed {
    file: File,
    key: LessSafeKey,
}

pub(super) fn run(arguments: &FloorArguments) -> Outcome {
    let sealed = Arc::new(Sealed::write(arguments)?);
    let listener = TcpListener::bind("127.0.0.1:0").doing("listen")?;
    write_ready_file(arguments, listener.local_addr().doing("listen")?)?;
    for stream in listener.incoming() {
        let (stream, sealed) = (stream.doing("accept a connection")?, Arc::clone(&sealed));
        // It ends when the client goes away, which is no failure.
        let serve = move || drop(sealed.serve(stream));
        std::thread::Builder::new().spawn(serve).doing("start a thread")?;
    }
    Ok(())
}

impl Sealed {
    fn write(arguments: &FloorArguments) -> Outcome<Self> {
        let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).doing("make a key")?;
        let key = LessSafeKey::new(key);
        let path = arguments.data.join("sealed");
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path);
        let file = file.doing("make the sealed file")?;
        for (index, plain) in body(FILE_BYTES).chunks(CHUNK_BYTES).enumerate() {
            let mut chunk = plain.to_vec();
            key.seal_in_place_append_tag(nonce(index), Aad::empty(), &mut chunk).doing("seal a chunk")?;
            file.write_all_at(&chunk, (index * SEALED_CHUNK_BYTES) as u64).doing("write the sealed file")?;
        }
        file.sync_data().doing("sync the sealed file")?;
        Ok(Self { file, key })
    }

    fn serve(&self, mut stream: TcpStream) -> Outcome {
        stream.set_nodelay(true).doing("set TCP_NODELAY")?;
        let mut request = vec![0; 16 * 1024];
        let mut sealed = vec![0; CHUNKS_AT_ONCE * SEALED_CHUNK_BYTES];
        let mut plain = vec![0; TRANSFER_BYTES];
        loop {
            let bytes = read_request(&mut stream, &mut request)?;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n");
            stream.write_all(head.as_bytes()).doing("send a head")?;
            let mut sent = 0;
            while sent < bytes {
                self.read_plain(sent / CHUNK_BYTES, &mut sealed, &mut plain)?;
                let count = plain.len().min(bytes - sent);
                stream.write_all(&plain[..count]).doing("send a body")?;
                sent += count;
            }
        }
    }

    /// Decrypts `CHUNKS_AT_ONCE` chunks from `first` on; the file is a whole number of such units.
    fn read_plain(&self, first: usize, sealed: &mut [u8], plain: &mut [u8]) -> Outcome {
        let first = first % FILE_CHUNKS;
        self.file.read_exact_at(sealed, (first * SEALED_CHUNK_BYTES) as u64).doing("read the sealed file")?;
        let chunks = sealed.chunks_exact(SEALED_CHUNK_BYTES).zip(plain.chunks_exact_mut(CHUNK_BYTES));
        for (index, (sealed, plain)) in (first..).zip(chunks) {
            let (cipher, tag) = sealed.split_at(CHUNK_BYTES);
            self.key.open_separate_gather(nonce(index), Aad::empty(), cipher, tag, plain).doing("open a chunk")?;
        }
        Ok(())
    }
}

/// Reads the head of a request and returns how many bytes its path asks for.
fn read_request(stream: &mut TcpStream, buffer: &mut [u8]) -> Outcome<usize> {
    let mut filled = 0;
    while !buffer[..filled].ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut buffer[filled..]).doing("read a request")?;
        if count == 0 {
            return Err("the client has gone".to_owned());
        }
        filled += count;
    }
    let head = String::from_utf8_lossy(&buffer[..filled]);
    let bytes = head.split(' ').nth(1).and_then(|path| path.split('/').nth(3)).and_then(|bytes| bytes.parse().ok());
    bytes.ok_or_else(|| "the path asks for no number of bytes".to_owned())
}

fn nonce(chunk: usize) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&(chunk as u64).to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}
