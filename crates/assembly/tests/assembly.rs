//! What is written is read back, and what others write is read.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as well")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use skysmith_assembly::*;

/// A folder of its own for each test, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!(
            "skysmith-assembly-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write_sample(out: &Path, source: &Path) {
    let mut writer = AssemblyWriter::new(out).unwrap();
    let destination =
        writer.asset("abc123", Some("Handler/Code"), &AssetContent::Directory(source.to_owned())).unwrap();
    assert_eq!(
        destination,
        FileDestination { bucket: ASSET_BUCKET.into(), object_key: "abc123.zip".into(), ..FileDestination::default() }
    );
    writer.asset("def456", None, &AssetContent::Bytes(b"{}".to_vec(), ".json".into())).unwrap();
    let base = StackArtifact { id: "base".into(), stack_name: "base".into(), ..StackArtifact::default() };
    writer.stack(base, b"{}\n").unwrap();
    let api = StackArtifact {
        id: "live-api".into(),
        display_name: "live/api".into(),
        stack_name: "live-api-stack".into(),
        environment: "aws://123456789012/eu-central-1".parse().unwrap(),
        dependencies: vec!["base".into()],
        tags: BTreeMap::from([("team".into(), "a".into())]),
        termination_protection: Some(true),
        notification_arns: Some(vec!["arn:aws:sns:eu-central-1:123456789012:t".into()]),
        assets: vec!["def456".into(), "abc123".into()],
        metadata: vec![(
            "/live/api/Table/Resource".into(),
            vec![
                MetadataEntry::logical_id("TableCD117FA1", Some("src/main.rs:31".into())),
                MetadataEntry::message(MessageLevel::Warning, "on-demand", Some("src/main.rs:31".into())),
            ],
        )],
        ..StackArtifact::default()
    };
    writer.stack(api, b"{\"Resources\": {}}\n").unwrap();
    writer.finish().unwrap();
}

fn bytes_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, into: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, into);
            } else {
                into.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(folder, folder, &mut all);
    all
}

#[test]
fn what_is_written_is_read_back() {
    let scratch = Scratch::new();
    scratch.file("code/index.py", "pass\n");
    let out = scratch.0.join("cdk.out");
    write_sample(&out, &scratch.0.join("code"));
    let assembly = Assembly::read(&out).unwrap();
    assert_eq!(assembly.version, "36.0.0");
    assert_eq!(assembly.notes, []);
    let names: Vec<_> = assembly.stacks.iter().map(|stack| stack.display_name.as_str()).collect();
    assert_eq!(names, ["base", "live/api"]);
    let api = assembly.stack("live/api").unwrap();
    assert_eq!(assembly.stack("live-api"), Some(api));
    assert_eq!(api.stack_name, "live-api-stack");
    assert_eq!(api.environment.region.as_deref(), Some("eu-central-1"));
    assert_eq!(api.dependencies, ["base"]);
    assert_eq!(api.tags["team"], "a");
    assert_eq!(api.termination_protection, Some(true));
    assert_eq!(api.notification_arns.as_ref().unwrap().len(), 1);
    assert_eq!(api.bootstrap, None);
    assert_eq!(fs::read(&api.template_file).unwrap(), b"{\"Resources\": {}}\n");
    assert_eq!(api.path_of("TableCD117FA1"), Some("live/api/Table/Resource"));
    assert_eq!(api.place_of("TableCD117FA1").unwrap().to_string(), "src/main.rs:31");
    assert_eq!(api.messages()[0].level, MessageLevel::Warning);
    assert_eq!(api.assets.len(), 2);
    let FileSource::Path { path, packaging: Packaging::Zip } = &api.assets[0].source else {
        panic!("{:?}", api.assets[0])
    };
    assert_eq!(fs::read_to_string(path.join("index.py")).unwrap(), "pass\n");
    assert!(api.assets[0].destinations[0].is_own_bucket());
    assert_eq!(api.assets[1].destinations[0].object_key, "def456.json");
}

