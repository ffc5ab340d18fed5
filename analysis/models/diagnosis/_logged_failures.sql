-- One line of a kubelet's log that says that an operation on a volume failed ("Operation for ... failed. No retries
-- permitted until ...": `pkg/util/goroutinemap/exponentialbackoff`). No Event tells of those that unmount.
with lines as (
    select
        seq,
        observed_at as told_at,
        node,
        fields['verb'] as verb,
        coalesce(fields['error'], message) as error,
        fields['pod_uid'] as pod_uid,
        regexp_extract(message, '\{volumeName:(\S+) podName:', 1) as unique_name
    from logs
    where component = 'kubelet' and fields['outcome'] = 'failed'
)

select
    lines.seq,
    lines.told_at,
    lines.node,
    -- `MountVolume.SetUp`, `UnmountVolume.TearDown`, `UnmountDevice`, ...
    lines.verb,
    lines.error,
    lines.pod_uid,
    -- How the kubelet calls the volume.
    lines.unique_name,
    coalesce(uses.volume_id, _volumes.volume_id) as volume_id,
    -- Null for what is about the volume's device, not about a pod.
    uses.use_id
from lines
left join uses on uses.pod_uid = lines.pod_uid and uses.unique_name = lines.unique_name
left join _volumes on _volumes.unique_name = lines.unique_name
where lines.unique_name != ''
