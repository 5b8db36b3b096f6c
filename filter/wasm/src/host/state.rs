//! What Envoy keeps beside a request, where no client can read or write: its filter state.

use super::{Done, abi, done, returned};

/// Has it kept for as long as the request lives, over internal redirects, and not only as long as the stream. Inside of the
/// callback that configures the root.
pub(crate) fn keep(name: &str) -> Done {
    // DeclarePropertyArguments of source/extensions/common/wasm/ext/declare_property.proto: `name` and `span`.
    let mut arguments = vec![NAME, name.len() as u8];
    arguments.extend(name.as_bytes());
    arguments.extend([LIFE_SPAN, DOWNSTREAM_REQUEST]);
    let mut status = 0;
    let _ = returned(|data, size| {
        status = unsafe {
            abi::proxy_call_foreign_function(
                DECLARE.as_ptr(),
                DECLARE.len(),
                arguments.as_ptr(),
                arguments.len(),
                data,
                size,
            )
        };
        status
    });
    done(status)
}

/// Keeps this value beside the request. It is a property of the same name.
pub(crate) fn set(name: &str, value: &[u8]) -> Done {
    let [name, value] = [name.as_bytes(), value];
    done(unsafe { abi::proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

const DECLARE: &str = "declare_property";
/// Tags of the message: the number of a field and how it is written.
const NAME: u8 = 1 << 3 | 2;
const LIFE_SPAN: u8 = 5 << 3;
const DOWNSTREAM_REQUEST: u8 = 1;
