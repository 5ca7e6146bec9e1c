//! Pruning by the members of a set (KEP-3659): the order of writes is that of kubectl's `applyset.go`.

use std::collections::{BTreeSet, HashSet};

use kubernetes_client::Client;
use kubernetes_core::Str;
use kubernetes_dynamic::{ApiResource, DynamicObject, Mapper};

use super::concurrent::concurrently;
use super::delete::Deletion;
use super::error::{ManifestError, Problem, ProblemKind};
use super::event::ManifestEvent;
use super::order;
use super::plan::Plan;
use super::report::{Action, OperationError, Outcome};
use super::settings::Settings;
use super::waves::Done;
use crate::apply_set::{Contents, GroupKind, PART_OF_LABEL};
use crate::{ApplySet, Target};

/// The set as it was, and as it is to be.
pub(super) struct Started {
    before: Contents,
    after: Contents,
}

/// Labels the objects, and writes to the parent that the set has the kinds and namespaces of before and of now: if
/// the run is interrupted, the next one finds all members.
pub(super) async fn start(
    set: &ApplySet,
    plan: &mut Plan,
    settings: &Settings,
    mapper: &Mapper,
    client: &Client,
) -> Result<Started, ManifestError> {
    label(set, plan)?;
    let mut after = Contents::default();
    for step in &plan.steps {
        after.kinds.insert(GroupKind::of(&step.target.resource));
        after.namespaces.extend(step.target.key.namespace().map(Str::from));
    }
    let before = set.read(client, mapper).await.map_err(parent_problem)?;
    set.write(client, &before.union(&after), settings.dry_run).await.map_err(parent_problem)?;
    Ok(Started { before, after })
}

fn parent_problem(error: crate::ApplySetError) -> ManifestError {
    Problem::new(ProblemKind::Parent, None, error.to_string()).caused_by(error).into()
}

/// The members that would be deleted if the plan was applied; nothing is written.
pub(super) async fn preview(
    set: &ApplySet,
    plan: &mut Plan,
    settings: &Settings,
    mapper: &Mapper,
    client: &Client,
) -> Result<Result<Vec<Target>, Box<Outcome>>, ManifestError> {
    label(set, plan)?;
    let before = set.read(client, mapper).await.map_err(parent_problem)?;
    let members = members(set, &before, settings, mapper, client).await;
    let is_kept = |member: &Target| {
        let is_same = |target: &Target| {
            (&target.resource.group, &target.resource.plural, &target.key)
                == (&member.resource.group, &member.resource.plural, &member.key)
        };
        plan.steps.iter().any(|step| is_same(&step.target))
    };
    Ok(members.map(|members| members.into_iter().map(|(target, _)| target).filter(|it| !is_kept(it)).collect()))
}

fn label(set: &ApplySet, plan: &mut Plan) -> Result<(), ManifestError> {
    let foreign = plan.steps.iter().filter(|step| step.object.metadata.labels.contains_key(PART_OF_LABEL));
    let problems: Vec<_> = foreign
        .map(|step| {
            let message = format!("{} has the label {PART_OF_LABEL} already: remove it", step.target);
            Problem::new(ProblemKind::ForeignMember, step.location.clone(), message)
        })
        .collect();
    if !problems.is_empty() {
        return Err(ManifestError::new(problems));
    }
    let id = set.id();
    for step in &mut plan.steps {
        step.object.metadata.labels.insert(PART_OF_LABEL, id.as_str());
    }
    Ok(())
}

