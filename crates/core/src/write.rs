//! From the synthesis to a cloud assembly on disk.

use std::path::Path;

use skysmith_assembly::{AssemblyWriter, AssetContent, Environment, MetadataEntry, StackArtifact, WriteError};

use crate::synth::{Synthesis, SynthesizedStack};

impl Synthesis {
    /// Writes the assembly to the folder `out`, in place of the one that is there.
    ///
    /// # Errors
    /// If the folder holds something that is not an assembly, or a file cannot be read or written. Nothing is left half
    /// written.
    pub fn write(&self, out: &Path) -> Result<(), WriteError> {
        let mut writer = AssemblyWriter::new(out)?;
        for asset in &self.assets {
            let files = asset.files().iter().map(|name| (name.clone(), asset.source().join(name))).collect();
            let name = asset.source().to_string_lossy();
            writer.asset(asset.hash(), Some(&name), &AssetContent::Files(files))?;
        }
        for stack in &self.stacks {
            writer.stack(artifact(stack), stack.template.to_json().as_bytes())?;
        }
        writer.finish()
    }
}

fn artifact(stack: &SynthesizedStack) -> StackArtifact {
    let metadata = stack
        .elements
        .iter()
        .map(|element| {
            let entry = MetadataEntry::logical_id(&element.logical_id, Some(element.shown_place()));
            (format!("/{}", element.path), vec![entry])
        })
        .collect();
    StackArtifact {
        id: stack.id.clone(),
        display_name: stack.path.clone(),
        stack_name: stack.name.clone(),
        environment: Environment { account: stack.account.clone(), region: stack.region.clone() },
        dependencies: stack.depends_on.clone(),
        tags: stack.tags.clone(),
        termination_protection: stack.termination_protection,
        assets: stack.assets.clone(),
        metadata,
        ..StackArtifact::default()
    }
}
