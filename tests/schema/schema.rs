//! `make schema`: prints the JSON Schema of the configuration.
#![allow(missing_docs)]

fn main() {
    print!("{}", gatespan::config::schema());
}
