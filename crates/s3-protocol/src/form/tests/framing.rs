//! The framing of forms: as browsers and libraries write it, and what is none.

use crate::form::{FileSizes, FormDecoder, FormEvent, FormFile};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use types::ErrorCode;
use types::limits::FORM_FIELDS_BYTES_MAX;

fn decoder_for(content_type: &'static str) -> Result<Option<FormDecoder>, ErrorCode> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    FormDecoder::for_body(&headers).map_err(|error| error.code)
}

fn decoder() -> FormDecoder {
    decoder_for("multipart/form-data; boundary=XyZ").unwrap().unwrap()
}

/// What a form has: fields, the file's name and its bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Form {
    fields: Vec<(String, Vec<u8>)>,
    file_name: Option<String>,
    file: Vec<u8>,
}

/// Decodes a form that arrives in frames of so many bytes.
fn decoded(form: &[u8], frame_bytes: usize) -> Result<Form, ErrorCode> {
    let mut decoder = decoder();
    let mut found = Form::default();
    for frame in form.chunks(frame_bytes) {
        let mut input = Bytes::copy_from_slice(frame);
        while let Some(event) = decoder.decode(&mut input).map_err(|error| error.code)? {
            match event {
                FormEvent::Field { name, value } => found.fields.push((name, value)),
                FormEvent::File { name } => found.file_name = Some(name),
                FormEvent::Data(bytes) => {
                    assert!(!bytes.is_empty());
                    found.file.extend_from_slice(&bytes);
                }
            }
        }
        assert!(input.is_empty(), "all of a frame is taken");
    }
    decoder.finish().map_err(|error| error.code)?;
    Ok(found)
}

fn part(disposition: &str, content: &[u8]) -> Vec<u8> {
    [b"--XyZ\r\nContent-Disposition: form-data; ", disposition.as_bytes(), b"\r\n\r\n", content, b"\r\n"].concat()
}

fn file(content: &[u8]) -> Vec<u8> {
    part("name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain", content)
}

const END: &[u8] = b"--XyZ--\r\n";

#[test]
fn a_form_comes_apart_the_same_way_wherever_it_is_cut() {
    for content in [
        &b""[..],
        b"hello",
        b"\r\n",
        b"\r\r\n\r\n--Xy\r\n--XyY--\r",
        b"\r\n--XyZ".split_last().unwrap().1,
        b"--XyZ--",
        b"\0\xff\r\n-",
        b"--Inner\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nnested\r\n--Inner--\r\n",
        b"Content-Disposition: form-data; name=\"key\"\r\n\r\nb",
    ] {
        let form = [part("name=\"key\"", b"a\r\nb"), part("name=\"empty\"", b""), file(content), END.to_vec()].concat();
        for frame_bytes in 1..=form.len() {
            let found = decoded(&form, frame_bytes).unwrap();
            assert_eq!(
                found.fields,
                [("key".to_owned(), b"a\r\nb".to_vec()), ("empty".to_owned(), Vec::new())],
                "{frame_bytes}"
            );
            assert_eq!((found.file_name.as_deref(), &*found.file), (Some("a.txt"), content), "{frame_bytes}");
        }
    }
}

#[test]
fn the_file_is_not_copied() {
    let mut decoder = decoder();
    let mut input = Bytes::from(file(&[b'x'; 1000]));
    let frame = input.clone();
    assert!(matches!(decoder.decode(&mut input), Ok(Some(FormEvent::File { .. }))));
    let Ok(Some(FormEvent::Data(data))) = decoder.decode(&mut input) else { panic!("no data") };
    assert_eq!(data.len(), 1000);
    assert!(frame.as_ptr_range().contains(&data.as_ptr()));
}

#[test]
fn what_stands_around_the_parts_and_behind_the_file_is_dropped() {
    for form in [
        [b"preamble\r\n".to_vec(), file(b"f"), END.to_vec()].concat(),
        [b"\r\n".to_vec(), file(b"f"), END.to_vec(), b"epilogue".to_vec()].concat(),
        [file(b"f"), part("name=\"submit\"", b"Upload"), part("name=\"key\"", b"other"), END.to_vec()].concat(),
        [file(b"f"), b"--XyZ--".to_vec()].concat(),
    ] {
        let found = decoded(&form, 7).unwrap();
        assert_eq!((found.fields, &*found.file), (vec![], &b"f"[..]), "{:?}", String::from_utf8_lossy(&form));
    }
    let padded = [b"--XyZ \t\r\ncontent-disposition:form-data;name=file\r\n\r\nf\r\n".to_vec(), END.to_vec()].concat();
    assert_eq!(decoded(&padded, 1).unwrap().file, b"f");
}

