//! What a profile of `~/.aws` asks for: where its credentials come from, and what is taken with them.
//!
//! Follows [the rules of the AWS CLI](https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html), and adds what people keep there for the tools that ask for
//! codes: `mfa_serial` beside a user's keys, and `NAME-long-term` with the keys and `aws_mfa_device`, whose sessions are kept in `NAME` with their `expiration`. Pure: it
//! reads what was parsed and decides; nobody is asked or called.

use std::time::{Duration, SystemTime};

use aws_config::profile::{Profile, ProfileSet};
use aws_credential_types::Credentials;
use aws_sdk_cloudformation::primitives::{DateTime, DateTimeFormat};
use skysmith_assembly::AssumedRole;

use super::{PROVIDER, Source, cache};
use crate::Error;

/// Where the keys are for which a session with a code is taken, and kept in the profile of the same name without this.
const LONG_TERM: &str = "-long-term";

/// What leads to the credentials of a profile.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Where it begins.
    pub(super) source: Source,
    /// The keys, where they are in the file.
    pub(super) keys: Option<Credentials>,
    /// The device whose code makes a session of the keys.
    pub(super) device: Option<String>,
    /// The device whose code has been given for the keys already.
    pub(super) verified: Option<String>,
    /// The roles that are taken then, in this order.
    pub(super) roles: Vec<Role>,
}

/// A role and how it is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session_name: Option<String>,
    pub(super) duration: Option<Duration>,
    /// The device whose code it takes.
    pub(super) device: Option<String>,
    /// What else is said when it is taken. Profiles have nothing of the kind.
    pub(super) further: Box<Further>,
}

/// What an assembly may have said to STS beside the role's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Further {
    pub(super) tags: Vec<(String, String)>,
    pub(super) transitive_tag_keys: Vec<String>,
    pub(super) policy: Option<String>,
    pub(super) policy_arns: Vec<String>,
    pub(super) source_identity: Option<String>,
}

impl From<&AssumedRole> for Role {
    fn from(asked: &AssumedRole) -> Self {
        Self {
            arn: asked.arn.clone(),
            external_id: asked.external_id.clone(),
            session_name: asked.session_name.clone(),
            duration: asked.duration_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            device: None,
            further: Box::new(Further {
                tags: asked.tags.clone(),
                transitive_tag_keys: asked.transitive_tag_keys.clone(),
                policy: asked.policy.clone(),
                policy_arns: asked.policy_arns.clone(),
                source_identity: asked.source_identity.clone(),
            }),
        }
    }
}

/// What `profile` asks for. `None`: it says nothing of credentials.
///
/// # Errors
/// It contradicts itself, or leads to a profile that is not there.
pub(super) fn plan(profiles: &ProfileSet, profile: &str) -> Result<Option<Plan>, Error> {
    let mut roles: Vec<Role> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut name = profile.to_owned();
    loop {
        if seen.contains(&name) {
            return Err(wrong(profile, format!("its source_profile leads in a circle: {} → {name}", seen.join(" → "))));
        }
        let Some(section) = profiles.get_profile(&name) else {
            if let Some(plan) = long_term(profiles, &name, None)? {
                return Ok(Some(plan.with(roles)));
            }
            return match seen.last() {
                None => Ok(None),
                Some(from) => Err(wrong(from, format!("its source_profile `{name}` is not there"))),
            };
        };
        // Keys win over a role, but not in the profile that was chosen.
        let is_role = get(section, "role_arn").is_some() && get(section, "web_identity_token_file").is_none();
        if !is_role || (!seen.is_empty() && get(section, "aws_access_key_id").is_some()) {
            let plan = base(profiles, section)?;
            return match plan {
                Some(plan) => Ok(Some(plan.with(roles))),
                None if seen.is_empty() => Ok(None),
                None => Err(wrong(&name, "another profile has it as its source_profile, and it has no credentials")),
            };
        }
        roles.push(Role {
            further: Box::default(),
            arn: get(section, "role_arn").unwrap_or_default().to_owned(),
            external_id: owned(section, "external_id"),
            session_name: owned(section, "role_session_name"),
            duration: duration(section)?,
            device: owned(section, "mfa_serial"),
        });
        match (get(section, "source_profile"), get(section, "credential_source")) {
            (Some(source), None) if source == name => {
                let plan = keys(section)?.map(|keys| Plan::of(Source::Profile { name: name.clone() }, Some(keys)));
                let process = || get(section, "credential_process").map(|_| Plan::of(process(&name), None));
                return match plan.or_else(process) {
                    Some(plan) => Ok(Some(plan.with(roles))),
                    None => Err(wrong(&name, "it is its own source_profile, and has no keys")),
                };
            }
            (Some(source), None) => {
                seen.push(std::mem::replace(&mut name, source.to_owned()));
            }
            (None, Some(source)) => return Ok(Some(Plan::of(named(&name, source)?, None).with(roles))),
            (None, None) => {
                return Err(wrong(&name, "it has a role_arn, but neither source_profile nor credential_source"));
            }
            (Some(_), Some(_)) => return Err(wrong(&name, "it has both source_profile and credential_source")),
        }
    }
}

