-- title: a ReadWriteOncePod volume is in use by another pod
-- step: schedule
-- severity: warning
-- sentence: The volume may be used by one pod at a time, and {holder} has it.
-- symptom: FailedScheduling or FailedMount names the ReadWriteOncePod access mode.
-- cause: A rolling update with surge, a second replica, or an old pod that is still terminating.
-- advice: Use strategy Recreate or maxSurge 0; wait for the old pod, or find out what keeps it (F28, F14).
-- look-alikes: A ReadWriteOnce volume on another node is F13.
-- needs: persistentvolumeclaims, persistentvolumes, pods, events
-- echo of: F14 by volume, F28 by volume

-- `pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go`; the kubelet's
-- `pkg/volume/util/operationexecutor/operation_generator.go`.
with told as (
    select
        use_id,
        volume_id,
        uid as pod_uid,
        if(reason = 'FailedScheduling', 'placed', 'mounted') as goal,
        min(told_at) as from_at,
        list(seq order by seq) as evidence
    from _complaints
    where reason in ('FailedScheduling', 'FailedMount')
        and regexp_matches(
            message,
            'with ReadWriteOncePod access mode already in-use by another pod'
            || '|uses the ReadWriteOncePod access mode and is already in use'
        )
    group by use_id, volume_id, uid, goal
),

holders as (
    select
        told.use_id,
        told.goal,
        string_agg(distinct other.namespace || '/' || other.pod, ', ') as pods
    from told
    join uses as other
        on other.volume_id = told.volume_id
        and other.use_id != told.use_id
        and other.node is not null
        and (other.ended_at is null or other.ended_at > told.from_at)
    group by told.use_id, told.goal
)

select
    told.volume_id,
    told.use_id,
    null as node,
    null as driver,
    told.from_at,
    _goals.reached_at as to_at,
    'certain' as confidence,
    told.evidence,
    {holder: coalesce('pod ' || holders.pods, 'a pod that the trace does not show')} as details
from told
join _volumes using (volume_id)
left join holders on holders.use_id = told.use_id and holders.goal = told.goal
left join _goals on _goals.goal = told.goal and _goals.uid = told.pod_uid
-- Of a pod's volumes those of that mode.
where list_contains(_volumes.access_modes, 'ReadWriteOncePod')
