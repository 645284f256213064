//! What a comparison of many stacks asks CloudFormation, and nothing else: what `cargo xtask bench diff` measures
//! `skysmith diff` beside.
//!
//! `bare URL REGION AT_ONCE each|listed STACK...` finds out who it is, looks at the stacks, each by itself or all of the account by a list, and fetches
//! their templates. It reads none of them.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cloudformation::types::TemplateStage;
use aws_smithy_http_client::Builder as HttpClientBuilder;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, region, at_once, way, stacks @ ..] = arguments.as_slice() else {
        return Err("usage: bare URL REGION AT_ONCE each|listed STACK...".into());
    };
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.clone()))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "bare"))
        .http_client(HttpClientBuilder::new().build_http())
        .load()
        .await;
    let client = Client::new(&config);
    aws_sdk_sts::Client::new(&config).get_caller_identity().send().await?;
    let is_listed = way == "listed";
    let mut found = 0;
    if is_listed {
        let mut pages = client.describe_stacks().into_paginator().send();
        while let Some(page) = pages.next().await {
            found += page?.stacks().len();
        }
    }
    let look = async |stack: &String| -> Result<(usize, usize), Failure> {
        let mut seen = 0;
        if !is_listed {
            seen = client.describe_stacks().stack_name(stack).send().await?.stacks().len();
        }
        let template = client.get_template().stack_name(stack).template_stage(TemplateStage::Original).send().await?;
        Ok((seen, template.template_body().map_or(0, str::len)))
    };
    let looks = stream::iter(stacks.iter().map(look)).buffer_unordered(at_once.parse()?);
    let seen: Vec<(usize, usize)> = looks.try_collect().await?;
    found += seen.iter().map(|(seen, _)| seen).sum::<usize>();
    println!("{found} stacks, {} bytes of {} templates", seen.iter().map(|(_, size)| size).sum::<usize>(), seen.len());
    Ok(())
}