#[test]
fn forms_that_are_cut_off_or_malformed_never_succeed() {
    let whole = [part("name=\"key\"", b"k"), file(b"hello"), b"--XyZ--".to_vec()].concat();
    for end in 0..whole.len() {
        assert_eq!(decoded(&whole[..end], 5), Err(ErrorCode::MalformedPostRequest), "cut after {end}");
    }
    for form in [
        [file(b"f"), b"--XyZx--".to_vec()].concat(),
        [file(b"f"), b"--XyZ-x".to_vec()].concat(),
        [b"--XyZ\n".to_vec(), file(b"f"), END.to_vec()].concat(),
        b"--XyZ\r\n\r\nno head\r\n--XyZ--".to_vec(),
        b"--XyZ\r\nContent-Type: text/plain\r\n\r\nno name\r\n--XyZ--".to_vec(),
        b"--XyZ\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nx\r\n--XyZ--".to_vec(),
        b"--XyZ\r\nContent-Disposition: form-data; name=\"a\"\n\nx\r\n--XyZ--".to_vec(),
        b"--XyZ\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n".to_vec(),
        b"--XyZ\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--XyZ--".to_vec(),
        b"--other\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--other--".to_vec(),
        b"not a form".to_vec(),
        Vec::new(),
    ] {
        let outcome = decoded(&form, 3);
        assert_eq!(outcome, Err(ErrorCode::MalformedPostRequest), "{:?}", String::from_utf8_lossy(&form));
    }
}

#[test]
fn there_is_one_file() {
    let none = [part("name=\"key\"", b"k"), END.to_vec()].concat();
    let two = [file(b"1"), file(b"2"), END.to_vec()].concat();
    for form in [none, two, END.to_vec()] {
        assert_eq!(decoded(&form, 100), Err(ErrorCode::InvalidArgument));
    }
}

#[test]
fn fields_have_a_bound_and_the_file_has_none() {
    let around = part("name=\"key\"", b"").len()
        + part("name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain", b"").len();
    let field =
        |bytes: usize| [part("name=\"key\"", &b"k".repeat(bytes)), file(&[b'f'; 100_000]), END.to_vec()].concat();
    assert_eq!(decoded(&field(FORM_FIELDS_BYTES_MAX - around), 1000).unwrap().file.len(), 100_000);
    let too_long = Err(ErrorCode::MaxPostPreDataLengthExceeded);
    assert_eq!(decoded(&field(FORM_FIELDS_BYTES_MAX), 1000), too_long);
    let many = [part("name=\"a\"", b"").repeat(1000), file(b"f"), END.to_vec()].concat();
    assert_eq!(decoded(&many, 1000), too_long);
    let long_head = [b"--XyZ\r\nx: ".to_vec(), b"y".repeat(FORM_FIELDS_BYTES_MAX)].concat();
    assert_eq!(decoded(&long_head, 1000), too_long);
    assert_eq!(decoded(&b"p".repeat(FORM_FIELDS_BYTES_MAX + 1), 1000), too_long);
    let behind = [file(b"f"), part("name=\"a\"", &b"x".repeat(FORM_FIELDS_BYTES_MAX)), END.to_vec()].concat();
    assert_eq!(decoded(&behind, 1000), Err(ErrorCode::MalformedPostRequest));
}

#[test]
fn a_form_has_a_boundary_and_one_only() {
    for content_type in ["text/plain", "multipart/mixed; boundary=a", "application/x-www-form-urlencoded", ""] {
        assert!(decoder_for(content_type).unwrap().is_none(), "{content_type}");
    }
    for content_type in [
        "multipart/form-data",
        "multipart/form-data; charset=utf-8",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=a*b",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
    ] {
        assert_eq!(decoder_for(content_type).map(drop), Err(ErrorCode::MalformedPostRequest), "{content_type}");
    }
    for content_type in [
        "Multipart/Form-Data;Boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        "multipart/form-data; boundary=\"a b:c\"; charset=utf-8",
        "multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901234567890123456789",
    ] {
        assert!(decoder_for(content_type).unwrap().is_some(), "{content_type}");
    }
}

#[test]
fn the_size_of_the_file_is_checked_as_it_streams() {
    for (min, max, outcome) in [
        (0, 5, Ok(5)),
        (5, 5, Ok(5)),
        (6, 9, Err(ErrorCode::EntityTooSmall)),
        (0, 4, Err(ErrorCode::EntityTooLarge)),
        (6, 4, Err(ErrorCode::EntityTooLarge)),
    ] {
        let form = [file(b"hello"), END.to_vec()].concat();
        let mut decoder = decoder();
        let mut input = Bytes::from(form);
        assert!(matches!(decoder.decode(&mut input), Ok(Some(FormEvent::File { .. }))));
        let mut file = FormFile::new(decoder, FileSizes { min, max });
        let mut size = 0;
        let mut step = || -> Result<usize, types::OperationError> {
            while let Some(bytes) = file.decode(&mut input)? {
                size += bytes.len();
            }
            file.finish().map(|()| size)
        };
        assert_eq!(step().map_err(|error| error.code), outcome, "{min}..={max}");
    }
}
