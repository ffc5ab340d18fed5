-- title: the volume is not unstaged: something still holds its device
-- step: unstage
-- severity: error
-- sentence: The volume cannot be unstaged on {node}: {error}
-- symptom: No Event. The kubelet's log says that the device mount path is still mounted by other references, or that
--   the device is in use; volumesInUse keeps the volume, so that it is not detached, and a pod elsewhere gets a
--   Multi-Attach error.
-- cause: A bind mount that leaked into another container (an agent, a daemon), leftovers of a subPath, a restart of
--   the node plugin, a pod deleted by force.
-- advice: The references name pods by their UIDs. Find the holder with lsns and /proc/*/mountinfo, restart the agent.
-- look-alikes: An error of unpublishing, of the path in the pod's folder, is F28; a single failure that heals is
--   noise.
-- needs: persistentvolumes, log of kubelet
-- echo of: F30 by driver, F20 by node

-- `pkg/volume/util/operationexecutor/operation_generator.go`, GenerateUnmountDeviceFunc.
with held as (
    select volume_id, node, seq, told_at, error
    from _logged_failures
    where starts_with(verb, 'UnmountDevice')
        or starts_with(verb, 'GetDeviceMountRefs')
        or contains(error, 'still mounted by other references')
        or contains(error, 'the device is in use when it was no longer expected')
),

-- Once more it is unstaged, or detached all the same.
ended as (
    select held.volume_id, held.node, min(mount_actual.valid_to) as to_at
    from held
    join mount_actual
        on mount_actual.volume_id = held.volume_id
        and mount_actual.node = held.node
        and mount_actual.standing = 'staged'
        and mount_actual.valid_to >= held.told_at
    group by held.volume_id, held.node
)

select
    held.volume_id,
    null as use_id,
    held.node,
    null as driver,
    min(held.told_at) as from_at,
    any_value(ended.to_at) as to_at,
    'certain' as confidence,
    list(distinct held.seq order by held.seq) as evidence,
    {node: held.node, error: arg_max(held.error, held.told_at)} as details
from held
left join ended using (volume_id, node)
where held.volume_id is not null
group by held.volume_id, held.node
having count(*) > 1
