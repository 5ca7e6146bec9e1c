use super::{DecodeError, Reader, Value};

/// How a value is made from a document: the half of [`Value`] that a type with `Default` does not write.
///
/// It is implemented for every [`Value`] that has a default value, which is made and then read in place.
/// A type without one (a required enum has none) implements [`decode`](Self::decode):
///
/// ```
/// use kubernetes_core::Str;
/// use kubernetes_core::json::{self, Decode, DecodeError, Reader, Value, Writer};
///
/// #[derive(Debug, PartialEq)]
/// enum Protocol {
///     Tcp,
///     Udp,
/// }
///
/// impl Decode for Protocol {
///     fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
///         match &*reader.string()? {
///             "TCP" => Ok(Self::Tcp),
///             "UDP" => Ok(Self::Udp),
///             _ => Err(reader.error("expected TCP or UDP")),
///         }
///     }
/// }
///
/// impl Value for Protocol {
///     fn write(&self, writer: &mut Writer) {
///         writer.string(if *self == Self::Tcp { "TCP" } else { "UDP" });
///     }
/// }
///
/// struct Port {
///     name: Str,
///     protocol: Protocol,
/// }
///
/// impl Decode for Port {
///     fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
///         let (mut name, mut protocol) = (None, None);
///         reader.fields(Self::FIELDS, &mut [&mut name, &mut protocol])?;
///         Ok(Self { name: reader.required("name", name)?, protocol: reader.required("protocol", protocol)? })
///     }
/// }
///
/// impl Value for Port {
///     const FIELDS: &'static [&'static str] = &["name", "protocol"];
///
///     fn write_fields(&self, writer: &mut Writer) {
///         writer.required("name", &self.name);
///         writer.required("protocol", &self.protocol);
///     }
/// }
///
/// let ports: Vec<Port> = json::from_str(r#"[{"name": "dns", "protocol": "UDP"}]"#)?;
/// assert_eq!(ports[0].protocol, Protocol::Udp);
/// let error = json::from_str::<Vec<Port>>(r#"[{"name": "dns"}]"#).map(|_| ()).unwrap_err();
/// assert_eq!(error.to_string(), "[0]: the required field `protocol` is missing at byte 16");
/// # Ok::<(), json::DecodeError>(())
/// ```
///
/// # Limits
/// A type that implements this must not implement `Default`: the compiler refuses the two as conflicting (E0119).
/// `Box<T>` is a value only if `T` has a default value: for one that has none, decode a `T` and box it.
pub trait Decode: Sized {
    /// Reads the next value.
    ///
    /// # Errors
    /// If that is not JSON, or does not fit this type.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Reads the next value where it is to stay, which saves moving a large one.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    #[doc(hidden)]
    #[inline]
    fn decode_into(place: &mut impl Place<Self>, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let value = Self::decode(reader)?;
        place.put(|| value);
        Ok(())
    }

    /// Replaces `self` with the next value.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    #[doc(hidden)]
    #[inline]
    fn decode_again(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = Self::decode(reader)?;
        Ok(())
    }
}

impl<V: Value + Default> Decode for V {
    #[inline]
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut value = Self::default();
        value.read_new(reader)?;
        Ok(value)
    }

    #[inline]
    fn decode_into(place: &mut impl Place<Self>, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        place.put(Self::default).read_new(reader)
    }

    #[inline]
    fn decode_again(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = Self::default();
        self.read_fields(reader)
    }
}

/// Where one more value can be put.
#[doc(hidden)]
pub trait Place<V> {
    /// Makes a value where it stays.
    fn put(&mut self, make: impl FnOnce() -> V) -> &mut V;
}

impl<V> Place<V> for Option<V> {
    #[inline]
    fn put(&mut self, make: impl FnOnce() -> V) -> &mut V {
        self.insert(make())
    }
}

impl Reader<'_> {
    /// The value of a field that an object must have; null counts as absent.
    ///
    /// # Errors
    /// If the object has not had it.
    #[inline]
    pub fn required<V>(&self, name: &str, value: Option<V>) -> Result<V, DecodeError> {
        value.ok_or_else(|| self.missing(name))
    }

    #[cold]
    fn missing(&self, name: &str) -> DecodeError {
        self.error(format!("the required field `{name}` is missing"))
    }
}
