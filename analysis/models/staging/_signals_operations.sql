-- One signal that an operation gives of a milestone: the first call, or the first answer that was no failure.
with calls as (
    select
        operations.*,
        coalesce('node/' || coalesce(asked.node, driver.node), asked.component, driver.component) as clock
    from operations
    left join rpc_lines as asked on asked.seq = operations.requested_seq
    left join rpc_lines as driver
        on driver.seq = coalesce(operations.driver_requested_seq, operations.driver_answered_seq)
    where operations.method in (
        'CreateVolume',
        'DeleteVolume',
        'ControllerPublishVolume',
        'ControllerUnpublishVolume',
        'CreateSnapshot',
        'NodePublishVolume',
        'NodeUnpublishVolume'
    )
),

-- On the recorder's clock; nothing where it is not known how far the other is from it.
placed as (
    select
        calls.*,
        coalesce(requested_at, driver_requested_at, driver_answered_at) + offset_of as called_at,
        if(code = 'OK', if(requested_at is null, driver_answered_at, answered_at) + offset_of, null) as succeeded_at,
        if(code = 'OK', requested_at + to_milliseconds(duration_min_ms) + offset_of, null) as succeeded_after,
        if(code = 'OK', requested_at + to_milliseconds(duration_max_ms) + offset_of, null) as succeeded_before,
        coalesce(answered_seq, driver_answered_seq, seq) as succeeded_seq,
        to_microseconds(error_us) as clock_error
    from calls
    left join (
        select clock, to_microseconds(offset_us) as offset_of, error_us
        from clocks
        where known
    ) as clocks using (clock)
),

creations as (
    select placed.*, _claim_volumes.volume_id, null::varchar as attachment_uid, null::varchar as use_id, occurrence
    from placed
    join _claim_volumes using (claim_uid)
    where method = 'CreateVolume'
),

deletions as (
    select placed.*, _volumes.volume_id, null::varchar as attachment_uid, null::varchar as use_id, 1 as occurrence
    from placed
    join _volumes
        on _volumes.volume_handle = placed.volume_handle
        and (placed.driver is null or _volumes.driver = placed.driver)
        -- A handle can be given again.
        and (placed.called_at is null or _volumes.ended_at is null or placed.called_at <= _volumes.ended_at)
        and (
            placed.called_at is null
            or _volumes.first_type = 'LISTED'
            or placed.called_at >= _volumes.first_observed_at
        )
    where method = 'DeleteVolume'
),

attachings as (
    select
        placed.*,
        lives.volume_id,
        lives.attachment_uid,
        if(method = 'ControllerPublishVolume', lives.caused_by, lives.ended_by) as use_id,
        1 as occurrence
    from (
        select placed.*, _volumes.volume_id
        from placed
        join _volumes
            on _volumes.volume_handle = placed.volume_handle
            and (placed.driver is null or _volumes.driver = placed.driver)
        where method in ('ControllerPublishVolume', 'ControllerUnpublishVolume')
    ) as placed
    asof join _attachment_lives as lives
        on lives.volume_id = placed.volume_id and lives.node = placed.node and placed.called_at >= lives.begins_at
    where placed.called_at <= lives.ends_at
),

mountings as (
    select placed.*, _use_names.volume_id, null::varchar as attachment_uid, _use_names.use_id, 1 as occurrence
    from placed
    join _use_names
        on _use_names.pod_uid = placed.pod_uid
        and _use_names.spec_name = regexp_extract(placed.path, '/volumes/kubernetes\.io~csi/([^/]+)', 1)
    where method in ('NodePublishVolume', 'NodeUnpublishVolume') and component = 'kubelet'
),

snapshots as (
    select placed.*, volume_id, null::varchar as attachment_uid, null::varchar as use_id, occurrence
    from placed
    join (
        select distinct driver, snapshot_handle, snapshot_uid
        from objects
        where kind = 'VolumeSnapshotContent'
    ) as contents
        on contents.snapshot_handle = placed.snapshot_handle
        and (placed.driver is null or contents.driver = placed.driver)
    join _volume_snapshots using (snapshot_uid)
    where method = 'CreateSnapshot'
),

subjects as (
    from creations
    union all by name
    from deletions
    union all by name
    from attachings
    union all by name
    from mountings
    union all by name
    from snapshots
),

first_calls as (
    select
        method,
        volume_id,
        use_id,
        attachment_uid,
        occurrence,
        any_value(component) as component,
        min(called_at) as told_at,
        arg_min(clock_error, called_at) as clock_error,
        arg_min(clock, called_at) as clock,
        arg_min(seq, called_at) as seq
    from subjects
    group by method, volume_id, use_id, attachment_uid, occurrence
),

successes as (
    select
        method,
        volume_id,
        use_id,
        attachment_uid,
        occurrence,
        any_value(component) as component,
        min(succeeded_at) as told_at,
        -- Of a snapshot the answer tells only that it has been cut.
        min(if(method = 'CreateSnapshot', called_at, coalesce(succeeded_at, succeeded_after))) as succeeded_after,
        min(coalesce(succeeded_at, succeeded_before)) as succeeded_before,
        arg_min(clock_error, coalesce(succeeded_at, succeeded_after)) as clock_error,
        arg_min(clock, coalesce(succeeded_at, succeeded_after)) as clock,
        arg_min(succeeded_seq, coalesce(succeeded_at, succeeded_after)) as seq
    from subjects
    where code = 'OK'
    group by method, volume_id, use_id, attachment_uid, occurrence
),

names(method, called, answered) as (
    values
        ('CreateVolume', 'create_called', 'create_answered'),
        ('DeleteVolume', 'delete_called', 'delete_answered'),
        ('ControllerPublishVolume', 'publish_called', 'publish_answered'),
        ('ControllerUnpublishVolume', 'unpublish_called', 'unpublish_answered'),
        ('CreateSnapshot', null, 'snapshot_cut'),
        ('NodePublishVolume', null, 'published'),
        ('NodeUnpublishVolume', null, 'unpublished')
)

select
    called as milestone,
    volume_id,
    use_id,
    attachment_uid,
    occurrence,
    told_at,
    told_at - clock_error as earliest,
    told_at as latest,
    clock,
    component || ' ' || method as source,
    1 as rank,
    seq
from first_calls
join names using (method)
where called is not null
union all by name
select
    answered as milestone,
    volume_id,
    use_id,
    attachment_uid,
    occurrence,
    told_at,
    succeeded_after - clock_error as earliest,
    -- A kubelet that has published it may yet have to give its files to the pod's group, and then says that it is done.
    if(method in ('NodePublishVolume', 'NodeUnpublishVolume'), null, succeeded_before) as latest,
    clock,
    component || ' ' || method as source,
    if(method in ('NodePublishVolume', 'NodeUnpublishVolume'), 2, 1) as rank,
    seq
from successes
join names using (method)
