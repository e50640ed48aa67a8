//! Where the source is, and where what is made of it goes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

/// The two folders everything here is about.
pub struct Place {
    /// The workspace.
    pub root: PathBuf,
    /// Cargo's target folder: `CARGO_TARGET_DIR` where it is set.
    pub target: PathBuf,
}

impl Place {
    /// Asks cargo.
    ///
    /// # Errors
    /// When there is no workspace around the current folder.
    pub fn find() -> Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
        })
    }

    /// The cargo that runs us, at the root.
    pub fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(&self.root);
        command
    }
}
