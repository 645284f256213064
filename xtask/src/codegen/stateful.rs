//! Resource types that keep state, beyond those that the service specification marks.

use anyhow::{Result, bail};

use super::model::Model;

/// The types added by hand. Each keeps what a template cannot bring back: data that its users wrote, keys, or identities that others hold on to. Caches, computing, networks
/// and anything whose whole content stands in the template are left out.
const STATEFUL: &[(&str, &str)] = &[
    ("AWS::ACMPCA::CertificateAuthority", "the private key"),
    ("AWS::APS::Workspace", "metrics"),
    ("AWS::AmazonMQ::Broker", "messages and users"),
    ("AWS::Backup::LogicallyAirGappedBackupVault", "recovery points"),
    ("AWS::Cassandra::Keyspace", "tables with their rows"),
    ("AWS::Cassandra::Table", "rows"),
    ("AWS::CloudTrail::EventDataStore", "events"),
    ("AWS::CodeArtifact::Domain", "packages"),
    ("AWS::CodeArtifact::Repository", "packages"),
    ("AWS::CodeCommit::Repository", "source code"),
    ("AWS::Cognito::IdentityPool", "identities"),
    ("AWS::Connect::Instance", "contacts and users"),
    ("AWS::CustomerProfiles::Domain", "profiles"),
    ("AWS::DSQL::Cluster", "rows"),
    ("AWS::DirectoryService::MicrosoftAD", "users and computers"),
    ("AWS::DirectoryService::SimpleAD", "users and computers"),
    ("AWS::DocDBElastic::Cluster", "documents"),
    ("AWS::DynamoDB::Backup", "the backup"),
    ("AWS::ECR::PublicRepository", "images"),
    ("AWS::ECR::Repository", "images"),
    ("AWS::ElastiCache::ServerlessCache", "entries, which may be durable"),
    ("AWS::ElastiCache::Snapshot", "the snapshot"),
    ("AWS::Events::Archive", "events"),
    ("AWS::FSx::Snapshot", "the snapshot"),
    ("AWS::FSx::Volume", "files"),
    ("AWS::FinSpace::Environment", "data sets"),
    ("AWS::HealthImaging::Datastore", "images"),
    ("AWS::HealthLake::FHIRDatastore", "records"),
    ("AWS::IoTSiteWise::Asset", "measurements"),
    ("AWS::KMS::ReplicaKey", "the key"),
    ("AWS::Kendra::Index", "documents"),
    ("AWS::KinesisVideo::Stream", "video"),
    ("AWS::Lightsail::Bucket", "objects"),
    ("AWS::Lightsail::Database", "rows"),
    ("AWS::Lightsail::Disk", "files"),
    ("AWS::MSK::Cluster", "messages"),
    ("AWS::MSK::ServerlessCluster", "messages"),
    ("AWS::MediaStore::Container", "objects"),
    ("AWS::MemoryDB::Cluster", "entries, which are durable"),
    ("AWS::NeptuneGraph::Graph", "the graph"),
    ("AWS::Omics::AnnotationStore", "annotations"),
    ("AWS::Omics::ReferenceStore", "genomes"),
    ("AWS::Omics::SequenceStore", "sequences"),
    ("AWS::Omics::VariantStore", "variants"),
    ("AWS::OpenSearchServerless::Collection", "documents"),
    ("AWS::QBusiness::Index", "documents"),
    ("AWS::RDS::DBShardGroup", "rows"),
    ("AWS::RedshiftServerless::Namespace", "rows"),
    ("AWS::S3Express::DirectoryBucket", "objects"),
    ("AWS::S3Outposts::Bucket", "objects"),
    ("AWS::S3Tables::Namespace", "tables"),
    ("AWS::S3Tables::Table", "rows"),
    ("AWS::S3Tables::TableBucket", "tables"),
    ("AWS::S3Vectors::Index", "vectors"),
    ("AWS::S3Vectors::VectorBucket", "vectors"),
    ("AWS::SES::MailManagerArchive", "mail"),
    ("AWS::SageMaker::Domain", "home folders"),
    ("AWS::SageMaker::FeatureGroup", "features"),
    ("AWS::SageMaker::NotebookInstance", "the notebooks on its volume"),
    ("AWS::SecurityLake::DataLake", "logs"),
    ("AWS::Timestream::Database", "tables with their rows"),
    ("AWS::Timestream::InfluxDBInstance", "measurements"),
    ("AWS::Timestream::Table", "rows"),
    ("AWS::VoiceID::Domain", "voices"),
    ("AWS::WorkSpaces::Workspace", "the user's volumes"),
];

/// Marks the types of the table; an error if the model lacks one, so that the table stays true.
pub fn mark(model: &mut Model) -> Result<()> {
    for (name, keeps) in STATEFUL {
        match model.resources.get_mut(*name) {
            Some(resource) => resource.facts.stateful = true,
            None => bail!("`{name}`, which keeps {keeps}, is no longer among the resource types"),
        }
    }
    Ok(())
}
