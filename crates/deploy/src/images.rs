//! Container images on their way to ECR: what is there already is left alone, the rest is built, tagged and pushed by the container client.

use aws_smithy_types::base64;
use skysmith_assembly::{DockerImageAsset, ImageDestination, ImageSource};

use crate::docker::{self, Call};
use crate::{Error, Event, Observer, Session};

impl Session {
    /// Makes sure that the image is in its repository.
    pub(crate) async fn publish_image(
        &self,
        image: &DockerImageAsset,
        destination: &ImageDestination,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let ImageDestination { repository, tag, .. } = destination;
        let place = format!("ecr://{}/{}/{repository}:{tag}", self.identity().account, self.region());
        let once = self.publishing.once(&place);
        let publish = async {
            if self.has_image(repository, tag).await? {
                return Ok(());
            }
            let name = format!("{}:{tag}", self.repository_uri(repository).await?);
            let _permit = self.publishing.images.acquire().await;
            self.log_in(&image.id, observer).await?;
            let local = self.local_image(image, observer).await?;
            docker::run(&image.id, Call::new(["tag", &local, &name]), observer).await?;
            observer.event(Event::PushingImage { asset: image.id.clone(), image: name.clone() });
            docker::run(&image.id, Call::new(["push", &name]), observer).await?;
            observer.event(Event::Uploaded { asset: image.id.clone() });
            Ok(())
        };
        once.get_or_try_init(|| publish).await.copied()
    }

    /// The local name of the image, which is built unless it is on this machine.
    async fn local_image(&self, image: &DockerImageAsset, observer: &dyn Observer) -> Result<String, Error> {
        let building = || Event::BuildingImage { asset: image.id.clone(), display_name: image.display_name.clone() };
        match &image.source {
            ImageSource::Build(build) => {
                let name = format!("cdkasset-{}", image.id.to_lowercase());
                if !docker::has_image(&image.id, &name).await? {
                    observer.event(building());
                    docker::run(&image.id, Call::build(build, &name), observer).await?;
                }
                Ok(name)
            }
            ImageSource::Executable { command, folder } => {
                observer.event(building());
                self.publishing.make(&image.id, command, Some(folder)).await
            }
            other => Err(Error::Unsupported { what: format!("container image {} from {other:?}", image.id) }),
        }
    }

    async fn has_image(&self, repository: &str, tag: &str) -> Result<bool, Error> {
        let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag(tag).build();
        match self.ecr().describe_images().repository_name(repository).image_ids(id).send().await {
            Ok(found) => Ok(!found.image_details().is_empty()),
            Err(error) => match Error::from_sdk("DescribeImages", &error) {
                error if error.code() == Some("ImageNotFoundException") => Ok(false),
                error => Err(self.repository_error(repository, error)),
            },
        }
    }

    async fn repository_uri(&self, repository: &str) -> Result<String, Error> {
        let answer = self.ecr().describe_repositories().repository_names(repository).send().await;
        let answer = answer
            .map_err(|error| self.repository_error(repository, Error::from_sdk("DescribeRepositories", &error)))?;
        match answer.repositories().first().and_then(|found| found.repository_uri()) {
            Some(uri) => Ok(uri.to_owned()),
            None => Err(self.no_repository(repository)),
        }
    }

    fn repository_error(&self, repository: &str, error: Error) -> Error {
        if error.code() == Some("RepositoryNotFoundException") { self.no_repository(repository) } else { error }
    }

    fn no_repository(&self, repository: &str) -> Error {
        Error::NoRepository { repository: repository.to_owned(), environment: self.environment().to_string() }
    }

    /// Logs the container client in to the registry of this account and region, once in a run.
    async fn log_in(&self, asset: &str, observer: &dyn Observer) -> Result<(), Error> {
        let registry = format!("{}/{}", self.identity().account, self.region());
        let mut known = self.publishing.logins.lock().await;
        if known.contains(&registry) {
            return Ok(());
        }
        let wrong = |reason: &str| Error::Protocol { operation: "GetAuthorizationToken", reason: reason.to_owned() };
        let answer = self.ecr().get_authorization_token().send().await;
        let answer = answer.map_err(|error| Error::from_sdk("GetAuthorizationToken", &error))?;
        let data = answer.authorization_data().first().ok_or_else(|| wrong("there is no token in the answer"))?;
        let token = base64::decode(data.authorization_token().unwrap_or_default());
        let token = token.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let (user, password) =
            token.as_deref().and_then(|token| token.split_once(':')).ok_or_else(|| wrong("the token is no login"))?;
        let endpoint = data.proxy_endpoint().unwrap_or_default();
        let endpoint =
            endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://")).unwrap_or(endpoint);
        let mut call = Call::new(["login", "--username", user, "--password-stdin", endpoint.trim_end_matches('/')]);
        call.input = Some(password.to_owned());
        docker::run(asset, call, observer).await?;
        known.insert(registry);
        Ok(())
    }
}
