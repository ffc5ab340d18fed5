-- title: the driver refuses to mount the volume
-- step: publish
-- severity: error
-- sentence: The driver cannot mount the volume on {node}: {error}
-- symptom: FailedMount `MountVolume.MountDevice failed` or `MountVolume.SetUp failed` with a gRPC error; the pod stays
--   in ContainerCreating.
-- cause: What is behind the volume is gone or broken, or the pod asks an inline volume for something that the driver
--   does not have.
-- advice: Look into the log of the driver's node pod at that time; mend what it names. The kubelet tries again, at most
--   two minutes later.
-- look-alikes: A driver that is not registered is F20; a damaged file system F21; a network file system F27; a call
--   that does not come back F05. Unavailable right after a restart of the driver is F30.
-- needs: persistentvolumeclaims, persistentvolumes, pods, events
-- echo of: F30 by driver, F20 by pod, F21 by pod, F27 by pod, F05 by pod

-- `pkg/volume/csi/csi_attacher.go`, MountDevice; `pkg/volume/csi/csi_mounter.go`, SetUpAt.
with told as (
    select use_id, seq, told_at, message
    from _complaints
    where use_id is not null and reason in ('FailedMount', 'FailedMapVolume') and code is not null
),

-- What says more than that the driver refuses.
explained as (
    select unnest(evidence) as seq from _f05
    union all
    select unnest(evidence) from _f21
    union all
    select unnest(evidence) from _f27
),

refused as (
    select
        told.use_id,
        min(told.told_at) as from_at,
        arg_max(told.message, told.told_at) as message,
        list(distinct told.seq order by told.seq) as evidence
    from told
    anti join explained using (seq)
    group by told.use_id
)

select
    uses.volume_id,
    refused.use_id,
    uses.node,
    null as driver,
    refused.from_at,
    _goals.reached_at as to_at,
    'certain' as confidence,
    refused.evidence,
    {node: uses.node, error: regexp_replace(refused.message, '^[^:]*: ', '')} as details
from refused
join uses using (use_id)
cross join _span
left join _goals on _goals.goal = 'mounted' and _goals.uid = uses.pod_uid
where coalesce(_goals.reached_at, _span.last_at) > refused.from_at + interval 5 seconds
