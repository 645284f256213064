//! What is published once in a run, however many stacks ask for it at the same time.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

use crate::packing::Packed;

/// Questions and uploads at once.
const PARALLEL_CALLS: usize = 8;
/// Folders that are packed at once: it is the processor's work, and nothing is gained by more.
const PARALLEL_PACKING: usize = 2;
/// Images that are built or pushed at once. Builds use all processors by themselves.
const PARALLEL_IMAGES: usize = 1;
/// How long something that was found or sent is taken to be there. A run that deploys many stacks asks once; one that lives for hours asks again.
const KNOWN_FOR: Duration = Duration::from_secs(300);

/// Shared by a session and all that came from it, whatever their roles and regions: buckets and repositories have names of their own.
#[derive(Debug)]
pub(crate) struct Publishing {
    pub calls: Semaphore,
    pub packing: Semaphore,
    pub images: Semaphore,
    /// Buckets for assets that are known to be there and set up. Held while one is being made, so that parallel stacks make it once.
    pub ready_buckets: tokio::sync::Mutex<HashSet<String>>,
    /// Registries that the container client is logged in to. Held during a login: the client writes it to a file.
    pub logins: tokio::sync::Mutex<HashSet<String>>,
    published: Mutex<HashMap<String, (Instant, Once<()>)>>,
    packed: Mutex<HashMap<PathBuf, Weak<OnceCell<Packed>>>>,
    made: Mutex<HashMap<Made, Once<String>>>,
}

pub(crate) type Once<T> = Arc<OnceCell<T>>;

/// What a command makes depends on where it runs as well.
type Made = (Vec<String>, Option<PathBuf>);

impl Default for Publishing {
    fn default() -> Self {
        Self {
            calls: Semaphore::new(PARALLEL_CALLS),
            packing: Semaphore::new(PARALLEL_PACKING),
            images: Semaphore::new(PARALLEL_IMAGES),
            ready_buckets: tokio::sync::Mutex::default(),
            logins: tokio::sync::Mutex::default(),
            published: Mutex::default(),
            packed: Mutex::default(),
            made: Mutex::default(),
        }
    }
}

impl Publishing {
    /// The place where publishing this is done once. Whoever comes while it is under way waits for it; if it fails, the next one tries.
    pub fn once(&self, place: &str) -> Once<()> {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        match published.get(place) {
            Some((since, once)) if since.elapsed() < KNOWN_FOR || !once.initialized() => Arc::clone(once),
            _ => {
                let once = Once::default();
                published.insert(place.to_owned(), (Instant::now(), Arc::clone(&once)));
                once
            }
        }
    }

    /// The packed form of a folder or file, kept for as long as anybody is about to send it: archives of many stacks at once would fill the memory.
    pub fn packed(&self, path: &PathBuf) -> Once<Packed> {
        let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(once) = packed.get(path).and_then(Weak::upgrade) {
            return once;
        }
        let once = Once::default();
        packed.insert(path.clone(), Arc::downgrade(&once));
        once
    }

    /// What a command printed that makes an asset.
    pub fn made(&self, command: &[String], folder: Option<&Path>) -> Once<String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(made.entry((command.to_owned(), folder.map(Path::to_owned))).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn once_for_all_who_ask_at_the_time_and_again_after_a_failure_or_a_while() {
        let publishing = Publishing::default();
        let count = std::sync::atomic::AtomicUsize::new(0);
        let work = |fails: bool| {
            let (once, count) = (publishing.once("s3://b/k"), &count);
            async move {
                let work = async {
                    count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    if fails { Err(()) } else { Ok(()) }
                };
                once.get_or_try_init(|| work).await.copied()
            }
        };
        let done = || count.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(tokio::join!(work(true), work(false), work(false)), (Err(()), Ok(()), Ok(())));
        assert_eq!(done(), 2);
        work(false).await.unwrap();
        assert_eq!(done(), 2);
        tokio::time::sleep(KNOWN_FOR).await;
        work(false).await.unwrap();
        assert_eq!(done(), 3);
    }
}