/// What a profile says that takes no role.
fn base(profiles: &ProfileSet, section: &Profile) -> Result<Option<Plan>, Error> {
    let name = || section.name().to_owned();
    let has = |keys: &[&str]| keys.iter().any(|key| get(section, key).is_some());
    let source = if let Some(source) = get(section, "credential_source") {
        named(section.name(), source)?
    } else if has(&["web_identity_token_file"]) {
        Source::WebIdentity { profile: Some(name()) }
    } else if has(&["sso_session", "sso_start_url", "sso_account_id", "sso_role_name", "sso_region"]) {
        Source::Sso { profile: name(), session: owned(section, "sso_session") }
    } else if has(&["login_session"]) {
        Source::Login { profile: name() }
    } else if has(&["credential_process"]) {
        process(section.name())
    } else {
        if let Some(plan) = long_term(profiles, section.name(), Some(section))? {
            return Ok(Some(plan));
        }
        let Some(found) = keys(section)? else { return Ok(None) };
        let mut plan = Plan::of(Source::Profile { name: name() }, Some(found));
        plan.device = owned(section, "mfa_serial");
        return Ok(Some(plan));
    };
    Ok(Some(Plan::of(source, None)))
}

/// The keys of `NAME-long-term`, or their session in `NAME` while that lasts.
fn long_term(profiles: &ProfileSet, name: &str, section: Option<&Profile>) -> Result<Option<Plan>, Error> {
    let Some(long) = profiles.get_profile(&format!("{name}{LONG_TERM}")) else { return Ok(None) };
    let Some(long_keys) = keys(long)? else { return Ok(None) };
    let device = get(long, "aws_mfa_device").or_else(|| get(long, "mfa_serial"));
    let device = device.or_else(|| section.and_then(|section| get(section, "mfa_serial"))).map(str::to_owned);
    if let Some(section) = section
        && let Some(short) = keys(section)?
        && short.session_token().is_some()
        // Without a time, AWS alone knows; with one that has passed or soon will, everybody does.
        && expiration(section).is_none_or(|end| end > SystemTime::now() + cache::MARGIN)
    {
        let mut plan = Plan::of(Source::Profile { name: name.to_owned() }, Some(short));
        plan.verified = device;
        return Ok(Some(plan));
    }
    let mut plan = Plan::of(Source::Profile { name: long.name().to_owned() }, Some(long_keys));
    plan.device = device;
    Ok(Some(plan))
}

impl Plan {
    pub(super) fn of(source: Source, keys: Option<Credentials>) -> Self {
        Self { source, keys, device: None, verified: None, roles: Vec::new() }
    }

    /// With these roles, the last of which is taken first.
    fn with(mut self, roles: Vec<Role>) -> Self {
        self.roles = roles;
        self.roles.reverse();
        self
    }
}

fn process(profile: &str) -> Source {
    Source::Process { profile: profile.to_owned() }
}

fn named(profile: &str, source: &str) -> Result<Source, Error> {
    match source.to_ascii_lowercase().as_str() {
        "environment" => Ok(Source::Environment),
        "ecscontainer" => Ok(Source::Container),
        "ec2instancemetadata" => Ok(Source::Instance),
        _ => Err(wrong(
            profile,
            format!("its credential_source `{source}` is none of Environment, EcsContainer, Ec2InstanceMetadata"),
        )),
    }
}

