//! The first byte of every key, which names the kind of row. Frozen.

/// The byte of each kind, and all of them.
macro_rules! kinds {
    ($($name:ident $byte:literal;)*) => {
        $(pub(super) const $name: u8 = $byte;)*

        const ALL: &[u8] = &[$($byte,)*];
    };
}

kinds! {
    ACCESS_APP b'c';
    ACCESS_PROVIDER b'i';
    ACCESS_TOKEN b's';
    ACCESS_VOID b'v';
    ACCOUNT b'A';
    ACME b'a';
    AUDIT b'D';
    BUCKET b'B';
    BUCKET_COUNT b'N';
    BUCKET_DOMAINS b'd';
    BUCKET_NAMES b'n';
    CORS b'X';
    DOMAIN b'h';
    DUE b'J';
    EPOCH b'E';
    FIRST_LOCATION b'F';
    GARBAGE b'G';
    INFREQUENT_USAGE b'I';
    JOB b'j';
    JOB_ENDED b'y';
    JOB_WAITING b'w';
    LIFECYCLE b'L';
    LIFECYCLE_PROGRESS b'Q';
    LIFECYCLE_WAKE b'Z';
    LOCK b'K';
    MANIFEST b'M';
    OBJECT b'O';
    PART b'P';
    PENDING_DOMAIN b'p';
    REFERENCES b'R';
    STORE b'S';
    TOKEN b'C';
    TOKEN_PLACE b'T';
    TOKEN_RULES b'z';
    TOKEN_USE b'u';
    TOKEN_VALUE b'V';
    UPLOAD b'U';
}

/// What sums of other things than buckets begin with, in the table of counters. Ids of buckets count from one, so no
/// key of a bucket's sums begins with it; nor does any row.
pub(super) const NO_BUCKET: u8 = 0xff;

/// No two kinds have one byte.
const _: () = {
    let mut seen = [false; 256];
    seen[NO_BUCKET as usize] = true;
    let mut position = 0;
    while position < ALL.len() {
        let kind = ALL[position] as usize;
        assert!(!seen[kind], "two kinds of rows have one byte");
        seen[kind] = true;
        position += 1;
    }
};
