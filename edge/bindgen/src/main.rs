//! `gatespan-bindgen MODULE OUT`: what `wasm-bindgen --target web` does, without the rest of that program, which takes six
//! times as long to build.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(module), Some(out)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: gatespan-bindgen MODULE OUT");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    let written = bindgen.web(true).and_then(|bindgen| {
        bindgen
            .input_path(module)
            .out_name("index")
            .typescript(false)
            .omit_default_module_path(true)
            // A trap ends the module for good; a new one can take its place.
            .reset_state_function(true)
            .generate(out)
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gatespan-bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}
