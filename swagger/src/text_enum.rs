//! Enums that stand for a fixed set of JSON strings.

/// A type whose values are a fixed set of JSON strings.
pub(crate) trait TextEnum: Sized + Copy + 'static {
    /// Every value, in the order in which messages list them.
    const ALL: &'static [Self];

    /// The JSON string.
    fn text(self) -> &'static str;

    /// The value that the JSON string stands for.
    fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.text() == text)
    }
}

/// Declares an enum together with the JSON string of each variant.
macro_rules! text_enum {
    ($(#[$outer:meta])* $vis:vis enum $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name {
            $($(#[$inner])* $variant,)+
        }

        impl $name {
            /// The string that stands for the value in a description.
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl $crate::text_enum::TextEnum for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            fn text(self) -> &'static str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use text_enum;
