use crate::json::{Decode, DecodeError, Reader, Value, Writer};
use crate::{Encoded, Status};

/// The response to a delete: the object's last state (or its current state, while finalizers keep it), or a Status.
///
/// The server decides which one it sends:
/// <https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go>
#[derive(Clone, Debug, PartialEq)]
pub enum Deleted<K> {
    /// The object.
    Object(Box<K>),
    /// The outcome, without the object.
    Status(Box<Status>),
}

impl<K> Deleted<K> {
    /// The object, if the server sent it.
    pub fn object(self) -> Option<K> {
        match self {
            Self::Object(object) => Some(*object),
            Self::Status(_) => None,
        }
    }
}

impl<K> Default for Deleted<K> {
    fn default() -> Self {
        Self::Status(Box::default())
    }
}

impl<K: Value> Value for Deleted<K> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        *self = if kind_is_status(&mut reader.clone())? {
            Self::Status(Box::new(Decode::decode(reader)?))
        } else {
            Self::Object(Box::new(K::decode(reader)?))
        };
        Ok(())
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Object(object) => object.write(writer),
            Self::Status(status) => status.write(writer),
        }
    }
}

impl<K: Value> Deleted<K> {
    /// Decodes the response to a delete. A response without a body, as some aggregated API servers send it, means
    /// success.
    pub(crate) fn from_answer(answer: &Encoded) -> Result<Self, DecodeError> {
        if answer.bytes().trim_ascii().is_empty() {
            let status = Status { status: Some("Success".into()), ..Default::default() };
            return Ok(Self::Status(Box::new(status)));
        }
        answer.decode()
    }
}

fn kind_is_status(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    let mut is_status = false;
    let mut first = true;
    reader.begin_object()?;
    while let Some(key) = reader.next_key(&mut first)? {
        if key == "kind" && reader.token() == Some(b'"') {
            is_status = reader.string()? == "Status";
        } else {
            reader.skip()?;
        }
    }
    Ok(is_status)
}
