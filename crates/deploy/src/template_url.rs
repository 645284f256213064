//! A template by its URL, as a nested stack names it: where that is an object in S3, or on its way there.

use std::fs;

use skysmith_assembly::{FileAsset, FileSource, Packaging};
use skysmith_template::Template;

use crate::code::unread;
use crate::session::{Endpoint, Session};
use crate::{Error, Unread};

/// The largest template that CloudFormation takes, in bytes, with some room.
const LARGEST: u64 = 1_100_000;

/// The bucket and the key of an object by its URL: with the bucket in the host's name or in the path, or in the way that only the AWS CLI understands.
pub(crate) fn bucket_and_key(url: &str, endpoint: &Endpoint) -> Option<(String, String)> {
    let split = |path: &str| {
        let (bucket, key) = path.split_once('/')?;
        // What follows a question mark is a version, a signature or the like: not the object that the name stands for.
        let is_plain = !bucket.is_empty() && !key.is_empty() && !key.contains(['?', '#', '%']);
        is_plain.then(|| (bucket.to_owned(), key.to_owned()))
    };
    if let Some(path) = url.strip_prefix("s3://") {
        return split(path);
    }
    if let Endpoint::Url(endpoint) | Endpoint::Local(endpoint) = endpoint
        && let Some(path) = url.strip_prefix(endpoint.trim_end_matches('/'))
    {
        return split(path.strip_prefix('/')?);
    }
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let is_amazon = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
    if !is_amazon {
        return None;
    }
    if host.starts_with("s3.") || host.starts_with("s3-") {
        return split(path);
    }
    let bucket = [".s3.", ".s3-"].iter().find_map(|part| Some(host.rsplit_once(part)?.0))?;
    split(&format!("{bucket}/{path}"))
}

impl Session {
    /// The template at a URL. One that is among these assets is read here: it may not be there yet.
    ///
    /// # Errors
    /// It is not in S3, cannot be read, or is no template.
    pub async fn template_at(&self, url: &str, assets: &[FileAsset]) -> Result<Template, Unread> {
        let Some((bucket, key)) = bucket_and_key(url, self.endpoint()) else {
            return Err(Unread::Failed { reason: format!("{url} is not an object in S3") });
        };
        let place = format!("s3://{bucket}/{key}");
        let failed = |reason: String| Unread::Failed { reason: format!("{place}: {reason}") };
        let bytes = match self.asset_at(&bucket, &key, assets).map(|asset| &asset.source) {
            Some(FileSource::Path { path, packaging: Packaging::File }) => {
                fs::read(path).map_err(|error| failed(error.to_string()))?
            }
            Some(FileSource::Executable(_)) => return Err(Unread::MadeLater),
            _ => {
                let owner = &self.identity().account;
                let request = self.s3.get_object().bucket(&bucket).key(&key).expected_bucket_owner(owner);
                let answer = request.send().await;
                let answer = answer.map_err(|error| unread(&Error::from_sdk("GetObject", &error), &place))?;
                if answer.content_length().is_none_or(|length| u64::try_from(length).map_or(true, |it| it > LARGEST)) {
                    return Err(failed("it is too large for a template".to_owned()));
                }
                answer.body.collect().await.map_err(|error| failed(error.to_string()))?.to_vec()
            }
        };
        let document = skysmith_template::read_bytes(&bytes).map_err(|error| failed(error.to_string()))?;
        Ok(document.template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_known_by_their_urls() {
        let local = Endpoint::Local("http://127.0.0.1:4566/".to_owned());
        for url in [
            "https://s3.amazonaws.com/b/a/t.json",
            "https://s3.eu-west-1.amazonaws.com/b/a/t.json",
            "https://s3-eu-west-1.amazonaws.com/b/a/t.json",
            "https://s3.cn-north-1.amazonaws.com.cn/b/a/t.json",
            "https://b.s3.amazonaws.com/a/t.json",
            "https://b.s3.eu-west-1.amazonaws.com/a/t.json",
            "https://b.s3-eu-west-1.amazonaws.com/a/t.json",
            "s3://b/a/t.json",
        ] {
            for endpoint in [&Endpoint::Aws, &local] {
                assert_eq!(bucket_and_key(url, endpoint), Some(("b".into(), "a/t.json".into())), "{url}");
            }
        }
        let found = bucket_and_key("https://my.bucket.s3.amazonaws.com/t", &Endpoint::Aws);
        assert_eq!(found, Some(("my.bucket".into(), "t".into())));
        assert_eq!(bucket_and_key("http://127.0.0.1:4566/b/k", &local), Some(("b".into(), "k".into())));
        for url in [
            "http://127.0.0.1:4566/b/k",
            "https://example.com/b/k",
            "https://s3.amazonaws.com.example.com/b/k",
            "https://s3.amazonaws.com/b/k?versionId=1",
            "https://s3.amazonaws.com/b",
            "b/k",
            "",
        ] {
            assert_eq!(bucket_and_key(url, &Endpoint::Aws), None, "{url}");
        }
    }
}
