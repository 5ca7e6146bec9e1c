//! Pruning by the members of a set (KEP-3659): the order of writes is that of kubectl's `applyset.go`.

use std::collections::{BTreeSet, HashSet};

use kubernetes_client::Client;
use kubernetes_core::Str;
use kubernetes_dynamic::{ApiResource, DynamicObject, Mapper};

use super::concurrent::concurrently;
use super::deletion::{Deletion, Waits};
use super::error::{ManifestError, Problem, ProblemKind};
use super::event::ManifestEvent;
use super::plan::{Plan, Step, depend};
use super::report::{OperationError, Outcome};
use super::settings::Settings;
use crate::apply_set::{Contents, GroupKind, PART_OF_LABEL};
use crate::{ApplySet, Target};

/// The set before and after the operation.
pub(super) struct Started {
    before: Contents,
    after: Contents,
}

/// Labels the objects, and writes the previous and the new kinds and namespaces to the parent, so that the next run
/// finds all members if this one is interrupted.
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

/// The members that would be deleted if the plan were applied; writes nothing.
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
            let message = format!("{} already has the label {PART_OF_LABEL}: remove it", step.target);
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

/// Deletes the members that were not applied, in the same way as objects of manifests, and then updates the parent.
/// Does neither if something failed.
pub(super) async fn finish(
    set: &ApplySet,
    started: Started,
    outcomes: &mut Vec<Outcome>,
    settings: &Settings,
    mapper: &Mapper,
    client: &Client,
) {
    if outcomes.iter().any(|outcome| outcome.result.is_err()) {
        return;
    }
    let applied: HashSet<Str> = outcomes.iter().filter_map(|outcome| outcome.target.uid.clone()).collect();
    let members = match members(set, &started.before, settings, mapper, client).await {
        Ok(members) => members,
        Err(outcome) => {
            settings.notify(&ManifestEvent::Finished(&outcome));
            outcomes.push(*outcome);
            return;
        }
    };
    let is_orphan = |target: &Target| target.uid.as_ref().is_none_or(|uid| !applied.contains(uid));
    let mut orphans: Vec<Step> =
        members.into_iter().filter(|(target, _)| is_orphan(target)).map(|(target, it)| Step::new(it, target)).collect();
    // Deletion is in reverse order.
    orphans.sort_by_cached_key(|step| std::cmp::Reverse((step.target.resource.kind.clone(), step.target.key.clone())));
    depend(&mut orphans);
    if !orphans.is_empty() {
        settings.notify(&ManifestEvent::Pruning { objects: orphans.len() });
    }
    let deletion = Deletion { waits: Waits::Needed, is_pruning: true, ..Deletion::default() };
    let pruned = deletion.run(client, settings, &orphans).await;
    let has_failed = pruned.iter().any(|outcome| outcome.result.is_err());
    outcomes.extend(pruned);
    if !has_failed && let Err(error) = set.write(client, &started.after, settings.dry_run).await {
        let target = set.parent().clone();
        let error = OperationError::set(error);
        let outcome = Outcome { target, location: None, object: None, result: Err(error) };
        settings.notify(&ManifestEvent::Finished(&outcome));
        outcomes.push(outcome);
    }
}

/// The members of the set on the server, of all its kinds and in all its namespaces.
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
            // There can be no objects of a kind that the server does not know.
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
            // A kind may be listed twice, by two groups that share its objects.
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
