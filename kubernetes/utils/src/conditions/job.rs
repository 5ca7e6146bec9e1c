use kubernetes_models::batch::v1::{Job, JobCondition};
use kubernetes_watch::{ObjectCondition, Verdict};

use super::explained;

/// Holds if the job has succeeded: its condition `Complete` is true. Fails if the job has failed.
///
/// Source: <https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions>
pub fn job_complete() -> ObjectCondition<Job> {
    ObjectCondition::new("is complete", |job: &Job| match (terminal(job, "Complete"), terminal(job, "Failed")) {
        (Some(_), _) => Verdict::Met,
        (_, Some(failure)) => Verdict::failed(format!("it has failed{}", why(failure))),
        (None, None) => running(job),
    })
}

/// Holds if the job has failed: its condition `Failed` is true. Fails if the job has succeeded.
pub fn job_failed() -> ObjectCondition<Job> {
    ObjectCondition::new("has failed", |job: &Job| match (terminal(job, "Failed"), terminal(job, "Complete")) {
        (Some(_), _) => Verdict::Met,
        (_, Some(_)) => Verdict::failed("it is complete"),
        (None, None) => running(job),
    })
}

/// Holds if the job has ended, successfully or not.
pub fn job_finished() -> ObjectCondition<Job> {
    ObjectCondition::new("is finished", |job: &Job| match terminal(job, "Complete").or(terminal(job, "Failed")) {
        Some(_) => Verdict::Met,
        None => running(job),
    })
}

fn terminal<'a>(job: &'a Job, type_: &str) -> Option<&'a JobCondition> {
    let mut conditions = job.status.iter().flat_map(|status| &status.conditions);
    conditions.find(|condition| condition.type_ == type_ && condition.status == "True")
}

fn why(condition: &JobCondition) -> String {
    explained(condition.reason.as_deref(), condition.message.as_deref())
}

fn running(job: &Job) -> Verdict {
    let Some(status) = &job.status else { return Verdict::waiting("it has no status yet") };
    let count = Option::unwrap_or_default;
    let suspended = terminal(job, "Suspended").map_or("", |_| ", suspended");
    Verdict::waiting(format!(
        "{} pods active, {} succeeded, {} failed{suspended}",
        count(status.active),
        count(status.succeeded),
        count(status.failed)
    ))
}
