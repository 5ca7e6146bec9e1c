use http::StatusCode;

use crate::reply::Reply;
use crate::request::ApiRequest;
use crate::semantics::decoding::read_object;
use crate::semantics::options::WriteOptions;
use crate::semantics::target::Target;
use crate::semantics::writes::{Tracking, Writer, check_name, create_object, replace, respond};
use crate::state::State;
use crate::status::Result;

pub(in crate::semantics) fn update(state: &mut State, request: &ApiRequest, target: &Target) -> Result<Reply> {
    let options = WriteOptions::read(request, "UpdateOptions")?;
    let (mut object, warnings) = read_object(request, target)?;
    let writer = Writer::of(request, target, options);
    check_name(&writer, &object)?;
    writer.check_namespace(&mut object)?;
    let (object, status) = match target.find(state)? {
        Some(old) => (replace(state, &writer, &old, object)?, StatusCode::OK),
        None if target.served.rules.create_on_update && target.subresource.is_none() => {
            object.unset("resourceVersion");
            (create_object(state, &writer, object, Tracking::Update)?, StatusCode::CREATED)
        }
        None => return Err(target.not_found()),
    };
    Ok(respond(&target.served, object, status).with_warnings(&warnings))
}