#[test]
fn the_same_input_gives_the_same_bytes_and_nothing_stale_remains() {
    let scratch = Scratch::new();
    scratch.file("code/index.py", "pass\n");
    let (one, two) = (scratch.0.join("one"), scratch.0.join("two"));
    write_sample(&one, &scratch.0.join("code"));
    write_sample(&two, &scratch.0.join("code"));
    assert_eq!(bytes_of(&one), bytes_of(&two));
    fs::write(one.join("stale.template.json"), "{}").unwrap();
    write_sample(&one, &scratch.0.join("code"));
    assert_eq!(bytes_of(&one), bytes_of(&two));
    let left: Vec<_> = fs::read_dir(&scratch.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_abandoned_or_failed_write_changes_nothing() {
    let scratch = Scratch::new();
    scratch.file("code/index.py", "pass\n");
    let out = scratch.0.join("cdk.out");
    write_sample(&out, &scratch.0.join("code"));
    let before = bytes_of(&scratch.0);
    drop(AssemblyWriter::new(&out).unwrap());
    let mut writer = AssemblyWriter::new(&out).unwrap();
    writer
        .stack(StackArtifact { id: "s".into(), assets: vec!["missing".into()], ..StackArtifact::default() }, b"{}")
        .unwrap();
    assert!(matches!(writer.finish(), Err(WriteError::UnknownAsset { .. })));
    let mut writer = AssemblyWriter::new(&out).unwrap();
    for id in ["", "..", "a/b", ".hidden", "a b"] {
        assert!(
            matches!(
                writer.stack(StackArtifact { id: id.into(), ..StackArtifact::default() }, b""),
                Err(WriteError::Id { .. })
            ),
            "{id}"
        );
    }
    let escaping = AssetContent::Files(vec![("../x".into(), scratch.0.join("code/index.py"))]);
    assert!(matches!(writer.asset("h", None, &escaping), Err(WriteError::Id { .. })));
    drop(writer);
    assert_eq!(bytes_of(&scratch.0), before);
}

#[test]
fn a_folder_that_is_no_assembly_is_kept() {
    let scratch = Scratch::new();
    let precious = scratch.file("home/thesis.txt", "x");
    scratch.file("home/manifest.json", "{}");
    assert!(matches!(AssemblyWriter::new(scratch.0.join("home")), Err(WriteError::NotAnAssembly { .. })));
    assert!(precious.exists());
    // One that turns into something else while the assembly is being written is kept as well.
    let out = scratch.0.join("late");
    let mut writer = AssemblyWriter::new(&out).unwrap();
    writer.stack(StackArtifact { id: "s".into(), ..StackArtifact::default() }, b"{}").unwrap();
    let late = scratch.file("late/thesis.txt", "x");
    assert!(matches!(writer.finish(), Err(WriteError::NotAnAssembly { .. })));
    assert!(late.exists());
    fs::create_dir_all(scratch.0.join("empty")).unwrap();
    AssemblyWriter::new(scratch.0.join("empty")).unwrap().finish().unwrap();
}

#[cfg(unix)]
#[test]
fn links_and_modes_in_assets() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let scratch = Scratch::new();
    let tool = scratch.file("code/bin/tool", "#!/bin/sh\n");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    symlink("bin/tool", scratch.0.join("code/link")).unwrap();
    let out = scratch.0.join("out");
    let mut writer = AssemblyWriter::new(&out).unwrap();
    writer.asset("h", None, &AssetContent::Directory(scratch.0.join("code"))).unwrap();
    writer.finish().unwrap();
    let copy = out.join("asset.h/link");
    assert!(!copy.is_symlink());
    assert_eq!(fs::metadata(copy).unwrap().permissions().mode() & 0o111, 0o111);
    symlink("..", scratch.0.join("code/bin/circle")).unwrap();
    let mut writer = AssemblyWriter::new(&out).unwrap();
    assert!(matches!(
        writer.asset("h", None, &AssetContent::Directory(scratch.0.join("code"))),
        Err(WriteError::LinkEscapes { .. })
    ));
    fs::remove_file(scratch.0.join("code/bin/circle")).unwrap();
    let secret = scratch.file("secret", "s");
    symlink(secret, scratch.0.join("code/out")).unwrap();
    let mut writer = AssemblyWriter::new(&out).unwrap();
    assert!(matches!(
        writer.asset("h", None, &AssetContent::Directory(scratch.0.join("code"))),
        Err(WriteError::LinkEscapes { .. })
    ));
}

/// A folder as `cdk synth` of a newer version with a stage in it leaves behind, cut down.
fn foreign(scratch: &Scratch) -> PathBuf {
    scratch.file(
        "cdk.out/manifest.json",
        r#"{"version":"99.0.0","runtime":{"libraries":{}},"future":1,"missing":[{"key":"vpc","provider":"vpc-provider","props":{}}],"artifacts":{
        "Tree":{"type":"cdk:tree","properties":{"file":"tree.json"}},
        "Hologram":{"type":"aws:hologram","properties":{"x":[1]}},
        "assembly-Live":{"type":"cdk:cloud-assembly","properties":{"directoryName":"assembly-Live","displayName":"Live"},"dependencies":["Base","Gone"]},
        "Base":{"type":"aws:cloudformation:stack","environment":"aws://unknown-account/unknown-region","future":{},
            "properties":{"templateFile":"Base.template.json","validateOnSynth":false,"parameters":{"N":3,"S":"x"},"future":true},
            "metadata":{"/Base/T":[{"type":"aws:cdk:logicalId","data":"T","trace":["new T (/x/t.js:1:2)"]},{"type":"aws:cdk:error","data":"bad"},{"type":"x","data":{"a":1},"trace":"one"}]},
            "additionalMetadataFile":"Base.metadata.json"}}}"#,
    );
    scratch.file("cdk.out/Base.metadata.json", r#"{"/Base/U":[{"type":"aws:cdk:logicalId","data":"U"}]}"#);
    scratch.file("cdk.out/read.123.1.lock", "");
    scratch.file(
        "cdk.out/assembly-Live/manifest.json",
        r#"{"version":"99.0.0","artifacts":{
        "LiveApi.assets":{"type":"cdk:asset-manifest","properties":{"file":"LiveApi.assets.json","requiresBootstrapStackVersion":6,"bootstrapStackVersionSsmParameter":"/cdk-bootstrap/hnb659fds/version"}},
        "LiveApi":{"type":"aws:cloudformation:stack","environment":"aws://123456789012/us-east-1","displayName":"Live/Api","dependencies":["LiveApi.assets"],
            "properties":{"templateFile":"LiveApi.template.json","stackName":"Live-Api","assumeRoleArn":"arn:${AWS::Partition}:iam::123456789012:role/cdk-hnb659fds-deploy-role-123456789012-us-east-1",
                "cloudFormationExecutionRoleArn":"arn:x:exec","stackTemplateAssetObjectUrl":"s3://cdk-hnb659fds-assets-123456789012-us-east-1/aa.json","assumeRoleAdditionalOptions":{"Tags":[{"Key":"Team","Value":"a"}]},"lookupRole":{"arn":"arn:x:lookup","assumeRoleExternalId":"them","requiresBootstrapStackVersion":8,"bootstrapStackVersionSsmParameter":"/v"}}}}}"#,
    );
    scratch.file(
        "cdk.out/assembly-Live/LiveApi.assets.json",
        r#"{"version":"99.0.0","files":{"aa":{"source":{"path":"LiveApi.template.json","packaging":"file"},"destinations":{"d":{"bucketName":"b","objectKey":"aa.json","region":"us-east-1","assumeRoleArn":"arn:x:publish","assumeRoleAdditionalOptions":{"SourceIdentity":"me"}}}},
        "bb":{"source":{"path":"../asset.bb","packaging":"zip"},"destinations":{"d":{"bucketName":"b","objectKey":"bb.zip"}}},
        "cc":{"source":{"executable":["make","cc"]},"destinations":{}}},"dockerImages":{"dd":{"displayName":"Image","source":{"directory":"x","dockerFile":"D","dockerBuildArgs":{"Z":"1","A":"2"},"cacheTo":{"type":"inline","params":{"mode":"max"}}},
        "destinations":{"d":{"repositoryName":"r-${AWS::Region}","imageTag":"dd","assumeRoleArn":"arn:x:push","assumeRoleExternalId":"me"}}}}}"#,
    );
    scratch.0.join("cdk.out")
}

