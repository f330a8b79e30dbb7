//! Every translation expected here equals what the real bindgen 0.72.1 makes of the same C, parameter names aside.

use crate::Builder;
use crate::translate::translate;

const PRELUDE: &str = "typedef struct a_t a_t; typedef int (*compare_cb)(void*); typedef uint32_t number_t;";

/// The Rust of some C after the prelude, with the white space of a single line.
fn rust(c: &str) -> Result<String, String> {
    let prelude = translate(PRELUDE, "libc")?;
    let all = translate(&format!("{PRELUDE}{c}"), "libc")?;
    Ok(all[prelude.len()..].split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn functions() {
    let table = [
        ("extern void f(void)", "f()"),
        ("int f(void)", "f() -> libc::c_int"),
        ("extern ROCKSDB_LIBRARY_API a_t* f(char** errptr)", "f(_: *mut *mut libc::c_char) -> *mut a_t"),
        ("const a_t* f(a_t* const x, const uint32_t)", "f(_: *mut a_t, _: u32) -> *const a_t"),
        ("void f(char const* const* y)", "f(_: *const *const libc::c_char)"),
        ("void f(const char* const keys[])", "f(_: *const *const libc::c_char)"),
        ("void f(char* out[], const size_t all[])", "f(_: *mut *mut libc::c_char, _: *const usize)"),
        ("unsigned char f(unsigned, unsigned int)", "f(_: libc::c_uint, _: libc::c_uint) -> libc::c_uchar"),
        ("unsigned long long f(unsigned long x)", "f(_: libc::c_ulong) -> libc::c_ulonglong"),
        ("void f(long, long long)", "f(_: libc::c_long, _: libc::c_longlong)"),
        ("bool f(float, double, size_t)", "f(_: f32, _: f64, _: usize) -> bool"),
        ("int8_t f(int16_t, int32_t, int64_t)", "f(_: i16, _: i32, _: i64) -> i8"),
        ("uint8_t f(uint16_t, uint32_t, uint64_t)", "f(_: u16, _: u32, _: u64) -> u8"),
        ("number_t* f(const compare_cb* q)", "f(_: *const compare_cb) -> *mut number_t"),
        ("void f(void (*)(void))", "f(_: ::std::option::Option<unsafe extern \"C\" fn()>)"),
        (
            "void f(const char* (*name)(void* state))",
            "f(_: ::std::option::Option<unsafe extern \"C\" fn(_: *mut libc::c_void) -> *const libc::c_char>)",
        ),
    ];
    for (c, signature) in table {
        let expected = format!("unsafe extern \"C\" {{ pub fn {signature}; }}");
        assert_eq!(rust(&format!("{c};")), Ok(expected), "{c}");
    }
}

#[test]
fn types_and_constants() {
    let table = [
        ("typedef struct x x;", "#[repr(C)] #[derive(Copy, Clone)] pub struct x { _unused: [u8; 0], }"),
        (
            "typedef struct x { const char* data; size_t size; } x;",
            "#[repr(C)] #[derive(Copy, Clone)] pub struct x { pub data: *const libc::c_char, pub size: usize, }",
        ),
        ("typedef const char* text_t;", "pub type text_t = *const libc::c_char;"),
        ("typedef compare_cb other_cb;", "pub type other_cb = compare_cb;"),
        (
            "typedef a_t* (*make_cb)(void);",
            "pub type make_cb = ::std::option::Option<unsafe extern \"C\" fn() -> *mut a_t>;",
        ),
        (
            "enum { red, green = 1 << 4, blue, same = green, hex = 0x1F };",
            "pub const red: _bindgen_ty_1 = 0; pub const green: _bindgen_ty_1 = 16; \
             pub const blue: _bindgen_ty_1 = 17; pub const same: _bindgen_ty_1 = 16; \
             pub const hex: _bindgen_ty_1 = 31; pub type _bindgen_ty_1 = libc::c_uint;",
        ),
        (
            "enum { minus = -1, zero, };",
            "pub const minus: _bindgen_ty_1 = -1; pub const zero: _bindgen_ty_1 = 0; \
             pub type _bindgen_ty_1 = libc::c_int;",
        ),
        (
            "enum { big = 4294967295 }; enum size { small };",
            "pub const big: _bindgen_ty_1 = 4294967295; pub type _bindgen_ty_1 = libc::c_uint; \
             pub const size_small: size = 0; pub type size = libc::c_uint;",
        ),
    ];
    for (c, expected) in table {
        assert_eq!(rust(c).as_deref(), Ok(expected), "{c}");
    }
}

#[test]
fn what_is_not_understood_is_an_error_that_quotes_it() {
    let table = [
        ("void f(bar_t x);", "cannot translate `void f ( bar_t x )`: unknown type `bar_t`"),
        ("foo_t* f(void);", "unknown type `foo_t`"),
        ("void f(struct a_t* x);", "unknown type `struct`"),
        ("void f(long double);", "unknown type `long double`"),
        ("void f(unsigned short);", "unknown type `unsigned short`"),
        ("void f(int const unsigned);", "expected `)`, found `unsigned`"),
        ("void f(void x);", "`void` has no value"),
        ("void f(const char* format, ...);", "unknown type `.`"),
        ("void f();", "unknown type `)`"),
        ("void f(int x[4]);", "expected `]`, found `4`"),
        ("void f(void (**x)(void));", "expected `)`, found `*`"),
        ("extern int variable;", "expected `(`, found `the end`"),
        ("int f(void) { return 1; } int g(void);", "unexpected `{`"),
        ("static int f(void);", "unknown type `static`"),
        ("typedef struct x y;", "expected `x`, found `y`"),
        ("typedef struct x { char data[16]; } x;", "expected `;`, found `[`"),
        ("typedef struct x { int bits : 3; } x;", "expected `;`, found `:`"),
        ("typedef const int x;", "a typedef of something `const`"),
        ("typedef union x x;", "unknown type `union`"),
        ("enum { a = 010 };", "unknown value `010`"),
        ("enum { a = b };", "unknown value `b`"),
        ("enum { a = -0x80000000 };", "unknown value `0x80000000`"),
        ("enum { a = 1 << 31 };", "a shift overflows"),
        ("enum { a = 1 | 2 };", "expected `,`, found `|`"),
        ("enum { a = 4294967295, b };", "do not fit in 32 bits"),
        ("enum { a = 4294967295, b = -1 };", "do not fit in 32 bits"),
        ("void f(void)", "cannot translate `void f ( void )`: it does not end"),
        ("/* open", "a comment does not end"),
    ];
    for (c, expected) in table {
        let error = rust(c).expect_err(c);
        assert!(error.contains(expected), "{c}: {error}");
    }
}

#[test]
fn comments_and_directives() {
    let c = "\n#pragma once // once\n#include <stddef.h>\n#ifdef _WIN32\n#ifdef ROCKSDB_DLL\nskipped\n#else\nskipped\n\
             #endif\n#else\n#define ROCKSDB_LIBRARY_API\n#endif\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\
             /* ; // */ void f(/* no */ void); // ; /*\n#ifdef __cplusplus\n} /* end */\n#endif\n";
    assert_eq!(rust(c).as_deref(), Ok("unsafe extern \"C\" { pub fn f(); }"));

    for line in ["#define MAJOR 11", "#include <x.h>", "#ifdef __linux__", "#ifndef _WIN32", "#if 1", "#endif", "#else"]
    {
        assert!(rust(&format!("\n{line}\n")).is_err(), "{line}");
    }
    assert_eq!(rust("\n#ifdef _WIN32\n"), Err("#ifdef without #endif".to_owned()));
}

#[test]
fn the_builder_refuses_what_it_cannot_do() {
    let error = |builder: Builder| builder.generate().expect_err("nothing to translate").to_string();
    assert_eq!(error(Builder::default().derive_debug(true)), "derive_debug(true) is not supported");
    assert_eq!(error(Builder::default().size_t_is_usize(false)), "size_t_is_usize(false) is not supported");
    assert!(error(Builder::default().header("/no/such.h")).starts_with("/no/such.h: "));
}
