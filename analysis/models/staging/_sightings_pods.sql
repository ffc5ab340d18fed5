-- One version of a pod in which a milestone of one of its uses is first seen.
with versions as (
    select
        *,
        (deletion_requested_at is not null or phase in ('Succeeded', 'Failed')) and main_ones_terminated as has_stopped
    from _pod_versions
    where pod_uid in (select pod_uid from uses)
),

lives as (
    select
        pod_uid,
        min(seq) as first_seq,
        min(seq) filter (node is not null) as scheduled_seq,
        arg_min(scheduled_at, seq) filter (node is not null) as scheduled_at,
        arg_min(node, seq) filter (node is not null) as node,
        min(seq) filter (started_at is not null or restarts > 0) as started_seq,
        min(started_at) as started_at,
        min(seq) filter (deletion_requested_at is not null) as deletion_seq,
        -- The API server stamps the end of the grace period, and brings it forward when the pod is done.
        arg_min(deletion_requested_at - to_seconds(deletion_grace_seconds), seq)
            filter (deletion_requested_at is not null) as deletion_asked_at,
        min(seq) filter (has_stopped) as stopped_seq,
        arg_min(finished_at, seq) filter (has_stopped) as stopped_at,
        min(seq) filter (is_gone) as ended_seq,
        min(created_at) as created_at
    from versions
    group by pod_uid
),

sightings as (
    select
        pod_uid,
        'pod_created' as milestone,
        first_seq as seq,
        'new' as source,
        created_at as stamped_at,
        'server' as stamp_clock,
        'metadata.creationTimestamp' as stamp_source
    from lives
    union all by name
    select
        pod_uid,
        'pod_scheduled' as milestone,
        scheduled_seq as seq,
        'spec.nodeName' as source,
        scheduled_at as stamped_at,
        'server' as stamp_clock,
        'PodScheduled' as stamp_source
    from lives
    union all by name
    select
        pod_uid,
        'containers_started' as milestone,
        started_seq as seq,
        'status.containerStatuses' as source,
        true as is_report,
        started_at as stamped_at,
        'node/' || node as stamp_clock,
        'startedAt' as stamp_source
    from lives
    union all by name
    select
        pod_uid,
        'pod_deletion_asked' as milestone,
        deletion_seq as seq,
        'metadata.deletionTimestamp' as source,
        deletion_asked_at as stamped_at,
        'server' as stamp_clock,
        'metadata.deletionTimestamp less its grace period' as stamp_source
    from lives
    union all by name
    select
        pod_uid,
        'containers_stopped' as milestone,
        stopped_seq as seq,
        'status.containerStatuses' as source,
        true as is_report,
        stopped_at as stamped_at,
        'node/' || node as stamp_clock,
        'finishedAt' as stamp_source
    from lives
    union all by name
    select pod_uid, 'pod_gone' as milestone, ended_seq as seq, 'deletion' as source
    from lives
)

select
    milestone,
    volume_id,
    use_id,
    null::varchar as attachment_uid,
    1 as occurrence,
    seq,
    lives.first_seq,
    'Pod ' || sightings.source as source,
    is_report,
    stamped_at,
    stamp_clock,
    'Pod ' || stamp_source as stamp_source
from sightings
join lives using (pod_uid)
join uses using (pod_uid)
where seq is not null
