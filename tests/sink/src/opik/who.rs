//! Authentication. Without a key the sink is the open-source server: no key is needed, and only one workspace exists. With a key it
//! is the cloud.

use super::rejection::{Fault, Rejection, Stage};
use crate::http::Request;
use crate::server::Options;

pub(super) fn enter(request: &Request, options: &Options) -> Result<String, Rejection> {
    let given = request
        .header("comet-workspace")
        .filter(|name| !name.is_empty());
    let refuse = |stage, field, reason| Err(Rejection::of(Fault::whole(stage, field, reason)));
    let Some(key) = &options.key else {
        return match given {
            None => Ok(options.workspace.clone()),
            Some(name) if *name == options.workspace => Ok(options.workspace.clone()),
            Some(_) => refuse(
                Stage::Workspace,
                "comet-workspace",
                "there is no such workspace",
            ),
        };
    };
    match (
        request
            .header("authorization")
            .filter(|key| !key.is_empty()),
        given,
    ) {
        (None, _) => refuse(Stage::Key, "authorization", "an API key is required"),
        // Only the key: "Bearer KEY" is a different key.
        (Some(given), _) if given != key => {
            refuse(Stage::Key, "authorization", "the API key is not known")
        }
        (_, None) => refuse(
            Stage::Forbidden,
            "comet-workspace",
            "a workspace is required",
        ),
        (_, Some(name)) if *name != options.workspace => refuse(
            Stage::Forbidden,
            "comet-workspace",
            "the key has no right to this workspace",
        ),
        _ => Ok(options.workspace.clone()),
    }
}