#[test]
fn other_makers_assemblies_are_read() {
    let scratch = Scratch::new();
    let assembly = Assembly::read(foreign(&scratch)).unwrap();
    assert_eq!(
        assembly.notes,
        [
            Note::NewerVersion { version: "99.0.0".into() },
            Note::UnknownArtifact { id: "Hologram".into(), kind: "aws:hologram".into() },
            Note::UnknownDependency { id: "assembly-Live".into(), dependency: "Gone".into() },
        ]
    );
    assert_eq!(assembly.missing_context.len(), 1);
    let base = assembly.stack("Base").unwrap();
    assert_eq!(base.environment, Environment::agnostic());
    assert_eq!(base.parameters["N"], "3");
    assert_eq!(base.path_of("T"), Some("Base/T"));
    assert_eq!(base.path_of("U"), Some("Base/U"));
    assert_eq!(base.place_of("T"), None);
    assert_eq!(base.messages().len(), 1);
    let api = assembly.stack("Live/Api").unwrap();
    assert_eq!(api.stack_name, "Live-Api");
    assert_eq!(api.dependencies, ["Base"]);
    assert_eq!(api.bootstrap.as_ref().unwrap().version, 6);
    let lookup = api.lookup_role.as_ref().unwrap();
    assert_eq!((lookup.role.arn.as_str(), lookup.role.external_id.as_deref()), ("arn:x:lookup", Some("them")));
    let bootstrap = lookup.bootstrap.as_ref().unwrap();
    assert_eq!((bootstrap.version, bootstrap.ssm_parameter.as_deref()), (8, Some("/v")));
    let role = api.role.as_ref().unwrap();
    assert_eq!((role.tags.len(), role.transitive_tag_keys.as_slice()), (1, ["Team".to_owned()].as_slice()));
    let publishing = api.assets[0].destinations[0].role.as_ref().unwrap();
    assert_eq!(publishing.source_identity.as_deref(), Some("me"));
    assert_eq!(api.template_file, scratch.0.join("cdk.out/assembly-Live/LiveApi.template.json"));
    assert!(
        matches!(&api.assets[1].source, FileSource::Path { path, packaging: Packaging::Zip } if *path == scratch.0.join("cdk.out/asset.bb"))
    );
    assert_eq!(api.assets[2].source, FileSource::Executable(vec!["make".into(), "cc".into()]));
    let image = &api.images[0];
    assert_eq!((image.id.as_str(), image.display_name.as_deref()), ("dd", Some("Image")));
    let ImageSource::Build(build) = &image.source else { panic!() };
    assert_eq!((build.file.as_deref(), build.cache_to.as_deref()), (Some("D"), Some("type=inline,mode=max")));
    // In the file's order, not by name: the client is told them in this order.
    assert_eq!(build.args, [("Z".to_owned(), "1".to_owned()), ("A".to_owned(), "2".to_owned())]);
    assert_eq!(image.destinations[0].repository, "r-${AWS::Region}");
    let pushing = image.destinations[0].role.as_ref().unwrap();
    assert_eq!((pushing.arn.as_str(), pushing.external_id.as_deref()), ("arn:x:push", Some("me")));
}

