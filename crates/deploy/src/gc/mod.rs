//! Removing what was published and is used no more.
//!
//! First everything that could refer to an asset is read, then a pure function decides, then what goes is shown by the caller, and only then is anything
//! removed. If anything cannot be read, nothing is: an unread template may be the one that needs what would go.
//!
//! What counts as a reference is any text with the asset's hash in it: the templates of all stacks of the account and region (nested ones and open change
//! sets included), their parameters and outputs, the templates that stacks had before, and every parameter of the Parameter Store that is no secret, with its earlier
//! values, since a pointer is moved back when something is rolled back. Current versions go by a delete marker: for as long as the bucket keeps older
//! versions, nothing is lost.

mod account;
mod decide;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::assets::TEMPLATES;
use crate::{Error, Event, Observer, Session, StackStatus};

pub use decide::{AssetFate, KEPT_TEMPLATES, References, Stored, decide, is_settled};

/// Keys that one call deletes.
const KEYS_AT_ONCE: usize = 1000;
/// Images that one call deletes.
const IMAGES_AT_ONCE: usize = 100;
/// Templates that are read at once.
const READS_AT_ONCE: usize = 8;
/// A larger object is no template: CloudFormation takes a megabyte.
const LARGEST_TEMPLATE: u64 = 1_048_576;

/// What `gc` is to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GcOptions {
    /// What was sent since is left alone. At least [`GcOptions::YOUNGEST`], which is what lies between an upload and the stack that uses it at most.
    pub older_than: Duration,
    /// The qualifier of a CDK bootstrap, whose bucket and repository are looked at instead of Skysmith's bucket.
    pub cdk_qualifier: Option<String>,
}

impl GcOptions {
    /// The least age of what is removed: a day.
    pub const YOUNGEST: Duration = Duration::from_secs(86_400);
}

impl Default for GcOptions {
    /// Skysmith's own bucket, and what is older than thirty days.
    fn default() -> Self {
        Self { older_than: 30 * Self::YOUNGEST, cdk_qualifier: None }
    }
}

/// What `gc` found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GcPlan {
    /// The buckets and repositories that are there.
    pub places: Vec<String>,
    /// Everything stored, and what becomes of it.
    pub stored: Vec<(Stored, AssetFate)>,
    /// How many stacks were read.
    pub stacks: usize,
    /// The stacks as they were, to find out whether something has been deployed since.
    seen: BTreeSet<(String, String, Option<i64>)>,
}

impl GcPlan {
    /// What goes.
    pub fn removed(&self) -> impl Iterator<Item = &Stored> {
        self.stored.iter().filter(|(_, fate)| *fate == AssetFate::Removed).map(|(stored, _)| stored)
    }

    /// How many things of each fate there are, and their bytes.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<AssetFate, (usize, u64)> {
        let mut counts = BTreeMap::new();
        for (stored, fate) in &self.stored {
            let (count, bytes): &mut (usize, u64) = counts.entry(*fate).or_default();
            (*count, *bytes) = (*count + 1, *bytes + stored.bytes);
        }
        counts
    }
}

impl Session {
    /// Finds out what can go. Changes nothing.
    ///
    /// # Errors
    /// Anything that could refer to an asset cannot be read; [`Error::Unsettled`] if a stack is on its way or stuck.
    pub async fn plan_gc(&self, options: &GcOptions, observer: &dyn Observer) -> Result<GcPlan, Error> {
        let (buckets, repositories) = self.gc_places(options);
        let mut plan = GcPlan::default();
        let mut stored = Vec::new();
        for bucket in buckets {
            if let Some(found) = self.stored_objects(&bucket, "").await? {
                plan.places.push(bucket);
                stored.extend(found);
            }
        }
        for repository in repositories {
            if let Some(found) = self.stored_images(&repository).await? {
                plan.places.push(repository);
                stored.extend(found);
            }
        }
        // Nothing refers to nothing.
        if stored.is_empty() {
            return Ok(plan);
        }
        let stacks = self.all_stacks().await?;
        let unsettled: Vec<(String, StackStatus)> = stacks
            .iter()
            .filter(|stack| !is_settled(&stack.status))
            .map(|stack| (stack.stack_name.clone(), stack.status.clone()))
            .collect();
        if !unsettled.is_empty() {
            return Err(Error::Unsettled { stacks: unsettled });
        }
        plan.stacks = stacks.len();
        plan.seen = account::seen(&stacks);
        let mut references = References::to(&stored);
        self.read_account(&stacks, &mut references, observer).await?;
        let names = stacks.iter().map(|stack| stack.stack_name.clone()).collect();
        let oldest = now() - seconds(options.older_than.max(GcOptions::YOUNGEST));
        let mut read = HashSet::new();
        let fates = loop {
            let fates = decide(&stored, &references, &names, oldest);
            // What stays may be a template that needs other things in its turn.
            let unread: Vec<&Stored> = stored
                .iter()
                .zip(&fates)
                .filter(|(one, fate)| **fate != AssetFate::Removed && one.is_text() && one.bytes <= LARGEST_TEMPLATE)
                .map(|(one, _)| one)
                .filter(|one| read.insert((one.place.clone(), one.key.clone())))
                .collect();
            if unread.is_empty() {
                break fates;
            }
            let texts: Vec<String> = stream::iter(unread)
                .map(|one| self.object_text(&one.place, &one.key))
                .buffer_unordered(READS_AT_ONCE)
                .try_collect()
                .await?;
            texts.iter().for_each(|text| references.read(text));
        };
        plan.stored = stored.into_iter().zip(fates).collect();
        Ok(plan)
    }

