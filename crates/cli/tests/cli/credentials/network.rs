//! Proxies, certificates, and which hosts are called. Nothing leaves this machine: the proxy is AWS itself.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::project;
use super::sts::Sts;
use crate::project::TestProject;

/// A certificate authority that nobody else knows.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// What a server needs to be `host`.
    fn server(&self, host: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap());
        Arc::new(config.unwrap())
    }

    /// Speaks TLS as `host`, and answers one request as AWS.
    fn serve(&self, host: &str, sts: &Sts, stream: TcpStream) {
        sts.serve(StreamOwned::new(ServerConnection::new(self.server(host)).unwrap(), stream));
    }
}

/// A proxy that is at every host that one can be connected to through it. Remembers what it was asked first.
struct Proxy {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(authority: &Arc<Authority>, sts: &Sts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (authority, sts, noted) = (Arc::clone(authority), sts.clone(), Arc::clone(&seen));
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (authority, sts, noted) = (Arc::clone(&authority), sts.clone(), Arc::clone(&noted));
                thread::spawn(move || {
                    let head = head(&mut stream);
                    let line = head.lines().next().unwrap_or_default().to_owned();
                    let login = head.lines().find(|line| line.to_lowercase().starts_with("proxy-authorization:"));
                    noted
                        .lock()
                        .unwrap()
                        .push(format!("{line}{}", login.map(|login| format!(" | {login}")).unwrap_or_default()));
                    match line.strip_prefix("CONNECT ").and_then(|rest| rest.split(':').next()) {
                        Some("refused.example") | None => {
                            let _ = stream
                                .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
                        }
                        Some(host) => {
                            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
                            authority.serve(host, &sts, stream);
                        }
                    }
                });
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// How a proxy is asked for a host.
fn connect(host: &str) -> String {
    format!("CONNECT {host}:443 HTTP/1.1")
}

/// A request up to the empty line.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// A project that knows the authority, and has keys.
fn trusting(authority: &Authority, sts: &Sts) -> TestProject {
    let project = project(sts).file("ca.pem", &authority.pem);
    let bundle = project.path("ca.pem").display().to_string();
    with_keys(project).variable("AWS_CA_BUNDLE", &bundle).variable("SKYSMITH_ENDPOINT_URL", "")
}

fn with_keys(project: TestProject) -> TestProject {
    project.variable("AWS_ACCESS_KEY_ID", "AKIAENV").variable("AWS_SECRET_ACCESS_KEY", "s")
}

#[test]
fn a_certificate_is_good_with_its_authority_and_not_without() {
    let (authority, sts) = (Arc::new(Authority::new()), Sts::start());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let (serving, answering) = (Arc::clone(&authority), sts.clone());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serving.serve("localhost", &answering, stream);
        }
    });
    let stranger = with_keys(project(&sts)).variable("SKYSMITH_ENDPOINT_URL", &url);
    stranger.skysmith(["outputs"]).code(1).err_has("UnknownIssuer").err_has("AWS_CA_BUNDLE");
    assert_eq!(sts.actions(), Vec::<String>::new());
    let friend = trusting(&authority, &sts).variable("SKYSMITH_ENDPOINT_URL", &url);
    super::works(&friend, []);
    assert_eq!(sts.actions(), ["GetCallerIdentity"]);
    // The profile names it as well. Neither a comment nor a certificate that is none does harm.
    let broken = "# ours\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let project = with_keys(project(&sts))
        .variable("SKYSMITH_ENDPOINT_URL", &url)
        .file("ca.pem", &format!("{broken}{}", authority.pem));
    let bundle = project.path("ca.pem").display().to_string();
    let project = project.file("home/.aws/config", &format!("[default]\nca_bundle = {bundle}\n"));
    super::works(&project, []);
    // A file that is not there, and one that is something else.
    let project = project.variable("AWS_CA_BUNDLE", "/nowhere/ca.pem");
    project.skysmith(["outputs"]).code(1).err_has("cannot be read from /nowhere/ca.pem").err_has("PEM certificates");
    let file = project.path("skysmith.toml").display().to_string();
    project.variable("AWS_CA_BUNDLE", &file).skysmith(["outputs"]).code(1).err_has("it has no certificate in it");
}

