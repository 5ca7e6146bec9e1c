use super::Reply;
use super::context::Target;
use super::options::WriteOptions;
use crate::call::Call;
use crate::failure::{Failure, Result};
use crate::state::State;
pub(super) fn apply(_: &mut State, _: &Call, _: &Target, _: WriteOptions) -> Result<Reply> {
    Err(Failure::not_implemented("apply"))
}