/// The keys in a profile.
fn keys(section: &Profile) -> Result<Option<Credentials>, Error> {
    let (id, secret) = (get(section, "aws_access_key_id"), get(section, "aws_secret_access_key"));
    let token = get(section, "aws_session_token").or_else(|| get(section, "aws_security_token"));
    match (id, secret) {
        (Some(id), Some(secret)) => {
            let end = expiration(section).filter(|end| token.is_some() && *end > SystemTime::now());
            Ok(Some(Credentials::new(id, secret, token.map(str::to_owned), end, PROVIDER)))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(wrong(section.name(), "it has an aws_access_key_id, but no aws_secret_access_key")),
        (None, Some(_)) => Err(wrong(section.name(), "it has an aws_secret_access_key, but no aws_access_key_id")),
    }
}

/// When the session in a profile ends, by the names that the tools write: `2026-01-31 12:00:00`, which is UTC, or with a `T` and an offset.
fn expiration(section: &Profile) -> Option<SystemTime> {
    let text = ["expiration", "aws_expiration", "aws_session_expiration", "x_security_token_expires"]
        .iter()
        .find_map(|name| get(section, name))?;
    let mut text = text.trim().replacen(' ', "T", 1);
    let time = text.split_once('T')?.1;
    if !time.contains(['Z', '+', '-']) {
        text.push('Z');
    }
    SystemTime::try_from(DateTime::from_str(&text, DateTimeFormat::DateTimeWithOffset).ok()?).ok()
}

fn duration(section: &Profile) -> Result<Option<Duration>, Error> {
    let Some(text) = get(section, "duration_seconds") else { return Ok(None) };
    match text.parse() {
        Ok(seconds) => Ok(Some(Duration::from_secs(seconds))),
        Err(_) => Err(wrong(section.name(), format!("its duration_seconds `{text}` is not a number"))),
    }
}

fn get<'a>(section: &'a Profile, key: &str) -> Option<&'a str> {
    section.get(key).map(str::trim).filter(|value| !value.is_empty())
}

fn owned(section: &Profile, key: &str) -> Option<String> {
    get(section, key).map(str::to_owned)
}

fn wrong(profile: &str, what: impl AsRef<str>) -> Error {
    Error::BadCredentials { reason: format!("profile `{profile}`: {}", what.as_ref()) }
}

#[cfg(test)]
mod tests {
    use aws_runtime::env_config::file::EnvConfigFiles;
    use aws_types::os_shim_internal::{Env, Fs};

    use super::*;