#[test]
fn a_proxy_is_used_by_every_name_that_it_goes_by() {
    let (authority, sts) = (Arc::new(Authority::new()), Sts::start());
    let proxy = Proxy::start(&authority, &sts);
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let project = trusting(&authority, &sts).variable(variable, &format!("http://{}", proxy.address));
        super::works(&project, []);
        let hosts = ["sts", "cloudformation"].map(|service| connect(&format!("{service}.eu-west-1.amazonaws.com")));
        assert_eq!(proxy.seen(), hosts, "{variable}");
        assert_eq!(sts.actions(), ["GetCallerIdentity"]);
    }
    // With a password, which nobody sees who reads along.
    let url = format!("http://me:dummyProxyPassword@{}", proxy.address);
    let ran = trusting(&authority, &sts).variable("HTTPS_PROXY", &url).skysmith(["-vv", "outputs"]).code(1);
    let seen = proxy.seen();
    assert!(seen[0].to_lowercase().ends_with("proxy-authorization: basic bwu6zhvtbxlqcm94evbhc3n3b3jk"), "{seen:?}");
    assert!(!format!("{}{}", ran.out, ran.err).contains("dummyProxyPassword"));
    // Its certificates are not for everybody.
    let stranger = with_keys(project(&sts)).variable("SKYSMITH_ENDPOINT_URL", "").variable("HTTPS_PROXY", &url);
    stranger.skysmith(["outputs"]).code(1).err_has("UnknownIssuer");
}

#[test]
fn a_proxy_is_not_used_where_it_should_not_be_and_its_refusal_is_told() {
    let (authority, sts) = (Arc::new(Authority::new()), Sts::start());
    let proxy = Proxy::start(&authority, &sts);
    let at = |url: &str| {
        trusting(&authority, &sts)
            .variable("HTTPS_PROXY", &format!("http://{}", proxy.address))
            .variable("SKYSMITH_ENDPOINT_URL", url)
    };
    for (variable, names) in [("NO_PROXY", "example.org,.invalid"), ("no_proxy", "aws.invalid"), ("NO_PROXY", "*")] {
        at("https://aws.invalid").variable(variable, names).skysmith(["outputs"]).code(1).err_has("cannot be reached");
        assert_eq!(proxy.seen(), Vec::<String>::new(), "{variable}={names}");
    }
    super::works(&at("https://aws.invalid").variable("NO_PROXY", "example.org"), []);
    assert_eq!(proxy.seen(), [connect("aws.invalid"), connect("aws.invalid")]);
    at("https://refused.example").skysmith(["outputs"]).code(1).err_has("cannot be reached").err_has("HTTPS_PROXY");
    // Nobody is on this machine for a proxy.
    super::works(&at(&sts.url).variable("HTTP_PROXY", &format!("http://{}", proxy.address)), []);
    let seen = proxy.seen();
    assert!(seen.iter().all(|line| *line == connect("refused.example")), "{seen:?}");
}

#[test]
fn every_partition_has_its_hosts_and_so_have_fips_and_dual_stack() {
    let (authority, sts) = (Arc::new(Authority::new()), Sts::start());
    let proxy = Proxy::start(&authority, &sts);
    for (variable, value, region, host) in [
        ("AWS_X", "", "cn-north-1", "SERVICE.cn-north-1.amazonaws.com.cn"),
        ("AWS_X", "", "us-gov-west-1", "SERVICE.us-gov-west-1.amazonaws.com"),
        ("AWS_X", "", "eusc-de-east-1", "SERVICE.eusc-de-east-1.amazonaws.eu"),
        ("AWS_X", "", "us-iso-east-1", "SERVICE.us-iso-east-1.c2s.ic.gov"),
        ("AWS_X", "", "us-isob-east-1", "SERVICE.us-isob-east-1.sc2s.sgov.gov"),
        ("AWS_USE_FIPS_ENDPOINT", "true", "us-east-2", "SERVICE-fips.us-east-2.amazonaws.com"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true", "eu-west-1", "SERVICE.eu-west-1.api.aws"),
    ] {
        let project = trusting(&authority, &sts)
            .variable("HTTPS_PROXY", &format!("http://{}", proxy.address))
            .variable(variable, value)
            .variable("AWS_REGION", region);
        super::works(&project, []);
        let hosts = ["sts", "cloudformation"].map(|service| connect(&host.replace("SERVICE", service)));
        assert_eq!(proxy.seen(), hosts, "{variable} {region}");
    }
    // The profile says it as well, and roles are taken there too.
    let config = "[profile f]\nrole_arn = arn:aws-us-gov:iam::1:role/r\nsource_profile = u\nuse_fips_endpoint = true\nregion = us-gov-east-1\n\
                  [profile u]\naws_access_key_id = AKIAUSER\naws_secret_access_key = s\n";
    let project = trusting(&authority, &sts)
        .file("home/.aws/config", config)
        .variable("AWS_REGION", "")
        .variable("HTTPS_PROXY", &format!("http://{}", proxy.address));
    super::works(&project, ["--profile", "f"]);
    let host = connect("sts.us-gov-east-1.amazonaws.com");
    assert_eq!(proxy.seen()[..2], [host.clone(), host]);
    assert_eq!(sts.asked().last().unwrap().key(), "ASIAROLE1");
}
