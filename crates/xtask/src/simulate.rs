//! `cargo xtask simulate`: runs seeds of the simulation, or replays a plan that was kept.

use crate::command::{cargo, run};

/// Options of `simulate`: passed on as they are.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// `--seeds N` (100), `--seed S` (the first, 0), `--save DIR` keeps failing plans as they are and shrunk,
    /// `--plan FILE` replays one, `--jobs N`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds the simulation and runs it.
pub(crate) fn simulate(options: &Options) -> anyhow::Result<()> {
    // A program of its own, since this crate imports nothing of the product.
    let name = "inkhorn-simulation";
    run(cargo()
        .args(["run", "--quiet", "--package", name, "--bin", "inkhorn-simulate", "--"])
        .args(&options.arguments))
}