    fn read(config: &str, credentials: &str) -> ProfileSet {
        let files = Fs::from_slice(&[("/config", config), ("/credentials", credentials)]);
        let env = Env::from_slice(&[("AWS_CONFIG_FILE", "/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/credentials")]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(aws_config::profile::load(&files, &env, &EnvConfigFiles::default(), None)).unwrap()
    }

    fn planned(config: &str, credentials: &str, profile: &str) -> Plan {
        plan(&read(config, credentials), profile).unwrap().unwrap()
    }

    const KEYS: &str = "[user]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n";

    #[test]
    fn a_chain_of_roles_is_taken_from_its_far_end() {
        let config = "[profile prod]\nrole_arn = arn:prod\nsource_profile = hub\nexternal_id = e\nduration_seconds = 1800\n\
                      [profile hub]\nrole_arn = arn:hub\nsource_profile = user\nmfa_serial = arn:mfa\nrole_session_name = me\n";
        let plan = planned(config, KEYS, "prod");
        let hub = Role {
            arn: "arn:hub".into(),
            session_name: Some("me".into()),
            device: Some("arn:mfa".into()),
            ..Role::default()
        };
        let prod = Role {
            arn: "arn:prod".into(),
            external_id: Some("e".into()),
            duration: Some(Duration::from_secs(1800)),
            ..Role::default()
        };
        assert_eq!(plan.roles, [hub, prod]);
        assert_eq!(plan.source, Source::Profile { name: "user".into() });
        assert_eq!((plan.keys.unwrap().access_key_id(), plan.device), ("AKIA1", None));
    }

    #[test]
    fn every_source_is_told() {
        let config = "[profile sso]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n\
                      [profile old]\nsso_start_url = u\nsso_region = r\nsso_account_id = 1\nsso_role_name = r\n\
                      [profile process]\ncredential_process = p\n\
                      [profile web]\nrole_arn = arn:w\nweb_identity_token_file = f\n\
                      [profile box]\nrole_arn = arn:b\ncredential_source = EcsContainer\n\
                      [profile ec2]\nrole_arn = arn:b\ncredential_source = Ec2InstanceMetadata\n\
                      [profile env]\nrole_arn = arn:b\ncredential_source = Environment\n\
                      [profile login]\nlogin_session = arn:l\n\
                      [profile self]\nrole_arn = arn:s\nsource_profile = self\naws_access_key_id = AKIA2\naws_secret_access_key = s\n\
                      [profile nothing]\nregion = eu-west-1\n";
        let set = read(config, KEYS);
        let source = |name: &str| plan(&set, name).unwrap().map(|plan| plan.source);
        let profile = |name: &str| name.to_owned();
        assert_eq!(source("sso"), Some(Source::Sso { profile: profile("sso"), session: Some("corp".into()) }));
        assert_eq!(source("old"), Some(Source::Sso { profile: profile("old"), session: None }));
        assert_eq!(source("process"), Some(Source::Process { profile: profile("process") }));
        assert_eq!(source("web"), Some(Source::WebIdentity { profile: Some(profile("web")) }));
        assert_eq!(source("box"), Some(Source::Container));
        assert_eq!(source("ec2"), Some(Source::Instance));
        assert_eq!(source("env"), Some(Source::Environment));
        assert_eq!(source("login"), Some(Source::Login { profile: profile("login") }));
        assert_eq!(source("self"), Some(Source::Profile { name: profile("self") }));
        assert_eq!((source("nothing"), source("absent")), (None, None));
    }

    #[test]
    fn long_term_keys_are_for_when_the_session_is_over() {
        let long = "[work-long-term]\naws_access_key_id = AKIAL\naws_secret_access_key = s\naws_mfa_device = arn:mfa\n";
        let short = |end: &str| {
            format!("{long}[work]\naws_access_key_id = ASIAS\naws_secret_access_key = s\naws_session_token = t\n{end}")
        };
        // There is none yet.
        let plan = planned("", long, "work");
        assert_eq!((plan.keys.unwrap().access_key_id(), plan.device.as_deref()), ("AKIAL", Some("arn:mfa")));
        for (end, id) in [
            ("expiration = 2001-01-01 00:00:00\n", "AKIAL"),
            ("expiration = 2999-01-01 00:00:00\n", "ASIAS"),
            ("expiration = 2999-01-01T00:00:00+02:00\n", "ASIAS"),
            ("x_security_token_expires = 2001-01-01T00:00:00-07:00\n", "AKIAL"),
            ("", "ASIAS"),
        ] {
            let plan = planned("", &short(end), "work");
            assert_eq!(plan.keys.unwrap().access_key_id(), id, "{end}");
            assert_eq!(plan.device.is_some(), id == "AKIAL", "{end}");
            assert_eq!(plan.verified.is_some(), id == "ASIAS", "{end}");
        }
        // It counts at the far end of a chain as well.
        let plan = planned("[profile r]\nrole_arn = arn:r\nsource_profile = work\n", long, "r");
        assert_eq!((plan.device.as_deref(), plan.roles.len()), (Some("arn:mfa"), 1));
    }

    #[test]
    fn contradictions_are_told() {
        for (config, profile, said) in [
            ("[profile a]\nrole_arn = r\n", "a", "neither source_profile nor credential_source"),
            ("[profile a]\nrole_arn = r\nsource_profile = b\n", "a", "its source_profile `b` is not there"),
            (
                "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n",
                "a",
                "a → b → a",
            ),
            ("[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nregion = x\n", "a", "it has no credentials"),
            ("[profile a]\nrole_arn = r\nsource_profile = a\n", "a", "has no keys"),
            ("[profile a]\nrole_arn = r\nsource_profile = b\ncredential_source = Environment\n", "a", "has both"),
            ("[profile a]\nrole_arn = r\ncredential_source = Env\n", "a", "`Env` is none of"),
            ("[profile a]\naws_access_key_id = r\n", "a", "no aws_secret_access_key"),
            ("[profile a]\nrole_arn = r\nsource_profile = a\nduration_seconds = 1h\n", "a", "`1h` is not a number"),
        ] {
            let error = plan(&read(config, ""), profile).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
