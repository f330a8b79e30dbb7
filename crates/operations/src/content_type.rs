//! The content type of an upload that names none, inferred from its first bytes while they pass by.
//! Sources: R2 "Release notes", 2022-08-06; WHATWG "MIME Sniffing", section 7.1 (identifying an unknown MIME type).

use blobs::Body;
use bytes::Bytes;
use std::task::{Context, Poll};
use types::{Checksum, OperationError};

/// Bytes that are looked at: WHATWG's resource header.
const HEAD_BYTES: usize = 1445;

/// A body on its way to the store, whose content type is inferred meanwhile.
pub(crate) struct InferringBody<'a> {
    body: &'a mut dyn Body,
    /// The first bytes, while there are too few of them to look at.
    head: Vec<u8>,
    inferred: Option<&'static str>,
    done: bool,
}

impl<'a> InferringBody<'a> {
    /// Looks at `body` only if its type is `wanted`.
    pub(crate) fn new(body: &'a mut dyn Body, wanted: bool) -> Self {
        Self { body, head: Vec::new(), inferred: None, done: !wanted }
    }

    /// The type of what passed by; `None` if it is not known.
    pub(crate) fn content_type(&self) -> Option<&'static str> {
        if self.done { self.inferred } else { infer(&self.head) }
    }

    /// Nearly always the first frame is enough, so that nothing is copied.
    fn look_at(&mut self, frame: &[u8]) {
        if self.head.is_empty() && frame.len() >= HEAD_BYTES {
            self.inferred = infer(&frame[..HEAD_BYTES]);
            self.done = true;
            return;
        }
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&frame[..missing.min(frame.len())]);
        if self.head.len() == HEAD_BYTES {
            self.inferred = infer(&self.head);
            self.done = true;
        }
    }
}

impl Body for InferringBody<'_> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, OperationError>> {
        let polled = self.body.poll_next(cx);
        if let Poll::Ready(Ok(Some(frame))) = &polled
            && !self.done
        {
            self.look_at(frame);
        }
        polled
    }

    fn trailer_checksums(&self) -> &[Checksum] {
        self.body.trailer_checksums()
    }
}

/// Signatures at the very beginning.
const PREFIXES: [(&[u8], &str); 18] = [
    (b"%PDF-", "application/pdf"),
    (b"%!PS-Adobe-", "application/postscript"),
    (b"\xef\xbb\xbf", "text/plain"),
    (b"\xfe\xff", "text/plain"),
    (b"\xff\xfe", "text/plain"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\0\0\x01\0", "image/x-icon"),
    (b"\0\0\x02\0", "image/x-icon"),
    (b"ID3", "audio/mpeg"),
    (b"OggS\0", "application/ogg"),
    (b"MThd\0\0\0\x06", "audio/midi"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar!\x1a\x07\0", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\x01\0", "application/x-rar-compressed"),
];

/// Signatures in two places: at the beginning, and further on at a fixed place.
const CONTAINERS: [(&[u8], usize, &[u8], &str); 5] = [
    (b"RIFF", 8, b"WEBPVP", "image/webp"),
    (b"RIFF", 8, b"WAVE", "audio/wave"),
    (b"RIFF", 8, b"AVI ", "video/avi"),
    (b"FORM", 8, b"AIFF", "audio/aiff"),
    // WHATWG looks at the first two bytes only, which a text may well have; the reserved zeros it never has.
    (b"BM", 6, b"\0\0\0\0", "image/bmp"),
];

/// Tags that HTML begins with, in lower case.
const HTML_TAGS: [&[u8]; 17] = [
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<script",
    b"<iframe",
    b"<h1",
    b"<div",
    b"<font",
    b"<table",
    b"<a",
    b"<style",
    b"<title",
    b"<b",
    b"<body",
    b"<br",
    b"<p",
    b"<!--",
];

/// The type of a resource that begins with `head`; `None` for bytes nobody knows and for none at all.
/// MPEG audio without an ID3 tag is not recognised, since its signature is hardly one.
fn infer(head: &[u8]) -> Option<&'static str> {
    if head.is_empty() {
        return None;
    }
    markup(head)
        .or_else(|| PREFIXES.iter().find(|(prefix, _)| head.starts_with(prefix)).map(|(_, kind)| *kind))
        .or_else(|| CONTAINERS.iter().find(|row| is_container(head, row)).map(|(.., kind)| *kind))
        .or_else(|| is_mp4(head).then_some("video/mp4"))
        .or_else(|| is_webm(head).then_some("video/webm"))
        .or_else(|| head.iter().all(|byte| is_text(*byte)).then_some("text/plain"))
}

fn markup(head: &[u8]) -> Option<&'static str> {
    let text = head.trim_ascii_start();
    if text.first() != Some(&b'<') {
        return None;
    }
    let begins_with = |tag: &&[u8]| {
        let found = text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
        found && matches!(text.get(tag.len()), Some(b' ' | b'>'))
    };
    if HTML_TAGS.iter().any(begins_with) {
        return Some("text/html");
    }
    text.starts_with(b"<?xml").then_some("text/xml")
}

fn is_container(head: &[u8], (first, at, second, _): &(&[u8], usize, &[u8], &str)) -> bool {
    head.starts_with(first) && head.get(*at..).is_some_and(|rest| rest.starts_with(second))
}

/// A box `ftyp` with a brand that begins with `mp4` (section 6.2.1).
fn is_mp4(head: &[u8]) -> bool {
    let Some((size, rest)) = head.split_first_chunk::<4>() else { return false };
    let size = u32::from_be_bytes(*size) as usize;
    let Some(rest) = rest.strip_prefix(b"ftyp") else { return false };
    if !size.is_multiple_of(4) || head.len() < size {
        return false;
    }
    // The major brand, its version, and the compatible brands.
    let brands = &rest[..size.saturating_sub(8).min(rest.len())];
    brands.chunks(4).enumerate().any(|(index, brand)| index != 1 && brand.starts_with(b"mp4"))
}

/// An EBML header whose document type is `webm` (section 6.2.2).
fn is_webm(head: &[u8]) -> bool {
    let Some(header) = head.strip_prefix(b"\x1a\x45\xdf\xa3") else { return false };
    let header = &header[..header.len().min(64)];
    let Some(at) = header.windows(2).position(|id| id == [0x42, 0x82]) else { return false };
    let Some((size, rest)) = header[at + 2..].split_first() else { return false };
    let rest = rest.get(size.leading_zeros() as usize..).unwrap_or_default();
    rest.starts_with(b"webm")
}

/// False for WHATWG's binary data bytes.
fn is_text(byte: u8) -> bool {
    !matches!(byte, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)
}

#[cfg(test)]
mod tests;