#[test]
fn paths_that_leave_the_folder_are_refused() {
    for target in ["/etc/passwd", "../x.json", "a/../../x.json"] {
        let scratch = Scratch::new();
        scratch.file("out/manifest.json", &format!(r#"{{"version":"36.0.0","artifacts":{{"s":{{"type":"aws:cloudformation:stack","properties":{{"templateFile":"{target}"}}}}}}}}"#));
        assert!(matches!(Assembly::read(scratch.0.join("out")), Err(ReadError::PathEscapes { .. })), "{target}");
    }
    let scratch = Scratch::new();
    let nested =
        r#"{"version":"36.0.0","artifacts":{"n":{"type":"cdk:cloud-assembly","properties":{"directoryName":"./."}}}}"#;
    scratch.file("out/manifest.json", nested);
    assert!(matches!(Assembly::read(scratch.0.join("out")), Err(ReadError::TooDeep { .. })));
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_refused() {
    let scratch = Scratch::new();
    let secret = scratch.file("secret.json", "{}");
    scratch.file("out/manifest.json", r#"{"version":"36.0.0","artifacts":{"s":{"type":"aws:cloudformation:stack","properties":{"templateFile":"t.json"}}}}"#);
    std::os::unix::fs::symlink(secret, scratch.0.join("out/t.json")).unwrap();
    assert!(matches!(Assembly::read(scratch.0.join("out")), Err(ReadError::PathEscapes { .. })));
}

#[test]
fn broken_folders_are_errors_with_the_file() {
    let scratch = Scratch::new();
    assert!(matches!(Assembly::read(&scratch.0), Err(ReadError::NotAnAssembly { .. })));
    for (text, expected) in [
        ("", "manifest.json"),
        ("[]", "manifest.json"),
        (r#"{"version":1}"#, "manifest.json"),
        (r#"{"version":"1","artifacts":{"s":{"type":"aws:cloudformation:stack","properties":{}}}}"#, "`s`"),
        (r#"{"version":"1","artifacts":{"s":{"type":"aws:cloudformation:stack"}}}"#, "`s`"),
        (
            r#"{"version":"1","artifacts":{"s":{"type":"aws:cloudformation:stack","environment":"moon","properties":{"templateFile":"t"}}}}"#,
            "moon",
        ),
        (
            r#"{"version":"1","artifacts":{"a":{"type":"cdk:asset-manifest","properties":{"file":"gone.json"}}}}"#,
            "gone.json",
        ),
    ] {
        scratch.file("manifest.json", text);
        let message = Assembly::read(&scratch.0).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
}
