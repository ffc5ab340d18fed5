-- One log line that tells of a CSI call: that it was made, how it was answered, or that its caller went on after it.
with said as (
    select
        seq,
        stream,
        component,
        container,
        pod,
        node,
        severity,
        message,
        coalesce(logged_at, stamped_at::timestamptz, observed_at) as happened_at,
        fields,
        component = 'kubelet' as is_kubelet,
        fields['rpc.phase'] as rpc_phase,
        -- What a kubelet's CSI plugin says of its own calls.
        case
            when component = 'kubelet' and starts_with(message, 'kubernetes.io/csi: ')
                then regexp_extract(
                    message,
                    '^kubernetes\.io/csi: (?:attacher\.|mounter\.)?'
                    || '(Expander\.NodeExpand\(|MountDevice successfully requested NodeStageVolume \['
                    || '|SetUp successfully requested NodePublish \[|Unmounter\.TearDownAt successfully unmounted dir \['
                    || '|UnmountDevice successfully requested NodeUnStageVolume \[)([^\])]*)',
                    ['sentence', 'path']
                )
        end as plugin
    from logs
    where fields['rpc.phase'] is not null
        or (component = 'kubelet' and (fields['verb'] is not null or starts_with(message, 'kubernetes.io/csi: ')))
        or message in ('Volume deleted', 'Volume deletion failed')
        or starts_with(message, 'Resize volume succeeded')
        or starts_with(message, 'successfully created PV pvc-')
        or starts_with(message, 'CSI CreateSnapshot: ')
),

told as (
    select
        *,
        case
            when plugin['sentence'] = 'Expander.NodeExpand(' then 'call'
            when plugin['sentence'] != '' then 'response'
            when is_kubelet and fields['verb'] is not null
                then if(fields['outcome'] in ('succeeded', 'failed'), 'response', null)
            -- A kubelet's probes of containers are no calls of CSI's Probe.
            when is_kubelet then if(starts_with(message, 'kubernetes.io/csi: calling '), rpc_phase, null)
            else coalesce(rpc_phase, 'after')
        end as phase,
        case
            when plugin['sentence'] like 'Expander%' or fields['verb'] like '%NodeExpandVolume' then 'NodeExpandVolume'
            when plugin['sentence'] like 'MountDevice%' or fields['verb'] in ('MountVolume.MountDevice', 'MapVolume.SetUpDevice')
                then 'NodeStageVolume'
            when plugin['sentence'] like 'SetUp%' or fields['verb'] in ('MountVolume.SetUp', 'MapVolume.MapPodDevice')
                then 'NodePublishVolume'
            when plugin['sentence'] like 'Unmounter%' or fields['verb'] in ('UnmountVolume.TearDown', 'UnmapVolume.UnmapPodDevice')
                then 'NodeUnpublishVolume'
            when plugin['sentence'] like 'UnmountDevice%' or fields['verb'] in ('UnmountDevice', 'UnmapDevice.TearDownDevice')
                then 'NodeUnstageVolume'
            when rpc_phase is null and starts_with(message, 'Volume delet') then 'DeleteVolume'
            when rpc_phase is null and starts_with(message, 'Resize') then 'ControllerExpandVolume'
            when rpc_phase is null and starts_with(message, 'successfully') then 'CreateVolume'
            when rpc_phase is null and starts_with(message, 'CSI CreateSnapshot') then 'CreateSnapshot'
            else fields['rpc.method']
        end as method,
        coalesce(
            nullif(plugin['path'], ''), fields['rpc.target_path'], fields['rpc.staging_path']
        ) as path,
        -- A sidecar's statement after a call names what was made.
        case
            when starts_with(message, 'successfully created PV ')
                then regexp_extract(message, '^successfully created PV (\S+) for PVC \S+ and csi volume name (\S+)', ['of_name', 'of_id'])
            when starts_with(message, 'CSI CreateSnapshot: ')
                then regexp_extract(message, '^CSI CreateSnapshot: (\S+) driver name \[[^\]]*\] snapshot ID \[([^\]]*)\]', ['of_name', 'of_id'])
        end as made
    from said
),

named as (
    select
        *,
        regexp_extract(coalesce(path, ''), '/pods/([^/]+)/volumes/kubernetes\.io~csi/([^/]+)', ['pod_uid', 'spec_name']) as at_pod,
        if(
            is_kubelet and phase = 'response' and fields['volume_handle'] is null and fields['pod_uid'] is not null,
            nullif(regexp_extract(message, 'volume "kubernetes\.io/csi/[^"^]{36}-([^"^]+)"', 1), ''),
            null
        ) as inline_name
    from told
    where phase is not null and (phase = 'after' or not is_kubelet or method is not null)
),

