//! Checks that derived code makes in constants, so that the compiler reports an unsupported shape at its field.

use super::types::{Keyword, Kind, ListType, MapType, Member, Presence, Shape, Tagging, Type, Variant, same_text};

impl Type {
    /// Whether a value can be flattened into the object around it.
    #[doc(hidden)]
    pub const fn can_be_flattened(&self) -> bool {
        matches!(self.kind(), Kind::Object)
    }

    /// Whether a value is a list.
    #[doc(hidden)]
    pub const fn is_list(&self) -> bool {
        matches!(self.kind(), Kind::List)
    }

    /// Whether a value is an object.
    #[doc(hidden)]
    pub const fn is_object(&self) -> bool {
        matches!(self.kind(), Kind::Object | Kind::Map)
    }

    /// Whether a value is a string, or may be one.
    #[doc(hidden)]
    pub const fn is_text(&self) -> bool {
        matches!(self.kind(), Kind::String | Kind::IntOrString | Kind::Any)
    }

    /// Whether a value is a number, or may be one.
    #[doc(hidden)]
    pub const fn is_number(&self) -> bool {
        matches!(self.kind(), Kind::Integer | Kind::Number | Kind::IntOrString | Kind::Any)
    }

    /// Whether the values of this list's items identify them.
    #[doc(hidden)]
    pub const fn has_set_items(&self) -> bool {
        match self.item() {
            Some(item) => match item.kind() {
                Kind::Object | Kind::Map | Kind::List => item.is_atomic(),
                Kind::Any => false,
                _ => true,
            },
            None => false,
        }
    }

    /// Whether the items of this list have, or may have, a scalar field with this name.
    #[doc(hidden)]
    pub const fn has_key(&self, name: &str) -> bool {
        match self.key(name) {
            Key::Missing => false,
            Key::Unknown | Key::Optional => true,
            Key::Present(member) => !matches!(member.of.kind(), Kind::Object | Kind::Map | Kind::List | Kind::Any),
        }
    }

    /// Whether every item of this list has the field with this name, as required of the key of a map list.
    #[doc(hidden)]
    pub const fn has_certain_key(&self, name: &str) -> bool {
        match self.key(name) {
            Key::Missing | Key::Optional => false,
            Key::Unknown => true,
            Key::Present(member) => {
                matches!(member.presence, Presence::Required) || has_default(member.keywords) || member.of.has_default()
            }
        }
    }

    /// Whether JSON that starts with this byte may be a value.
    #[doc(hidden)]
    pub const fn accepts(&self, json: &str) -> bool {
        let Some(first) = json.as_bytes().first() else { return false };
        match (self.kind(), *first) {
            (Kind::Any, _) => true,
            (_, b'n') => self.is_nullable(),
            (Kind::Boolean, b't' | b'f')
            | (Kind::String, b'"')
            | (Kind::List, b'[')
            | (Kind::Map | Kind::Object, b'{')
            | (Kind::Number, b'-' | b'0'..=b'9')
            | (Kind::IntOrString, b'"') => true,
            (Kind::Integer | Kind::IntOrString, b'-' | b'0'..=b'9') => is_whole(json),
            _ => false,
        }
    }

    /// Whether objects are known to have a field with this name.
    #[doc(hidden)]
    pub const fn has_member(&self, name: &str) -> bool {
        matches!(self.member(name), Key::Optional | Key::Present(_))
    }

    /// Whether the variants of this type have a common structure.
    #[doc(hidden)]
    pub const fn has_structure(&self) -> bool {
        match self.shape {
            Shape::Variants(Tagging::Untagged, _) => !matches!(self.kind(), Kind::Any),
            _ => true,
        }
    }

    const fn is_nullable(&self) -> bool {
        let mut index = 0;
        while index < self.keywords.len() {
            if matches!(self.keywords[index], Keyword::Nullable) {
                return true;
            }
            index += 1;
        }
        match self.shape {
            Shape::Refined(of) => of.is_nullable(),
            _ => false,
        }
    }

    const fn is_atomic(&self) -> bool {
        let mut index = 0;
        while index < self.keywords.len() {
            match self.keywords[index] {
                Keyword::ListType(ListType::Atomic) | Keyword::MapType(MapType::Atomic) => return true,
                _ => index += 1,
            }
        }
        match self.shape {
            Shape::Refined(of) => of.is_atomic(),
            // A list without a type is atomic.
            Shape::List(_) => true,
            _ => false,
        }
    }

    const fn has_default(&self) -> bool {
        has_default(self.keywords)
            || match self.shape {
                Shape::Refined(of) => of.has_default(),
                _ => false,
            }
    }

    const fn item(&self) -> Option<&'static Type> {
        match self.shape {
            Shape::List(item) => Some(item),
            Shape::Refined(of) => of.item(),
            _ => None,
        }
    }

    const fn key(&self, name: &str) -> Key {
        match self.item() {
            Some(item) => item.member(name),
            None => Key::Unknown,
        }
    }

    const fn member(&self, name: &str) -> Key {
        match self.shape {
            Shape::Refined(of) => of.member(name),
            Shape::Object(members) => member_of(members, name),
            Shape::Variants(tagging, variants) => variant_member(tagging, variants, name),
            Shape::Described { .. } | Shape::Any => Key::Unknown,
            _ => Key::Missing,
        }
    }
}

/// The lookup of a field by name.
#[derive(Clone, Copy)]
enum Key {
    Missing,
    /// An object of this type may have it; only the whole schema can tell.
    Unknown,
    Optional,
    Present(Member),
}

const fn member_of(members: &'static [Member], name: &str) -> Key {
    let mut index = 0;
    let mut found = Key::Missing;
    while index < members.len() {
        let member = members[index];
        match member.presence {
            Presence::Flattened | Presence::FlattenedOptional => match member.of.member(name) {
                Key::Missing => {}
                key => found = key,
            },
            _ if same_text(member.name, name) => return Key::Present(member),
            _ => {}
        }
        index += 1;
    }
    found
}

const fn variant_member(tagging: Tagging, variants: &'static [Variant], name: &str) -> Key {
    if let Tagging::Internal(tag) = tagging
        && same_text(tag, name)
    {
        return Key::Optional;
    }
    let mut index = 0;
    while index < variants.len() {
        let is_found = match tagging {
            Tagging::External => same_text(variants[index].name, name),
            _ => !matches!(variants[index].of.member(name), Key::Missing),
        };
        if is_found {
            return Key::Optional;
        }
        index += 1;
    }
    Key::Missing
}

const fn has_default(keywords: &[Keyword]) -> bool {
    let mut index = 0;
    while index < keywords.len() {
        if matches!(keywords[index], Keyword::Default(_)) {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether a number in JSON has neither a fraction nor an exponent.
const fn is_whole(json: &str) -> bool {
    let bytes = json.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        if matches!(bytes[index], b'.' | b'e' | b'E') {
            return false;
        }
        index += 1;
    }
    true
}
