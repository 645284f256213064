//! From the synthesis to a cloud assembly on disk.

use std::path::Path;

use skysmith_assembly::{AssemblyWriter, AssetContent, Environment, MetadataEntry, StackArtifact, WriteError};

use crate::synth::{RenderedElement, Synthesis, SynthesizedStack};

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
            let template = stack.template.to_json();
            if let Some(hash) = &stack.nested_hash {
                let content = AssetContent::Bytes(template.into_bytes(), ".json".to_owned());
                writer.asset(hash, Some(&stack.path), &content)?;
            } else {
                let inside: Vec<_> = self.stacks.iter().filter(|other| is_nested_in(self, other, stack)).collect();
                writer.stack(artifact(stack, &inside), template.as_bytes())?;
            }
        }
        writer.finish()
    }
}

/// Whether `inner` is nested in `outer`, at whatever depth.
fn is_nested_in(synthesis: &Synthesis, inner: &SynthesizedStack, outer: &SynthesizedStack) -> bool {
    let mut around = inner.nested_in.as_deref();
    while let Some(path) = around {
        if path == outer.path {
            return true;
        }
        around = synthesis.stacks.iter().find(|stack| stack.path == path).and_then(|stack| stack.nested_in.as_deref());
    }
    false
}

fn artifact(stack: &SynthesizedStack, inside: &[&SynthesizedStack]) -> StackArtifact {
    let metadata = |element: &RenderedElement| {
        let entry = MetadataEntry::logical_id(&element.logical_id, Some(element.shown_place()));
        (format!("/{}", element.path), vec![entry])
    };
    let mut assets = stack.assets.clone();
    for nested in inside {
        assets.extend(nested.assets.iter().cloned());
        assets.extend(nested.nested_hash.clone());
    }
    assets.sort();
    assets.dedup();
    StackArtifact {
        id: stack.id.clone(),
        display_name: stack.path.clone(),
        stack_name: stack.name.clone(),
        environment: Environment { account: stack.account.clone(), region: stack.region.clone() },
        dependencies: stack.depends_on.clone(),
        tags: stack.tags.clone(),
        termination_protection: stack.termination_protection,
        assets,
        // Those of nested stacks as well, as the CDK has it: their templates have no manifest of their own.
        metadata: std::iter::once(stack)
            .chain(inside.iter().copied())
            .flat_map(|stack| &stack.elements)
            .map(metadata)
            .collect(),
        ..StackArtifact::default()
    }
}