volume_names as (
    select volume_handle, any_value(name) as pv
    from _pv_versions
    where volume_handle is not null
    group by volume_handle
    having count(distinct pv_uid) = 1
),

volume_handles as (
    select name as pv, any_value(volume_handle) as volume_handle
    from _pv_versions
    where volume_handle is not null
    group by name
    having count(distinct volume_handle) = 1
),

resolved as (
    select
        named.*,
        coalesce(
            fields['rpc.volume_id'],
            fields['volume_handle'],
            if(method = 'CreateVolume', nullif(made['of_id'], ''), null),
            if(phase = 'after', volume_handles.volume_handle, null)
        ) as volume_id,
        coalesce(fields['rpc.name'], nullif(made['of_name'], '')) as rpc_name,
        coalesce(fields['rpc.snapshot_id'], if(method = 'CreateSnapshot', nullif(made['of_id'], ''), null)) as snapshot_id,
        coalesce(nullif(at_pod['pod_uid'], ''), fields['pod_uid']) as pod_uid,
        coalesce(nullif(at_pod['spec_name'], ''), inline_name, fields['pv'], fields['PV']) as spec_name
    from named
    left join volume_handles on volume_handles.pv = named.fields['PV']
)

select
    -- The row in `logs`.
    seq,
    -- The log's stream.
    stream,
    -- What wrote it: csi-provisioner, csi-attacher, driver, kubelet, ...
    component,
    -- Name of its container.
    container,
    -- Name of its pod.
    pod,
    -- The node it ran on.
    node,
    -- The time inside the line; where it has none, the runtime's stamp, else the time of arrival.
    happened_at,
    -- `call`, `request`, `response`, `error`, `whole` as in docs/logs.md; `after`: the caller went on to what follows an answer.
    phase,
    -- The CSI method; null where the line does not name it.
    method,
    -- The driver's own number of the call.
    fields['rpc.id'] as call_id,
    -- What the call's line and its answer's line have in common in a sidecar's log, as JSON: its logger's keys and values.
    if(
        message in ('GRPC call', 'GRPC response'),
        to_json(list_sort(list_filter(
            map_entries(fields),
            lambda entry: entry.key not in ('method', 'request', 'response', 'err', 'v') and not starts_with(entry.key, 'rpc.')
        )))::varchar,
        null
    ) as context,
    -- Texts that a call's line and its answer's line can share, and other calls of the method do not.
    list_distinct(list_filter(
        if(
            is_kubelet,
            [
                path,
                pod_uid || '/' || spec_name,
                if(pod_uid is null or method in ('NodeStageVolume', 'NodeUnstageVolume'), resolved.volume_id, null),
                pod_uid || '^' || resolved.volume_id
            ],
            [
                resolved.volume_id,
                rpc_name,
                snapshot_id,
                if(phase in ('response', 'whole'), volume_names.pv, null),
                fields['rpc.source_volume_id'],
                fields['rpc.source_snapshot_id'],
                path
            ]
        ),
        lambda text: text is not null
    )) as ids,
    -- The driver's id of the volume.
    resolved.volume_id,
    -- The name that CreateVolume or CreateSnapshot asks for.
    rpc_name,
    -- The driver's id of the snapshot.
    snapshot_id,
    -- The volume that is cloned, or that the snapshot is of.
    fields['rpc.source_volume_id'] as source_volume_id,
    -- The snapshot that the volume is made from.
    fields['rpc.source_snapshot_id'] as source_snapshot_id,
    -- The driver's id of the node.
    fields['rpc.node_id'] as node_id,
    -- Where a node publishes or stages the volume.
    path,
    -- The pod that it is published for.
    coalesce(pod_uid, fields['rpc.pod_uid']) as pod_uid,
    -- Name of the VolumeAttachment.
    fields['va'] as va,
    -- Name of the driver.
    fields['driver'] as driver,
    -- required_bytes of the request, or the capacity in the answer.
    try_cast(fields['rpc.bytes'] as bigint) as bytes,
    -- Names of what the response holds; `{}` when it is empty.
    fields['rpc.result'] as result,
    -- gRPC code of the answer.
    case
        when fields['rpc.code'] is not null then fields['rpc.code']
        when is_kubelet and phase = 'response' and fields['outcome'] is distinct from 'failed' then 'OK'
        when phase = 'after' and message = 'Volume deletion failed'
            then nullif(regexp_extract(coalesce(fields['err'], ''), 'rpc error: code = (\w+) desc = ', 1), '')
        when phase = 'after' then 'OK'
    end as code,
    -- Text of the error.
    coalesce(fields['rpc.error'], if(is_kubelet and fields['outcome'] = 'failed', fields['error'], null)) as error
from resolved
left join volume_names on volume_names.volume_handle = resolved.volume_id
