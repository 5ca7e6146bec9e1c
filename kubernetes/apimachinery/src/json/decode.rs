use super::{DecodeError, Reader, Value};

/// Creates a value from a document: the half of [`Value`] that types with `Default` get for free.
///
/// Implemented for every [`Value`] with a default value, which is created and then read in place. A type without one,
/// such as an enum that must be set, implements [`decode`](Self::decode):
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
/// A type that implements this must not implement `Default`: the compiler rejects the combination (E0119). `Box<T>` is
/// a value only if `T` has a default value; otherwise decode a `T` and box it.
pub trait Decode: Sized {
    /// Reads the next value.
    ///
    /// # Errors
    /// Returns an error if the value is not valid JSON, or does not fit this type.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Reads the next value into its final place, which avoids moving a large one.
    ///
    /// # Errors
    /// See [`decode`](Self::decode).
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
    /// See [`decode`](Self::decode).
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
        let mut value = Self::initial();
        value.read_new(reader)?;
        Ok(value)
    }

    #[inline]
    fn decode_into(place: &mut impl Place<Self>, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        place.put(Self::initial).read_new(reader)
    }

    #[inline]
    fn decode_again(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = Self::default();
        self.read_fields(reader)
    }
}

/// A place for one more value.
#[doc(hidden)]
pub trait Place<V> {
    /// Creates a value in place.
    fn put(&mut self, make: impl FnOnce() -> V) -> &mut V;
}

impl<V> Place<V> for Option<V> {
    #[inline]
    fn put(&mut self, make: impl FnOnce() -> V) -> &mut V {
        self.insert(make())
    }
}

impl Reader<'_> {
    /// The value of a required field; null counts as absent.
    ///
    /// # Errors
    /// Returns an error if the object did not have the field.
    #[inline]
    pub fn required<V>(&self, name: &str, value: Option<V>) -> Result<V, DecodeError> {
        value.ok_or_else(|| self.missing(name))
    }

    #[cold]
    fn missing(&self, name: &str) -> DecodeError {
        self.error(format!("the required field `{name}` is missing"))
    }
}
