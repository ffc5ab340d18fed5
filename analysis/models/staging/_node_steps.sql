-- One step of mounting or unmounting a volume on a node that has succeeded, or the call to stage it, however that ends: as
-- the kubelet's log says it, or, where only the driver's log is there, as that does. `use_id` is null where the line names
-- no pod.
with said as (
    select
        seq,
        node,
        coalesce('node/' || node, component) as clock,
        coalesce(logged_at, stamped_at::timestamptz) as stamped_at,
        fields['verb'] as step,
        fields['pod_uid'] as pod_uid,
        fields['pv'] as spec_name,
        'kubelet ' || fields['verb'] as source
    from logs
    where component = 'kubelet' and fields['outcome'] = 'succeeded'
    union all by name
    select
        operations.seq,
        operations.node,
        coalesce('node/' || rpc_lines.node, rpc_lines.component) as clock,
        operations.driver_answered_at as stamped_at,
        operations.method as step,
        operations.pod_uid,
        coalesce(
            nullif(regexp_extract(operations.path, '/volumes/kubernetes\.io~csi/([^/]+)', 1), ''), operations.pv
        ) as spec_name,
        'driver ' || operations.method as source
    from operations
    join rpc_lines on rpc_lines.seq = operations.driver_answered_seq
    where operations.component = 'driver' and operations.code = 'OK'
    union all by name
    -- The call, however it ends.
    select
        operations.seq,
        operations.node,
        coalesce('node/' || rpc_lines.node, rpc_lines.component) as clock,
        coalesce(operations.requested_at, operations.driver_requested_at) as stamped_at,
        'NodeStageVolume call' as step,
        operations.pod_uid,
        operations.pv as spec_name,
        operations.component || ' NodeStageVolume' as source
    from operations
    join rpc_lines on rpc_lines.seq = coalesce(operations.requested_seq, operations.driver_requested_seq)
    where operations.method = 'NodeStageVolume'
),

steps(step, milestone) as (
    values
        ('Controller attach', 'kubelet_accepted'),
        ('NodeStageVolume call', 'stage_called'),
        ('MountVolume.MountDevice', 'staged'),
        ('MapVolume.SetUpDevice', 'staged'),
        ('NodeStageVolume', 'staged'),
        ('MountVolume.SetUp', 'published'),
        ('MapVolume.MapPodDevice', 'published'),
        ('NodePublishVolume', 'published'),
        ('UnmountVolume.TearDown', 'unpublished'),
        ('UnmapVolume.UnmapPodDevice', 'unpublished'),
        ('NodeUnpublishVolume', 'unpublished'),
        ('UnmountDevice', 'unstaged'),
        ('UnmapDevice.TearDownDevice', 'unstaged'),
        ('NodeUnstageVolume', 'unstaged')
),

placed as (
    select
        said.*,
        steps.milestone,
        if(clocks.known, said.stamped_at + to_microseconds(clocks.offset_us), null) as told_at,
        to_microseconds(clocks.error_us) as error
    from said
    join steps using (step)
    left join clocks using (clock)
),

-- A name of a PersistentVolume means the last of that name that there was.
named as (
    select
        pv_name,
        volume_id,
        if(first_type = 'LISTED', '-infinity'::timestamptz, first_observed_at - interval 1 second) as begins_at
    from _volumes
    where pv_name is not null
)

select
    placed.milestone,
    coalesce(_use_names.volume_id, named.volume_id) as volume_id,
    _use_names.use_id,
    placed.node,
    placed.told_at,
    placed.error,
    placed.clock,
    placed.source,
    placed.seq
from placed
left join _use_names using (pod_uid, spec_name)
asof left join named on named.pv_name = placed.spec_name and placed.told_at >= named.begins_at
where _use_names.use_id is not null or named.volume_id is not null
