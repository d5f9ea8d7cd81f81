//! The commands about the server.

use crate::args::Command;
use crate::show::Output;
use inkhorn_core::Core;

pub(crate) async fn perform(core: &Core, command: Command, input: &str, out: &mut Output) -> anyhow::Result<()> {
    let _ = (core, command, input, out);
    Ok(())
}
