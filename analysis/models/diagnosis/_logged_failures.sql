-- One line of a kubelet's log that says that an operation on a volume failed (`pkg/util/goroutinemap/exponentialbackoff`:
-- "Operation for ... failed. No retries permitted until"), with the volume and the use that it is about.
with lines as (
    select
        seq,
        observed_at as told_at,
        node,
        fields['verb'] as verb,
        coalesce(fields['error'], message) as error,
        fields['pod_uid'] as pod_uid,
        fields['pv'] as pv,
        fields['driver'] as driver,
        fields['volume_handle'] as volume_handle,
        regexp_extract(message, '\{volumeName:(\S+) podName:', 1) as unique_name
    from logs
    where component = 'kubelet' and fields['outcome'] = 'failed' and fields['verb'] is not null
)

select
    lines.seq,
    lines.told_at,
    lines.node,
    -- `MountVolume.SetUp`, `UnmountVolume.TearDown`, `UnmountDevice`, ...
    lines.verb,
    lines.error,
    lines.unique_name,
    coalesce(uses.use_id, null) as use_id,
    coalesce(uses.volume_id, _volumes.volume_id) as volume_id,
    coalesce(lines.driver, _volumes.driver) as driver
from lines
left join _volumes
    on _volumes.unique_name = lines.unique_name
    or (_volumes.plugin || '/' || lines.pod_uid || '-' || coalesce(_volumes.pv_name, '')) = lines.unique_name
left join uses on uses.pod_uid = lines.pod_uid and uses.volume_id = _volumes.volume_id
