//! The tree, from constructs to templates.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod assets;
mod crossing;
mod logical_ids;
mod placement;
mod tree;
mod values;

use skysmith_core::{App, Catalog, Synthesis, TagStyle};

/// A catalog in which topics and functions can be tagged, each in its own way.
fn catalog() -> Catalog {
    Catalog {
        tags: |resource_type| match resource_type {
            "AWS::SNS::Topic" => Some(TagStyle::List("Tags")),
            "AWS::SSM::Parameter" => Some(TagStyle::Map("Tags")),
            _ => None,
        },
        is_list: |resource_type, attribute| resource_type == "AWS::EC2::VPC" && attribute == "CidrBlockAssociations",
    }
}

fn synthesize(app: &App) -> Synthesis {
    app.synthesize(&catalog())
}

/// The only stack's template, of an app without errors.
fn template(app: &App) -> String {
    let synthesis = synthesize(app);
    assert!(!synthesis.has_errors(), "{:#?}", synthesis.diagnostics());
    synthesis.stacks[0].template.to_json()
}

/// Every complaint about an app, as `rule: message`.
fn complaints(app: &App) -> Vec<String> {
    synthesize(app)
        .diagnostics()
        .iter()
        .map(|diagnostic| format!("{}: {}", diagnostic.rule.as_deref().unwrap_or("-"), diagnostic.message))
        .collect()
}
