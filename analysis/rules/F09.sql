-- title: the volume cannot be reached from any node that would take the pod
-- step: schedule
-- severity: error
-- sentence: The volume cannot be reached from the nodes that pod {pod} may go to: {message}
-- symptom: The pod is Pending; FailedScheduling names the PersistentVolume's node affinity.
-- cause: The volume was made in another zone (class with Immediate binding), the nodes of its zone are gone or full,
--   a local volume's node is gone, or labels were edited.
-- advice: Use a class with WaitForFirstConsumer; bring back capacity in the zone. For a local volume whose node is
--   lost, delete claim and pod.
-- look-alikes: `didn't find available persistent volumes to bind` is about a claim that is not bound: F02, F07.
-- needs: persistentvolumeclaims, persistentvolumes, pods, events

-- `pkg/scheduler/framework/plugins/volumebinding/binder.go`; the second text until about 1.33. The third is the
-- kubelet's, for a pod that came there without the scheduler.
with told as (
    select
        use_id,
        volume_id,
        uid as pod_uid,
        if(reason = 'FailedScheduling', 'placed', 'mounted') as goal,
        min(told_at) as from_at,
        arg_max(message, told_at) as message,
        list(seq order by seq) as evidence
    from _complaints
    where (
            reason = 'FailedScheduling'
            and regexp_matches(
                message,
                'didn''t match PersistentVolume''s node affinity|had volume node affinity conflict'
                || '|had no available volume zone'
            )
        )
        or (reason = 'FailedMount' and contains(message, 'MountVolume.NodeAffinity check failed'))
    group by use_id, volume_id, uid, goal
),

-- Of a pod's volumes, those that are bound to a place.
placed as (
    select _lives.uid as volume_id
    from _lives
    join objects on objects.seq = _lives.known_seq
    where _lives.kind = 'PersistentVolume'
        and (json_exists(objects.object, '$.spec.nodeAffinity.required') or objects.zone is not null)
)

select
    told.volume_id,
    told.use_id,
    if(told.goal = 'mounted', uses.node, null) as node,
    null as driver,
    told.from_at,
    _goals.reached_at as to_at,
    'certain' as confidence,
    told.evidence,
    {pod: uses.namespace || '/' || uses.pod, message: told.message} as details
from told
join uses using (use_id)
left join _goals on _goals.goal = told.goal and _goals.uid = told.pod_uid
where told.volume_id in (select volume_id from placed)
