-- title: the expansion is stuck
-- step: expand
-- severity: warning
-- sentence: The claim wants {wanted} and has {has}: {why}
-- symptom: VolumeResizeFailed, a condition ControllerResizeError or NodeResizeError, a status Infeasible; or nothing
--   after ExternalExpanding.
-- cause: Quota, a limit or cooldown of the backend, a driver that expands offline only, no resizer, a file system
--   that cannot grow.
-- advice: A request lowered to what the claim has, or more, recovers from Infeasible (since 1.32 by default); start
--   or restart a pod where the node's half is due.
-- look-alikes: FileSystemResizePending is the normal wait for a pod; with one the kubelet may take a minute and a
--   half.
-- needs: persistentvolumeclaims, pods, events
-- echo of: F30 by driver

with versions as (
    select
        uid as claim_uid,
        seq,
        observed_at,
        requested_bytes,
        capacity_bytes,
        resize_status,
        -- The status was ...Failed before 1.31.
        coalesce(regexp_matches(resize_status, '(Infeasible|Failed)$'), false)
        or coalesce(
            list_bool_or([
                each.type in ('ControllerResizeError', 'NodeResizeError') and each.status = 'True'
                for each in conditions
            ]),
            false
        ) as is_error,
        list_filter(
            conditions, lambda each: each.type in ('ControllerResizeError', 'NodeResizeError')
        )[1].message as error,
        phase = 'Bound' and requested_bytes > capacity_bytes and type not in ('DELETED', 'VANISHED') as is_due,
        type in ('DELETED', 'VANISHED') as is_gone
    from objects
    where kind = 'PersistentVolumeClaim'
),

-- Every Event of a failure (of a pod: the kubelet's), and every time that the status came to tell of one: it still does
-- so when another size has been asked for.
told as (
    select claim_uid, seq, observed_at as told_at, coalesce(error, 'its status is ' || resize_status) as error
    from (
        select *
        from versions
        qualify (error, resize_status)
            is distinct from lag((error, resize_status)) over (partition by claim_uid order by seq)
    )
    where is_error and not is_gone
    union all
    select
        if(_complaints.kind = 'PersistentVolumeClaim', _complaints.uid, uses.claim_uid),
        _complaints.seq,
        _complaints.told_at,
        _complaints.message
    from _complaints
    left join uses using (use_id)
    where _complaints.reason in ('VolumeResizeFailed', 'FileSystemResizeFailed')
        and coalesce(uses.claim_uid, _complaints.uid) is not null
),

-- Each try of a size is a story of its own: what it asked for when it failed.
failed as (
    select told.*, versions.requested_bytes, versions.capacity_bytes
    from told
    asof join versions on versions.claim_uid = told.claim_uid and versions.seq <= told.seq
    where versions.requested_bytes > versions.capacity_bytes
),

failures as (
    select
        claim_uid,
        requested_bytes,
        any_value(capacity_bytes) as capacity_bytes,
        min(told_at) as from_at,
        max(seq) as last_seq,
        arg_max(error, seq) as error,
        list(distinct seq order by seq) as evidence
    from failed
    group by claim_uid, requested_bytes
),

-- It was expanded, or another size was asked for.
failure_ends as (
    select failures.claim_uid, failures.requested_bytes, min(versions.observed_at) as to_at
    from failures
    join versions
        on versions.claim_uid = failures.claim_uid
        and versions.seq > failures.evidence[1]
        and (
            versions.is_gone
            or versions.requested_bytes != failures.requested_bytes
            or versions.capacity_bytes >= failures.requested_bytes
        )
    group by failures.claim_uid, failures.requested_bytes
),

-- Waits that nobody explains: for a resizer that does not begin, for a kubelet that has a running pod.
turns as (
    select
        *,
        coalesce(lead(observed_at) over (partition by claim_uid order by seq), _span.last_at) as until,
        lead(observed_at) over (partition by claim_uid order by seq) as to_at
    from (
        select *
        from versions
        qualify (is_due, requested_bytes, resize_status)
            is distinct from lag((is_due, requested_bytes, resize_status)) over (partition by claim_uid order by seq)
    ) as changed
    cross join _span
),

running as (
    select uses.claim_uid, min(objects.observed_at) as since, any_value(uses.ended_at) as ended_at
    from uses
    join objects on objects.kind = 'Pod' and objects.uid = uses.pod_uid and objects.phase = 'Running'
    where uses.claim_uid is not null
    group by uses.claim_uid, uses.pod_uid
),

waits as (
    select
        turns.claim_uid,
        turns.requested_bytes,
        turns.capacity_bytes,
        turns.observed_at as from_at,
        turns.to_at,
        'no resizer has begun with it.' as why,
        [turns.seq] as evidence
    from turns
    where turns.is_due and turns.resize_status is null and turns.until > turns.observed_at + interval 1 minute
        -- Older controllers have no status: the resizer's Event tells.
        and not exists (
            from _complaints
            where _complaints.uid = turns.claim_uid
                and _complaints.reason in ('Resizing', 'FileSystemResizeRequired', 'VolumeResizeFailed')
                and _complaints.told_at between turns.observed_at - interval 1 second and turns.until
        )
    union all
    select
        turns.claim_uid,
        turns.requested_bytes,
        turns.capacity_bytes,
        min(greatest(turns.observed_at, running.since)),
        turns.to_at,
        'the backend has done its half, and the kubelet, with a pod that runs, not its own.',
        [turns.seq]
    from turns
    join running on running.claim_uid = turns.claim_uid
    where turns.is_due
        and turns.resize_status in ('NodeResizePending', 'NodeResizeInProgress')
        and least(turns.until, coalesce(running.ended_at, turns.until))
        > greatest(turns.observed_at, running.since) + interval 3 minutes
    group by all
),

found as (
    select
        failures.claim_uid,
        failures.requested_bytes,
        failures.capacity_bytes,
        failures.from_at,
        failure_ends.to_at,
        failures.error as why,
        failures.evidence,
        'certain' as confidence
    from failures
    left join failure_ends using (claim_uid, requested_bytes)
    union all by name
    -- Where somebody says why, that is it.
    select *, 'likely' as confidence
    from waits
    anti join failures using (claim_uid, requested_bytes)
)

select
    arg_max(_claim_volumes.volume_id, _claim_volumes.occurrence) as volume_id,
    null as use_id,
    null as node,
    null as driver,
    found.from_at,
    found.to_at,
    found.confidence,
    found.evidence,
    {
        wanted: format_bytes(found.requested_bytes),
        has: format_bytes(found.capacity_bytes),
        why: found.why
    } as details
from found
join _claim_volumes using (claim_uid)
group by all