    /// Removes what the plan says.
    ///
    /// # Errors
    /// [`Error::MovedOn`] if something has been deployed since the plan was made; then nothing is removed. A call fails: then what was removed before it
    /// is gone.
    pub async fn collect(&self, plan: &GcPlan, observer: &dyn Observer) -> Result<(), Error> {
        self.still_the_same(plan).await?;
        let mut objects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut images: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for one in plan.removed() {
            let place = if one.tags.is_some() { &mut images } else { &mut objects };
            place.entry(&one.place).or_default().push(&one.key);
        }
        let invalid = |error: aws_sdk_s3::error::BuildError| Error::Protocol {
            operation: "DeleteObjects",
            reason: error.to_string(),
        };
        let total = plan.removed().count();
        let mut removed = 0;
        for (bucket, keys) in objects {
            for keys in keys.chunks(KEYS_AT_ONCE) {
                let object = |key: &&str| ObjectIdentifier::builder().key(*key).build().map_err(invalid);
                let objects = keys.iter().map(object).collect::<Result<Vec<_>, _>>()?;
                // Without versions: what is there stays as an older version for a while.
                let batch = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(invalid)?;
                let request = self.s3.delete_objects().bucket(bucket).delete(batch);
                let answer = request.expected_bucket_owner(&self.identity().account).send().await;
                let answer = answer.map_err(|error| Error::from_sdk("DeleteObjects", &error))?;
                if let Some(error) = answer.errors().first() {
                    let words = error.message().or(error.code()).unwrap_or("it stays");
                    let reason = format!("{}: {words}", error.key().unwrap_or_default());
                    return Err(Error::NotRemoved { place: bucket.to_owned(), reason });
                }
                removed += keys.len();
                observer.event(Event::Removed { removed, total });
            }
        }
        for (repository, digests) in images {
            for digests in digests.chunks(IMAGES_AT_ONCE) {
                let ids =
                    digests.iter().map(|digest| ImageIdentifier::builder().image_digest(*digest).build()).collect();
                let request = self.ecr().batch_delete_image().repository_name(repository).set_image_ids(Some(ids));
                let answer = request.send().await.map_err(|error| Error::from_sdk("BatchDeleteImage", &error))?;
                if let Some(failure) = answer.failures().first() {
                    let reason = failure.failure_reason().unwrap_or("it stays").to_owned();
                    return Err(Error::NotRemoved { place: repository.to_owned(), reason });
                }
                removed += digests.len();
                observer.event(Event::Removed { removed, total });
            }
        }
        Ok(())
    }

    fn gc_places(&self, options: &GcOptions) -> (Vec<String>, Vec<String>) {
        let fill = |text: &str| self.placeholders().fill(text);
        match &options.cdk_qualifier {
            None => (vec![fill(skysmith_assembly::ASSET_BUCKET)], Vec::new()),
            Some(qualifier) => {
                let here = fill("${AWS::AccountId}-${AWS::Region}");
                let repository = format!("cdk-{qualifier}-container-assets-{here}");
                (vec![format!("cdk-{qualifier}-assets-{here}")], vec![repository])
            }
        }
    }

    /// Whether nothing was deployed since. A deployment that began in the meantime may count on what is about to go.
    async fn still_the_same(&self, plan: &GcPlan) -> Result<(), Error> {
        let stacks = self.all_stacks().await?;
        let mut is_same = account::seen(&stacks) == plan.seen;
        let own = self.placeholders().fill(skysmith_assembly::ASSET_BUCKET);
        if is_same && plan.places.contains(&own) {
            let templates = self.stored_objects(&own, TEMPLATES).await?.unwrap_or_default();
            let sent = |template: &Stored| (template.key.clone(), template.sent);
            let before =
                plan.stored.iter().map(|(one, _)| one).filter(|one| one.place == own && one.key.starts_with(TEMPLATES));
            is_same = templates.iter().map(sent).collect::<BTreeSet<_>>() == before.map(sent).collect();
        }
        if is_same { Ok(()) } else { Err(Error::MovedOn) }
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, seconds)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 2)
}
