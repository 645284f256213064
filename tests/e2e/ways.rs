//! The ways back, as a person at a shell finds them: rollback, repair, drift, import, destroy.

use crate::harness::{Shell, aws};

#[test]
fn out_of_every_corner_and_away() {
    let (_one, shell) = Shell::with_local_aws("ways");
    let endpoint = shell.endpoint();
    let folder = shell.folder().to_owned();
    let run = |arguments: &[&str]| {
        let all = [&["--local", "--app", "web.yaml"], arguments].concat();
        shell.skysmith_in(&folder, all)
    };
    let write = |text: &str| std::fs::write(folder.join("web.yaml"), text).unwrap();
    let queue = |delay: u32| {
        format!(
            "Resources:\n  Q: {{Type: AWS::SQS::Queue, Properties: {{DelaySeconds: {delay}, VisibilityTimeout: 40}}}}\n"
        )
    };

    // Nothing is there: said, and no failure where nothing was wanted.
    write(&queue(1));
    assert!(run(&["destroy", "--yes"]).exits(0).stderr.contains("web is not there: nothing to delete"));
    assert!(run(&["repair"]).exits(0).stderr.contains("web is not there"));
    assert!(run(&["rollback"]).exits(1).stderr.contains("nothing to roll back"));

    run(&["deploy"]).exits(0);
    assert!(run(&["repair"]).exits(0).stderr.contains("needs no repair"));
    assert!(run(&["rollback"]).exits(1).stderr.contains("CloudFormation takes back only what failed"));

    // Changed behind its back.
    assert!(run(&["drift", "--fail"]).exits(0).stdout.contains("as its template says"));
    aws(&endpoint, "b('sqs').set_queue_attributes(QueueUrl=name('web','Q'), Attributes={'DelaySeconds': '9'})");
    let seen = run(&["drift", "--fail"]).exits(1);
    assert!(seen.stdout.contains("DelaySeconds  1 → 9"), "{}", seen.stdout);
    let json = run(&["drift", "--json"]).exits(0).json();
    assert_eq!(json["stacks"][0]["resources"][0]["differences"][0]["actual"], "9");
    // The local AWS cannot revert, which is said with the way that works.
    assert!(run(&["drift", "--revert"]).exits(1).stderr.contains("what always works"));

    // An update that failed and was kept: seen, and undone.
    aws(
        &endpoint,
        r#"t='{"Resources":{"Q":{"Type":"AWS::SQS::Queue","Properties":{"DelaySeconds":7,"VisibilityTimeout":40}},"H":{"Type":"AWS::CloudFormation::WaitConditionHandle","DependsOn":"Q"},"W":{"Type":"AWS::CloudFormation::WaitCondition","Properties":{"Handle":{"Ref":"H"},"Timeout":"1"}}}}'
c.update_stack(StackName='web', TemplateBody=t, DisableRollback=True)
while c.describe_stacks(StackName='web')['Stacks'][0]['StackStatus'] != 'UPDATE_FAILED': time.sleep(.2)"#,
    );
    assert!(run(&["rollback"]).exits(0).stderr.contains("UPDATE_ROLLBACK_COMPLETE"));

    // A change set of an interrupted run.
    aws(
        &endpoint,
        "c.create_change_set(StackName='web', ChangeSetName='skysmith-0123456789abcdef0123456789abcdef', TemplateBody='{\"Resources\":{\"T\":{\"Type\":\"AWS::SNS::Topic\"}}}')",
    );
    assert!(run(&["repair"]).exits(0).stderr.contains("is repaired"));
    assert_eq!(
        aws(
            &endpoint,
            "print([s['ChangeSetName'] for s in c.list_change_sets(StackName='web')['Summaries'] if s['ExecutionStatus'] == 'AVAILABLE'])"
        ),
        "[]"
    );

    // A bucket that was there before.
    aws(&endpoint, "b('s3').create_bucket(Bucket='photos')");
    write(&format!(
        "{}  B: {{Type: AWS::S3::Bucket, Properties: {{BucketName: photos}}}}\n  New: {{Type: AWS::SNS::Topic}}\n",
        queue(1)
    ));
    let wrong = run(&["import", "--resource", "B=Name=photos"]).exits(2);
    assert!(wrong.stderr.contains("what does: BucketName"), "{}", wrong.stderr);
    let done = run(&["import", "--resource", "B=BucketName=photos"]).exits(0);
    assert!(done.stderr.contains("1 resource imported into web"), "{}", done.stderr);
    assert!(done.stderr.contains("not imported: New"), "{}", done.stderr);
    // What is imported is kept, as CloudFormation wants it; that it would no longer be is asked for in so many words.
    let refused = run(&["deploy"]).exits(1);
    assert!(refused.stderr.contains("its deletion policy changes"), "{}", refused.stderr);
    run(&["deploy", "--allow-data-loss"]).exits(0);

    // Full, and neither kept nor marked: refused before anything goes, whatever is allowed.
    aws(&endpoint, "b('s3').put_object(Bucket='photos', Key='k', Body=b'1')");
    for flags in [&["destroy", "--yes"][..], &["destroy", "--force"], &["destroy", "--yes", "--allow-data-loss"]] {
        let refused = run(flags).exits(1);
        assert!(refused.stderr.contains("B holds 1 version of objects"), "{}", refused.stderr);
    }
    aws(&endpoint, "c.describe_stacks(StackName='web'); b('s3').delete_object(Bucket='photos', Key='k')");

    // Protected: no flag lifts that.
    aws(&endpoint, "c.update_termination_protection(StackName='web', EnableTerminationProtection=True)");
    let refused = run(&["destroy", "--yes", "--allow-data-loss"]).exits(1);
    assert!(refused.stderr.contains("termination protection, which no flag lifts"), "{}", refused.stderr);
    aws(&endpoint, "c.update_termination_protection(StackName='web', EnableTerminationProtection=False)");

    // Read by somebody else's stack.
    write(&format!("{}Outputs:\n  U: {{Value: !Ref Q, Export: {{Name: web-queue}}}}\n", queue(1)));
    run(&["deploy", "--allow-data-loss"]).exits(0);
    aws(
        &endpoint,
        r#"c.create_stack(StackName='reader', TemplateBody='{"Resources":{"P":{"Type":"AWS::SSM::Parameter","Properties":{"Type":"String","Value":{"Fn::ImportValue":"web-queue"}}}}}')
while c.describe_stacks(StackName='reader')['Stacks'][0]['StackStatus'] != 'CREATE_COMPLETE': time.sleep(.2)"#,
    );
    let refused = run(&["destroy", "--yes"]).exits(1);
    assert!(refused.stderr.contains("web exports `web-queue`, which is imported by reader"), "{}", refused.stderr);
    aws(
        &endpoint,
        "c.delete_stack(StackName='reader')
while any(s['StackName'] == 'reader' and s['StackStatus'] != 'DELETE_COMPLETE' for s in c.list_stacks()['StackSummaries']): time.sleep(.2)",
    );
    let refused = run(&["destroy", "--yes"]).exits(1);
    assert!(refused.stderr.contains("would be lost"), "{}", refused.stderr);
    // However little is to be said, what is lost is.
    let done = run(&["destroy", "--yes", "--allow-data-loss", "-q"]).exits(0);
    assert!(done.stderr.lines().any(|line| line.starts_with('!') && line.contains(" Q ")), "{}", done.stderr);
    run(&["destroy", "--yes"]).exits(0);
}
