-- title: a call has outlived its caller, and blocks those that follow
-- step: provision_running
-- severity: error
-- sentence: {what}: {error}
-- symptom: DeadlineExceeded first, then Aborted `an operation with the given Volume ID already exists`, on and on.
-- cause: The first call is still running in the driver and holds the volume's lock, mostly because the backend does
--   not answer. Aborted is never the cause.
-- advice: See whether the driver reaches its backend; raise the sidecar's --timeout where the backend is only slow.
--   Restart the driver only after looking for volumes half made; the name makes tries idempotent.
-- look-alikes: AlreadyExists says that another volume has the name: that is final, and F04. Aborted alone, for less
--   than half a minute, is another call on the volume that comes back.
-- needs: persistentvolumeclaims, persistentvolumes, pods, volumeattachments, events
-- echo of: F30 by driver

with failures as (
    select
        'CreateVolume' as method,
        volume_id,
        null as use_id,
        null as node,
        claim_uid as goal_uid,
        'bound' as goal,
        seq,
        told_at,
        message,
        code
    from _provision_errors
    where meaning = 'blocked'
    union all
    select
        if(
            contains(message, 'MountDevice') or contains(message, 'SetUpDevice'),
            'NodeStageVolume',
            'NodePublishVolume'
        ),
        volume_id,
        use_id,
        node,
        uid,
        'mounted',
        seq,
        told_at,
        message,
        code
    from _complaints
    where kind = 'Pod' and reason in ('FailedMount', 'FailedMapVolume') and code in ('DeadlineExceeded', 'Aborted')
    union all
    select
        'ControllerPublishVolume',
        _attach_errors.volume_id,
        _attach_errors.use_id,
        _attach_errors.node,
        _attach_errors.attachment_uid,
        'attached',
        _attach_errors.seq,
        _attach_errors.told_at,
        _attach_errors.error,
        _attach_errors.code
    from _attach_errors
    where _attach_errors.code in ('DeadlineExceeded', 'Aborted')
        and exists (
            from _attach_errors as other
            where other.attachment_uid = _attach_errors.attachment_uid and other.code = 'Aborted'
        )
),

told as (
    select
        method,
        volume_id,
        use_id,
        node,
        goal,
        goal_uid,
        min(told_at) as from_at,
        max(told_at) as last_at,
        coalesce(
            arg_min(message, told_at) filter (code is distinct from 'Aborted'),
            arg_min(message, told_at)
        ) as message,
        count(distinct seq) filter (code = 'Aborted') as echoes,
        count(*) filter (code is distinct from 'Aborted') > 0 as has_first,
        list(distinct seq order by seq) as evidence
    from failures
    group by all
),

attached as (
    select attachment_uid as uid, any_value(ended_at) as reached_at
    from _attach_errors
    group by attachment_uid
)

select
    told.volume_id,
    told.use_id,
    told.node,
    null as driver,
    told.from_at,
    coalesce(_goals.reached_at, attached.reached_at) as to_at,
    if(told.has_first and told.echoes > 0, 'certain', 'likely') as confidence,
    told.evidence,
    {
        what: if(
            told.has_first,
            concat(
                told.method,
                ' has not come back in time since ',
                strftime(told.from_at at time zone 'UTC', '%H:%M:%S'),
                '; ',
                told.echoes,
                ' later tries are its echoes'
            ),
            concat(
                told.method,
                ' is refused ',
                if(told.echoes = 1, 'once', told.echoes || ' times'),
                ' since ',
                strftime(told.from_at at time zone 'UTC', '%H:%M:%S'),
                ', as an earlier call on the volume still runs'
            )
        ),
        error: told.message
    } as details
from told
left join _goals on _goals.goal = told.goal and _goals.uid = told.goal_uid
left join attached on told.goal = 'attached' and attached.uid = told.goal_uid
cross join _span
where told.has_first
    or coalesce(_goals.reached_at, attached.reached_at, _span.last_at) > told.from_at + interval 30 seconds
