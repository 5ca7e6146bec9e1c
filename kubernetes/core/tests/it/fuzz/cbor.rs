use kubernetes_core::cbor;
use serde_json::Value;

/// What is accepted is JSON, survives being written, and is one document however it arrives.
pub(super) fn check(data: &[u8]) {
    let mut whole = cbor::Sequence::new(data.len());
    whole.push(data);
    let mut bytewise = cbor::Sequence::new(data.len());
    let mut documents = Vec::new();
    let mut failed = false;
    for byte in data {
        bytewise.push(&[*byte]);
        match bytewise.next_document() {
            Ok(document) => documents.extend(document),
            Err(_) => {
                failed = true;
                break;
            }
        }
    }
    for document in &documents {
        assert_eq!(whole.next_document().unwrap().as_ref(), Some(document));
    }
    match whole.next_document() {
        Ok(document) => assert!(document.is_none() && !failed),
        // The size of a string shows only when its head is complete, and then it is refused both ways.
        Err(_) => assert!(failed),
    }
    let Ok(text) = cbor::to_json(data) else { return };
    assert!(text.len() <= data.len() * 8);
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].len(), data.len());
    let Ok(value) = serde_json::from_str::<Value>(&text) else {
        panic!("{text}");
    };
    let again = cbor::to_json(&cbor::from_json(&text).unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), value, "{text} {again}");
}
