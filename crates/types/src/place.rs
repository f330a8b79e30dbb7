//! Where data is: jurisdictions and location hints. Source: R2 "Data location".

use std::fmt;

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident $name:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[$variant_doc])* $variant,)* }

        impl $type {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name, in lower case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// From its name in any case; `None` if nothing bears it.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name().eq_ignore_ascii_case(text))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

names! {
    /// Where a bucket's data must stay. Part of a bucket's identity: the same name may exist once in each, and a
    /// bucket is reached through its own only. It never changes. "Data location" documents `eu` and `fedramp`, R2's
    /// REST API (`cf-r2-jurisdiction`) all of these.
    Jurisdiction {
        /// No restriction.
        Default "default";
        /// European Union.
        Eu "eu";
        /// FedRAMP Moderate.
        Fedramp "fedramp";
        /// United States.
        Us "us";
        /// FedRAMP High.
        FedrampHigh "fedramp-high";
    }
}

impl Jurisdiction {
    /// Its label in host names, in any case; the default one has none.
    pub fn parse_host_label(label: &str) -> Option<Self> {
        Self::parse(label).filter(|jurisdiction| *jurisdiction != Self::Default)
    }
}

names! {
    /// Where a bucket's data would best be: best effort, and honoured the first time a name is created only.
    LocationHint {
        /// Western North America.
        WesternNorthAmerica "wnam";
        /// Eastern North America.
        EasternNorthAmerica "enam";
        /// Western Europe.
        WesternEurope "weur";
        /// Eastern Europe.
        EasternEurope "eeur";
        /// Asia-Pacific.
        AsiaPacific "apac";
        /// Oceania.
        Oceania "oc";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_come_back() {
        for jurisdiction in Jurisdiction::ALL {
            assert_eq!(Jurisdiction::parse(&jurisdiction.name().to_uppercase()), Some(*jurisdiction));
        }
        for hint in LocationHint::ALL {
            assert_eq!(LocationHint::parse(&hint.to_string().to_uppercase()), Some(*hint));
        }
        assert_eq!(
            (Jurisdiction::parse("mars"), LocationHint::parse("eu"), LocationHint::parse("")),
            (None, None, None)
        );
    }

    #[test]
    fn the_default_jurisdiction_has_no_host_label() {
        assert_eq!(Jurisdiction::parse_host_label("EU"), Some(Jurisdiction::Eu));
        assert_eq!(Jurisdiction::parse_host_label("default"), None);
    }
}
