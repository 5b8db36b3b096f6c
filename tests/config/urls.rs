//! URLs that are accepted; those that are refused are in the table of faults.

use gatespan::Config;
use gatespan::config::Host;

use super::{env, faults};

#[test]
fn url_of_a_backend_may_have_an_address_a_port_and_capital_letters() {
    for url in [
        "HTTP://A.test",
        "Https://a.test:8443/base/",
        "http://10.0.0.1:80",
        "http://[::1]:8080",
        "http://opik.internal.",
        "http://opik-1",
    ] {
        let document = format!(r#"{{"backend": {{"kind": "opik", "url": "{url}"}}}}"#);
        assert_eq!(
            faults(&document, Host::Worker),
            Vec::<String>::new(),
            "{url}"
        );
        let config = Config::parse(&document, Host::Worker, &env).unwrap();
        let (authority, _) = config.backends[0].target();
        assert!(url.contains(authority) && !authority.is_empty(), "{url}");
    }
}
