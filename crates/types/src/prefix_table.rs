//! Values for keys that begin with a prefix, where a longer prefix also gets what the shorter ones have. Looking for a
//! key's costs one binary search, however many prefixes there are.

/// Values by prefix.
#[derive(Clone, Debug)]
pub(crate) struct PrefixTable<T> {
    /// Ordered by prefix, each once.
    entries: Vec<Entry<T>>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    prefix: String,
    /// Its own value together with those of every shorter prefix that it begins with.
    value: T,
    /// The longest other prefix that it begins with.
    parent: Option<usize>,
}

impl<T> Default for PrefixTable<T> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<T: Copy> PrefixTable<T> {
    /// A table of prefixes with their values, in any order; `both` makes one value of two.
    pub(crate) fn new(mut values: Vec<(String, T)>, both: impl Fn(T, T) -> T) -> Self {
        values.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut table = Self::default();
        // The prefixes that the next one may begin with, each of which begins with the one before.
        let mut open: Vec<usize> = Vec::new();
        for (prefix, value) in values {
            while open.last().is_some_and(|index| !prefix.starts_with(&table.entries[*index].prefix)) {
                open.pop();
            }
            let parent = open.last().copied();
            match parent.and_then(|index| table.entries.get_mut(index)).filter(|last| last.prefix == prefix) {
                Some(same) => same.value = both(same.value, value),
                None => {
                    let value = parent.map_or(value, |index| both(table.entries[index].value, value));
                    open.push(table.entries.len());
                    table.entries.push(Entry { prefix, value, parent });
                }
            }
        }
        table
    }

    /// What all prefixes that `key` begins with come to.
    pub(crate) fn get(&self, key: &str) -> Option<T> {
        // The longest of them is the last prefix that is not greater than the key, or one that this one begins with:
        // whatever lies between a text and what it is a prefix of begins with it.
        let after = self.entries.partition_point(|entry| entry.prefix.as_str() <= key);
        let mut candidate = self.entries.get(after.checked_sub(1)?)?;
        let common = candidate.prefix.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
        while candidate.prefix.len() > common {
            candidate = self.entries.get(candidate.parent?)?;
        }
        Some(candidate.value)
    }

    /// The prefixes that begin with no other, in order: every key with a value begins with exactly one of them.
    pub(crate) fn outermost(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| entry.parent.is_none()).map(|entry| entry.prefix.as_str())
    }

    /// About how many bytes of memory this takes.
    pub(crate) fn bytes(&self) -> usize {
        self.entries.iter().map(|entry| size_of::<Entry<T>>() + entry.prefix.capacity()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn least(values: &[(String, u32)]) -> PrefixTable<u32> {
        PrefixTable::new(values.to_vec(), u32::min)
    }

    #[test]
    fn only_prefixes_that_begin_with_no_other_are_outermost() {
        let values = ["b/", "a", "b/c", "ab", "b/"].map(|prefix| (prefix.to_owned(), 1));
        assert_eq!(least(&values).outermost().collect::<Vec<_>>(), ["a", "b/"]);
        let everything = [values.as_slice(), &[(String::new(), 1)]].concat();
        assert_eq!(least(&everything).outermost().collect::<Vec<_>>(), [""]);
        assert!(least(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn a_key_gets_what_all_its_prefixes_have(
            values in proptest::collection::vec(("[ab\u{e9}/]{0,4}", 0..100_u32), 0..30),
            keys in proptest::collection::vec("[ab\u{e9}/]{0,6}", 1..10),
        ) {
            let table = least(&values);
            for key in keys {
                let matching = values.iter().filter(|(prefix, _)| key.starts_with(prefix.as_str()));
                prop_assert_eq!(table.get(&key), matching.map(|(_, value)| *value).min());
                let outermost = table.outermost().filter(|prefix| key.starts_with(prefix)).count();
                prop_assert_eq!(outermost, usize::from(table.get(&key).is_some()));
            }
        }
    }
}
