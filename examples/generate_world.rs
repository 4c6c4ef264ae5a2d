//! Writes a seeded world for measuring: `cargo run --release --example generate_world -- medium full OUTDIR [--seed N]`.
//!
//! Sizes are `small`, `medium` and `large`; shapes are `full` (all fields of Zendesk's records) and `rules` (only those
//! that the rules use). What a world holds is described in `benches/world/mod.rs`.

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own, without the console")]

#[path = "../benches/world/mod.rs"]
mod world;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: generate_world small|medium|large full|rules OUTDIR [--seed N]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match generate(&arguments) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn generate(arguments: &[String]) -> Result<String, String> {
    let (size, shape, folder, seed) = match arguments {
        [size, shape, folder] => (size, shape, folder, 1),
        [size, shape, folder, flag, seed] if flag == "--seed" => {
            let seed = seed.parse().map_err(|_| format!("--seed takes a whole number, not `{seed}`"))?;
            (size, shape, folder, seed)
        }
        _ => return Err(USAGE.to_owned()),
    };
    let world = world::World::new(size.parse()?, seed);
    let bytes = world.write(Path::new(folder), shape.parse()?).map_err(|error| format!("{folder}: {error}"))?;
    Ok(format!("{bytes} bytes in {folder}; audit it with --as-of {}", world::AS_OF))
}
