//! Files on their way to S3: what is there already is left alone, the rest is packed and sent in parallel, once for all stacks of a run.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use sha2::{Digest as _, Sha256};
use skysmith_assembly::{AssumedRole, FileAsset, FileDestination, Stack};

use crate::change_set::TemplateSource;
use crate::packing::Packed;
use crate::upload::{Counted, Place, Told};
use crate::wanted::INLINE_TEMPLATE_LIMIT;
use crate::{Error, Event, Observer, Session, Wanted};

/// What the keys of templates in the asset bucket begin with. The stack's name and the template's SHA-256 follow.
pub(crate) const TEMPLATES: &str = "templates/";

/// What a session to publish with is known by: its role and its region.
pub(crate) type Way = (AssumedRole, Option<String>);

/// Sessions to publish with, for all stacks that are deployed with the session that has them.
pub(crate) type Publishers = tokio::sync::Mutex<HashMap<Way, Session>>;

impl Session {
    /// Makes sure that all of the stack's assets are where its template expects them.
    ///
    /// Several stacks may be published at once: what they share is packed and sent once.
    ///
    /// # Errors
    /// An asset cannot be read, built or sent; a bucket or repository is missing (other than Skysmith's own bucket, which is made) or belongs to somebody
    /// else; an image is asked for and there is no container client.
    pub async fn publish(&self, stack: &Stack, observer: &dyn Observer) -> Result<(), Error> {
        let values = self.placeholders();
        let mut files = Vec::new();
        for asset in &stack.assets {
            for destination in &asset.destinations {
                let is_own = destination.is_own_bucket();
                let destination =
                    FileDestination { bucket: destination.bucket.clone(), ..destination.resolve(&values) };
                let (role, region) = (destination.role.as_ref(), destination.region.as_deref());
                let session = self.publisher(stack, role, region, observer).await?;
                // The bucket's placeholders stand for where it is, which may be another region than the stack's.
                let bucket = session.placeholders().fill(&destination.bucket);
                let place = Place { bucket, key: destination.object_key, is_own };
                files.push(async move { session.publish_file(asset, &place, observer).await });
            }
        }
        let mut images = Vec::new();
        for image in &stack.images {
            for destination in &image.destinations {
                let destination = destination.resolve(&values);
                let (role, region) = (destination.role.as_ref(), destination.region.as_deref());
                let session = self.publisher(stack, role, region, observer).await?;
                images.push(async move { session.publish_image(image, &destination, observer).await });
            }
        }
        futures_util::try_join!(try_join_all(files), try_join_all(images))?;
        Ok(())
    }

    /// The session to publish with. Roles are taken once.
    async fn publisher(
        &self,
        stack: &Stack,
        role: Option<&AssumedRole>,
        region: Option<&str>,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        // With its own credentials a session is its own publisher; kept there, it would keep itself.
        let Some(role) = role else { return Ok(self.in_region(region.unwrap_or(self.region()))) };
        let mut known = self.publishers.lock().await;
        let way = (role.clone(), region.map(str::to_owned));
        if let Some(session) = known.get(&way) {
            return Ok(session.clone());
        }
        let session = self.take_role(&stack.stack_name, Some(role), region, observer).await?;
        known.insert(way, session.clone());
        Ok(session)
    }

    async fn publish_file(&self, asset: &FileAsset, place: &Place, observer: &dyn Observer) -> Result<(), Error> {
        let once = self.publishing.once(&format!("s3://{}/{}", place.bucket, place.key));
        let publish = async {
            if self.has_object(place).await? {
                return Ok(());
            }
            // Taken before packing: no more archives are in memory than are being sent.
            let _permit = self.publishing.calls.acquire().await;
            let packed = self.publishing.pack(asset).await?;
            let told = Told { asset: &asset.id, display_name: asset.display_name.clone(), observer };
            self.send(place, &packed, told).await
        };
        once.get_or_try_init(|| publish).await.copied()
    }

    /// Where CloudFormation takes the template from; sends it to a bucket if it is too large to go along with the call.
    ///
    /// A template whose stack has assets of its own goes there as well: by it, `gc` knows what the stack used before.
    pub(crate) async fn template_source(
        &self,
        wanted: &Wanted,
        observer: &dyn Observer,
    ) -> Result<TemplateSource, Error> {
        // In a CDK bootstrap the template is an asset, published before; the roles there may read nothing else.
        if let Some((bucket, key)) = wanted
            .stack
            .template_asset_url
            .as_deref()
            .and_then(|url| url.strip_prefix("s3://"))
            .and_then(|rest| rest.split_once('/'))
        {
            let values = self.placeholders();
            return Ok(TemplateSource::Url(self.object_url(&values.fill(bucket), &values.fill(key))));
        }
        let name = &wanted.stack.stack_name;
        let hash = hex(&Sha256::digest(wanted.body.as_bytes()));
        let place = Place {
            bucket: self.placeholders().fill(skysmith_assembly::ASSET_BUCKET),
            key: format!("{TEMPLATES}{name}/{hash}"),
            is_own: true,
        };
        let packed = || Packed::of(wanted.body.clone().into_bytes());
        if wanted.body.len() > INLINE_TEMPLATE_LIMIT {
            if !self.has_object(&place).await? {
                let display_name = Some(format!("template of {name}"));
                self.send(&place, &packed(), Told { asset: &hash, display_name, observer }).await?;
            }
            return Ok(TemplateSource::Url(self.object_url(&place.bucket, &place.key)));
        }
        let uses_bucket =
            wanted.stack.assets.iter().flat_map(|asset| &asset.destinations).any(FileDestination::is_own_bucket);
        if uses_bucket {
            // The same key has the same content; written anew, it is the latest of its stack's again.
            if let Err(error) = self.put(&place, &packed(), &Counted::default(), true, observer).await {
                let message = format!("the template could not be kept for `gc`: {error}");
                observer.event(Event::Warning { stack: name.clone(), message });
            }
        }
        Ok(TemplateSource::Inline(wanted.body.clone()))
    }
}

/// In lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
