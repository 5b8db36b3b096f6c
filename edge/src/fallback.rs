//! What is left while the configuration is faulty: where requests may pass to, and the secret that they must not carry there.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::environment::Environment;
use crate::origins;
use crate::status::{Status, StatusRequest};

/// The part of the environment that counts while the configuration is faulty.
#[wasm_bindgen]
pub struct Fallback {
    origin: Option<String>,
    status: Option<Status>,
}

#[wasm_bindgen]
impl Fallback {
    /// Reads the environment.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(environment: &str) -> Self {
        let environment = Environment::read(environment);
        Self {
            origin: origins::default(&environment).and_then(Result::ok),
            // Its faults are told already.
            status: Status::read(&environment, &mut Vec::new()),
        }
    }

    /// The URL or binding of `ORIGIN`, if it is without fault.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        self.origin.clone()
    }

    /// As in `Worker`.
    #[must_use]
    pub fn status_request(&self, url: &str, authorization: &str) -> StatusRequest {
        let status = self.status.as_ref();
        status.map_or(StatusRequest::None, |status| {
            status.request(url, authorization)
        })
    }
}
