-- title: changing the owner of the volume's files takes long
-- step: publish
-- severity: warning
-- sentence: The kubelet on {node} changes the owner of each file on the volume for the pod's fsGroup{progress}.
-- symptom: VolumePermissionChangeInProgress after 30 s and each minute; older kubelets only log `Setting volume
--   ownership for ...`. The volume is mounted, the pod stays in ContainerCreating.
-- cause: A pod with fsGroup, the policy Always (the default), and a volume with many files.
-- advice: Set fsGroupChangePolicy OnRootMismatch; or fsGroupPolicy None, or a driver that mounts for a group.
-- look-alikes: After `SetUp succeeded` it is the container runtime (F25); without progress a hung mount (F27).
-- needs: persistentvolumeclaims, persistentvolumes, pods, events

-- `pkg/volume/volume_linux.go`, ChangeOwnership; the path holds the pod's uid and the volume's name.
with lines as (
    select seq, observed_at as told_at, message
    from logs
    where component = 'kubelet' and starts_with(message, 'Setting volume ownership for')
    union all
    select seq, told_at, message
    from _complaints
    where reason = 'VolumePermissionChangeInProgress'
),

told as (
    select
        _use_names.use_id,
        min(lines.told_at) as from_at,
        list(distinct lines.seq order by lines.seq) as evidence,
        max(try_cast(regexp_extract(lines.message, 'processed (\d+) files', 1) as bigint)) as files
    from lines
    join _use_names
        on _use_names.pod_uid = regexp_extract(lines.message, '([0-9a-f]{8}-[0-9a-f-]{27})/volumes', 1)
        and _use_names.spec_name = regexp_extract(lines.message, '/volumes/[^/ ]+/([^/ ]+)', 1)
    group by _use_names.use_id
)

select
    uses.volume_id,
    told.use_id,
    uses.node,
    null as driver,
    told.from_at,
    _goals.reached_at as to_at,
    'certain' as confidence,
    told.evidence,
    {node: uses.node, progress: if(told.files is null, '', concat(', ', told.files, ' so far'))} as details
from told
join uses using (use_id)
left join _goals on _goals.goal = 'mounted' and _goals.uid = uses.pod_uid