/// Deletes the members that were not applied, and then writes to the parent what is left; neither, if something failed.
pub(super) async fn finish(
    set: &ApplySet,
    started: Started,
    outcomes: &mut Vec<Outcome>,
    settings: &Settings,
    mapper: &Mapper,
    client: &Client,
) -> Result<(), ManifestError> {
    if outcomes.iter().any(|outcome| outcome.result.is_err()) {
        return Ok(());
    }
    let applied: HashSet<Str> = outcomes.iter().filter_map(|outcome| outcome.target.uid.clone()).collect();
    let members = match members(set, &started.before, settings, mapper, client).await {
        Ok(members) => members,
        Err(outcome) => {
            settings.tell(&ManifestEvent::Finished(&outcome));
            outcomes.push(*outcome);
            return Ok(());
        }
    };
    let mut orphans: Vec<(Target, DynamicObject)> = members
        .into_iter()
        .filter(|(target, _)| target.uid.as_ref().is_none_or(|uid| !applied.contains(uid)))
        .collect();
    // As objects of manifests are deleted: in reverse.
    orphans.sort_by_cached_key(|(target, _)| {
        let wave = order::wave(&target.resource.group, &target.resource.kind);
        (std::cmp::Reverse(wave), target.resource.kind.clone(), target.key.clone())
    });
    let failed = delete(orphans, outcomes, settings, client).await;
    if !failed {
        set.write(client, &started.after, settings.dry_run).await.map_err(parent_problem)?;
    }
    Ok(())
}

/// Deletes orphans, a wave at a time; returns whether one of them could not be deleted.
async fn delete(
    orphans: Vec<(Target, DynamicObject)>,
    outcomes: &mut Vec<Outcome>,
    settings: &Settings,
    client: &Client,
) -> bool {
    let deletion = Deletion { without_wait: true, ..Deletion::default() };
    let deletion = &deletion;
    let one = |target: Target, object: DynamicObject| async move {
        settings.tell(&ManifestEvent::Started(&target));
        let result = deletion.delete(client, settings, &target).await;
        let pruned = |done: Done| if done.action == Action::Deleted { Action::Pruned } else { done.action };
        Outcome { target, location: None, object: Some(object), result: result.map(pruned) }
    };
    let mut failed = false;
    let futures = orphans.into_iter().map(|(target, object)| one(target, object));
    concurrently(futures, settings.concurrency, |outcome| {
        failed |= outcome.result.is_err();
        settings.tell(&ManifestEvent::Finished(&outcome));
        outcomes.push(outcome);
    })
    .await;
    failed
}

/// The members of the set on the server, of all kinds and in all namespaces that it had.
async fn members(
    set: &ApplySet,
    contents: &Contents,
    settings: &Settings,
    mapper: &Mapper,
    client: &Client,
) -> Result<Vec<(Target, DynamicObject)>, Box<Outcome>> {
    let mut lists = Vec::new();
    for kind in &contents.kinds {
        let resource = match mapper.kind(&kind.of_any_version()).await {
            Ok(resource) => resource,
            // Nothing can be left of a kind that the server knows nothing of.
            Err(error) if error.is_no_match() && error.failures().is_empty() => continue,
            Err(error) => {
                let resource = ApiResource::new(&kind.of_any_version(), kind.kind.to_lowercase(), true);
                return Err(Box::new(failed_list(resource, OperationError::map(error))));
            }
        };
        match resource.namespaced {
            true => lists.extend(contents.namespaces.iter().map(|name| (resource.clone(), Some(name.clone())))),
            false => lists.push((resource, None)),
        }
    }
    let one = |(resource, namespace): (ApiResource, Option<Str>)| async move {
        let scope = match namespace {
            Some(namespace) => resource.in_namespace(namespace),
            None => resource.cluster(),
        };
        let list = scope.list().label_selector(format!("{PART_OF_LABEL}={}", set.id()));
        match list.send(client).await {
            Ok(list) => Ok(list.items.into_iter().map(|object| (Target::of(&resource, &object), object)).collect()),
            Err(error) => Err(Box::new(failed_list(resource, OperationError::request(error)))),
        }
    };
    let (mut members, mut failure, mut seen) = (Vec::new(), None, BTreeSet::new());
    concurrently(lists.into_iter().map(one), settings.concurrency, |found: Result<Vec<_>, _>| match found {
        Ok(found) => {
            // A kind may have been named twice, by two groups that share its objects.
            let new = found.into_iter().filter(|(target, _): &(Target, _)| seen.insert(target.uid.clone()));
            members.extend(new);
        }
        Err(outcome) => failure = Some(outcome),
    })
    .await;
    failure.map_or(Ok(members), Err)
}

fn failed_list(resource: ApiResource, error: OperationError) -> Outcome {
    let target = Target::new(resource, kubernetes_core::ObjectKey::new(None, "(list)"));
    Outcome { target, location: None, object: None, result: Err(error) }
}
