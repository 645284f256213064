//! From the address of something on AWS to the address under which the emulator serves it.
//!
//! Purely textual: the emulator itself decides whether the first part of an API's path is a stage or belongs to the
//! stage `$default`.

/// See [`Endpoint::local_url`](crate::Endpoint::local_url). `base` has no slash at its end.
pub(crate) fn local(base: &str, aws_url: &str) -> Option<String> {
    let rest = aws_url.strip_prefix("https://").or_else(|| aws_url.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at(end);
    // Path and query, always with the slash that stands between host and path.
    let tail = if tail.starts_with('/') { tail.to_owned() } else { format!("/{tail}") };
    let host = host.to_ascii_lowercase();

    if let Some(function) = host.strip_suffix(".on.aws") {
        let (id, region) = function.split_once(".lambda-url.")?;
        let (_, port) = base.rsplit_once(':')?;
        return (is_label(id) && is_label(region))
            .then(|| format!("http://{id}.lambda-url.{region}.localhost:{port}{tail}"));
    }

    let service = SUFFIXES.iter().find_map(|suffix| host.strip_suffix(suffix))?;
    if let Some((id, region)) = service.split_once(".execute-api.") {
        return (is_label(id) && is_label(region)).then(|| format!("{base}/_aws/execute-api/{id}{tail}"));
    }
    if let Some(region) = service.strip_prefix("sqs.") {
        return is_label(region).then(|| format!("{base}{tail}"));
    }
    // Path style, with and without a region.
    if service == "s3" || service.strip_prefix("s3.").or_else(|| service.strip_prefix("s3-")).is_some_and(is_label) {
        return Some(format!("{base}{tail}"));
    }
    let (bucket, website) = bucket(service)?;
    // The emulator has no index documents, so the root of a web site would be an error.
    (!website || path_of(&tail) != "/").then(|| format!("{base}/{bucket}{tail}"))
}

/// The suffixes of AWS's partitions.
const SUFFIXES: [&str; 2] = [".amazonaws.com", ".amazonaws.com.cn"];

/// The bucket of a host name such as `NAME.s3.REGION`, `NAME.s3` or `NAME.s3-website-REGION`, and whether it is a web
/// site's. Names of buckets may hold dots.
fn bucket(service: &str) -> Option<(&str, bool)> {
    if let Some(name) = service.strip_suffix(".s3") {
        return Some((name, false));
    }
    for (infix, website) in [(".s3-website.", true), (".s3-website-", true), (".s3.dualstack.", false), (".s3.", false)]
    {
        if let Some((name, region)) = service.rsplit_once(infix)
            && !name.is_empty()
            && is_label(region)
        {
            return Some((name, website));
        }
    }
    None
}

/// Whether `text` is one part of a host name.
fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn path_of(tail: &str) -> &str {
    tail.split(['?', '#']).next().unwrap_or(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_served() {
        let cases = [
            ("https://a1b2.execute-api.eu-west-1.amazonaws.com/prod/count", "/_aws/execute-api/a1b2/prod/count"),
            ("https://a1b2.execute-api.eu-west-1.amazonaws.com/prod/", "/_aws/execute-api/a1b2/prod/"),
            ("https://a1b2.execute-api.eu-west-1.amazonaws.com", "/_aws/execute-api/a1b2/"),
            ("https://a1b2.execute-api.eu-west-1.amazonaws.com?x=1", "/_aws/execute-api/a1b2/?x=1"),
            ("https://a1b2.execute-api.cn-north-1.amazonaws.com.cn/p", "/_aws/execute-api/a1b2/p"),
            ("https://A1B2.Execute-Api.eu-west-1.amazonaws.com/Prod?q=%20", "/_aws/execute-api/a1b2/Prod?q=%20"),
            ("https://my.bucket.s3.amazonaws.com/a/b", "/my.bucket/a/b"),
            ("https://bucket.s3.eu-west-1.amazonaws.com/a", "/bucket/a"),
            ("https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a", "/bucket/a"),
            ("https://s3.eu-west-1.amazonaws.com/bucket/a", "/bucket/a"),
            ("https://s3.amazonaws.com/bucket/a", "/bucket/a"),
            ("http://bucket.s3-website-us-east-1.amazonaws.com/a.html", "/bucket/a.html"),
            ("http://bucket.s3-website.eu-central-1.amazonaws.com/a.html", "/bucket/a.html"),
            ("https://sqs.us-east-1.amazonaws.com/000000000000/queue", "/000000000000/queue"),
        ];
        for (aws, path) in cases {
            assert_eq!(local("http://127.0.0.1:9", aws), Some(format!("http://127.0.0.1:9{path}")), "{aws}");
        }
        assert_eq!(
            local("http://127.0.0.1:9", "https://abc.lambda-url.us-east-1.on.aws/x"),
            Some("http://abc.lambda-url.us-east-1.localhost:9/x".to_owned())
        );
    }

    #[test]
    fn addresses_that_are_not() {
        for aws in [
            "",
            "arn:aws:s3:::bucket",
            "https://example.com/prod",
            "https://amazonaws.com/",
            "https://dynamodb.us-east-1.amazonaws.com/",
            "http://bucket.s3-website-us-east-1.amazonaws.com",
            "http://bucket.s3-website-us-east-1.amazonaws.com/",
            "https://.execute-api.us-east-1.amazonaws.com/",
            "https://a.b.execute-api.us-east-1.amazonaws.com/",
            "https://a1.execute-api.us-east-1.amazonaws.com.example.com/prod",
            "wss://a1.execute-api.us-east-1.amazonaws.com/prod",
            "https://abc.lambda-url.us-east-1.on.aws.example.com/",
            "https://user@a1.execute-api.us-east-1.amazonaws.com/prod",
        ] {
            assert_eq!(local("http://127.0.0.1:9", aws), None, "{aws}");
        }
    }
}
