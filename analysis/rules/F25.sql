-- title: SELinux labels conflict, or relabelling takes long
-- step: start
-- severity: warning
-- sentence: {what}: {error}
-- symptom: FailedMount `already mounted to a different pod with a different SELinux label`, SELinuxLabelConflict; or
--   the volumes are mounted and the runtime gives up making the container (`failed to reserve container name`).
-- cause: Pods with different labels share a volume on a node that mounts it with a context; or the runtime relabels
--   each file.
-- advice: Give pods that share a volume the same label; set seLinuxMount in the CSIDriver, or seLinuxChangePolicy
--   Recursive.
-- look-alikes: A slow runtime for another reason (possible only); pulling an image; fsGroup (F24) comes before SetUp
--   ends.
-- needs: persistentvolumeclaims, persistentvolumes, pods, events

-- `pkg/kubelet/volumemanager/cache/actual_state_of_world.go`; `pkg/controller/volume/selinuxwarning`.
with told as (
    select
        use_id,
        seq,
        told_at,
        message,
        regexp_matches(message, 'different SELinux label') or starts_with(reason, 'SELinux') as is_conflict
    from _complaints
    where use_id is not null
        and (
            (reason = 'FailedMount' and contains(message, 'different SELinux label'))
            or reason in ('SELinuxLabelConflict', 'SELinuxChangePolicyConflict')
            -- `pkg/kubelet/kuberuntime/kuberuntime_container.go`, startContainer; of images: `Failed to pull image`.
            or (
                reason = 'Failed'
                and regexp_matches(message, '^Error: (context deadline exceeded|.*failed to reserve container name)')
            )
        )
)

select
    uses.volume_id,
    told.use_id,
    uses.node,
    null as driver,
    min(told.told_at) as from_at,
    any_value(_goals.reached_at) as to_at,
    if(told.is_conflict, 'certain', 'possible') as confidence,
    list(distinct told.seq order by told.seq) as evidence,
    {
        what: if(
            told.is_conflict,
            'SELinux labels conflict on ' || coalesce(uses.node, 'the node'),
            'The volumes are mounted and the runtime does not get the container made, as when it relabels many files'
        ),
        error: arg_max(told.message, told.told_at)
    } as details
from told
join uses using (use_id)
left join _goals on _goals.goal = 'mounted' and _goals.uid = uses.pod_uid
group by uses.volume_id, told.use_id, uses.node, told.is_conflict
