-- One call of a CSI RPC, put together from the log lines of its caller (a sidecar, the kubelet) and of its driver.
with roles as (
    select
        seq as call,
        unnest([
            {role: 'asked', seq: requested_seq},
            {role: 'request', seq: request_seq},
            {role: 'answered', seq: answered_seq},
            {role: 'earliest', seq: earliest_seq},
            {role: 'latest', seq: latest_seq},
            {role: 'driver_asked', seq: driver_requested_seq},
            {role: 'driver_answered', seq: driver_answered_seq}
        ], recursive := true)
    from _paired
),

-- The lines of a call side by side, each under the part that it has in it. (Seven joins of the lines take twice as long,
-- most of it to find an order for them.)
told as (
    select
        roles.call,
        any_value(rpc_lines) filter (role = 'asked') as asked,
        any_value(rpc_lines) filter (role = 'request') as request,
        any_value(rpc_lines) filter (role = 'answered') as answered,
        any_value(rpc_lines) filter (role = 'earliest') as earliest,
        any_value(rpc_lines) filter (role = 'latest') as latest,
        any_value(rpc_lines) filter (role = 'driver_asked') as driver_asked,
        any_value(rpc_lines) filter (role = 'driver_answered') as driver_answered
    from roles
    join rpc_lines on rpc_lines.seq = roles.seq
    group by roles.call
),

joined as (
    select
        paired.seq,
        paired.pairing,
        paired.code as paired_code,
        paired.is_before_gap,
        coalesce(asked.stream, driver_asked.stream, driver_answered.stream) as stream,
        asked.seq as requested_seq,
        answered.seq as answered_seq,
        driver_asked.seq as driver_requested_seq,
        driver_answered.seq as driver_answered_seq,
        asked.happened_at as requested_at,
        answered.happened_at as answered_at,
        earliest.happened_at as answered_after,
        latest.happened_at as answered_before,
        driver_asked.happened_at as driver_requested_at,
        driver_answered.happened_at as driver_answered_at,
        coalesce(asked.method, driver_answered.method, driver_asked.method) as method,
        coalesce(asked.component, driver_answered.component, driver_asked.component) as component,
        coalesce(asked.pod, driver_answered.pod, driver_asked.pod) as socket_pod,
        if(asked.seq is null, coalesce(driver_answered.pod, driver_asked.pod), asked.pod) as pod,
        if(asked.seq is null, coalesce(driver_answered.container, driver_asked.container), asked.container) as container,
        coalesce(asked.node, driver_answered.node, driver_asked.node) as log_node,
        coalesce(
            asked.volume_id,
            request.volume_id,
            if(
                coalesce(asked.method, driver_answered.method, driver_asked.method) = 'CreateSnapshot',
                coalesce(asked.source_volume_id, request.source_volume_id, driver_answered.source_volume_id),
                null
            ),
            driver_answered.volume_id,
            driver_asked.volume_id,
            answered.volume_id
        ) as volume_handle,
        coalesce(asked.rpc_name, request.rpc_name, driver_answered.rpc_name, driver_asked.rpc_name) as requested_name,
        coalesce(asked.snapshot_id, request.snapshot_id, answered.snapshot_id, driver_answered.snapshot_id, driver_asked.snapshot_id) as snapshot_handle,
        coalesce(asked.node_id, request.node_id, driver_answered.node_id, driver_asked.node_id) as node_id,
        coalesce(asked.path, request.path, driver_answered.path, driver_asked.path) as path,
        coalesce(asked.pod_uid, request.pod_uid, driver_answered.pod_uid, driver_asked.pod_uid) as pod_uid,
        asked.va,
        coalesce(asked.bytes, request.bytes, driver_answered.bytes) as bytes,
        coalesce(answered.error, driver_answered.error) as error
    from _paired as paired
    left join told on told.call = paired.seq
),

dated as (
    select *, coalesce(requested_at, driver_requested_at, driver_answered_at) as happened_at
    from joined
),

runs as (
    select distinct
        stream,
        regexp_replace(stream, '/[^/]*$', '') as container,
        try_cast(regexp_extract(stream, '[^/]*$') as int) as restart
    from logs
),

-- Logs of containers whose process is no more: it ended, or a later run has a log.
ended_logs as (
    select stream from streams where what = 'closed' and starts_with(detail, 'ended: ') and stream is not null
    union
    select earlier.stream
    from runs as earlier
    join runs as later on later.container = earlier.container and later.restart > earlier.restart
),

volume_history as (
    select seq, observed_at, volume_handle, name as pv, driver, claim_namespace, claim_name, claim_uid
    from _pv_versions
    where volume_handle is not null and claim_uid is not null
),

first_volumes as (
    select
        volume_handle,
        arg_min(pv, seq) as pv,
        arg_min(driver, seq) as driver,
        arg_min(claim_namespace, seq) as claim_namespace,
        arg_min(claim_name, seq) as claim_name,
        arg_min(claim_uid, seq) as claim_uid
    from volume_history
    group by volume_handle
),

claims as (
    select
        claim_uid,
        any_value(namespace) as claim_namespace,
        any_value(name) as claim_name,
        arg_max(provisioner, seq) filter (provisioner is not null) as driver
    from _claim_versions
    where claim_uid is not null
    group by claim_uid
),

attachments as (
    select name as va, any_value(driver) as driver, any_value(node) as node
    from _attachment_versions
    group by name
),

nodes as (
    select node_driver.name as driver, node_driver.node_id, any_value(node) as node
    from (select node, unnest(node_drivers) as node_driver from objects where kind = 'CSINode')
    group by all
    having count(distinct node) = 1
),

-- The volume as it was at the time of the call; before its object was seen, as it was first.
with_volume as (
    select
        dated.*,
        coalesce(then_was.pv, first_was.pv) as known_pv,
        coalesce(then_was.driver, first_was.driver) as volume_driver,
        coalesce(then_was.claim_namespace, first_was.claim_namespace) as volume_claim_namespace,
        coalesce(then_was.claim_name, first_was.claim_name) as volume_claim_name,
        coalesce(then_was.claim_uid, first_was.claim_uid) as volume_claim_uid,
        if(
            dated.method = 'CreateVolume',
            nullif(regexp_extract(dated.requested_name, '-([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$', 1), ''),
            null
        ) as named_claim_uid
    from dated
    asof left join volume_history as then_was
        on then_was.volume_handle = dated.volume_handle and dated.happened_at >= then_was.observed_at
    left join first_volumes as first_was on first_was.volume_handle = dated.volume_handle
),

with_objects as (
    select
        with_volume.*,
        coalesce(claims.claim_namespace, volume_claim_namespace) as claim_namespace,
        coalesce(claims.claim_name, volume_claim_name) as claim,
        coalesce(named_claim_uid, volume_claim_uid) as claim_uid,
        coalesce(known_pv, if(method = 'CreateVolume', requested_name, null)) as pv,
        coalesce(volume_driver, attachments.driver, claims.driver) as own_driver,
        attachments.node as va_node
    from with_volume
    left join claims on claims.claim_uid = named_claim_uid
    left join attachments on attachments.va = with_volume.va
),

-- The containers of a pod share its driver's socket.
pod_drivers as (
    select socket_pod, any_value(own_driver) as driver
    from with_objects
    where socket_pod is not null and own_driver is not null
    group by socket_pod
    having count(distinct own_driver) = 1
),

with_driver as (
    select with_objects.*, coalesce(own_driver, pod_drivers.driver) as driver
    from with_objects
    left join pod_drivers on pod_drivers.socket_pod = with_objects.socket_pod
),

complete as (
    select
        with_driver.*,
        coalesce(
            va_node,
            nodes.node,
            if(starts_with(method, 'Node'), log_node, null),
            if(starts_with(method, 'Controller'), with_driver.node_id, null)
        ) as node,
        coalesce(paired_code, if(pairing is null and driver_answered_at is not null and error is null, 'OK', null)) as code,
        coalesce(volume_handle, requested_name, snapshot_handle) || '/'
            || coalesce(with_driver.node_id, path, '') as subject
    from with_driver
    left join nodes on nodes.driver = with_driver.driver and nodes.node_id = with_driver.node_id
),

-- A try is one more of the same call until one has succeeded.
tried as (
    select
        *,
        count(*) filter (code = 'OK') over (
            partition by method, component, coalesce(requested_name, subject)
            order by happened_at, seq rows between unbounded preceding and 1 preceding
        ) as successes_before
    from complete
),

numbered as (
    select
        *,
        if(
            subject is null,
            null,
            row_number() over (
                partition by method, component, coalesce(requested_name, subject), successes_before order by happened_at, seq
            )
        ) as attempt,
        code = 'Aborted'
            and regexp_matches(coalesce(error, ''), '(?i)operation.*(already exists|in progress)|already in progress') as echo
    from tried
)

select
    -- First line that tells of the call: its row in `logs`.
    seq,
    -- The CSI method without its service: `ControllerPublishVolume`.
    method,
    -- Name of the CSI driver; null where neither the lines nor the volume tell it.
    driver,
    -- Who made the call: csi-provisioner, csi-attacher, kubelet, ...; `driver` where only the driver tells of it.
    component,
    -- The pod whose log tells of it; null for a kubelet.
    pod,
    -- The container in that pod.
    container,
    -- The driver's id of the volume; null for a CreateVolume that made none, and for calls about no volume.
    volume_handle,
    -- Name of the PersistentVolume: as its handle tells, or as CreateVolume was asked to name it.
    pv,
    -- Namespace of the claim.
    claim_namespace,
    -- Name of the claim that the volume was bound to at the time, or made for.
    claim,
    -- UID of that claim.
    claim_uid,
    -- The driver's id of the snapshot.
    snapshot_handle,
    -- The node that the volume is attached to, or mounted on.
    node,
    -- Where a node was asked to stage or publish the volume.
    path,
    -- UID of the pod that it is published for.
    pod_uid,
    -- When the caller sent it; null where only the driver tells of it.
    requested_at,
    -- When the caller had the answer; null while none is known, and where it is not certain which line that is.
    answered_at,
    -- From call to answer as the caller saw it, in milliseconds; null where that is not certain.
    round(epoch_us(answered_at - requested_at) / 1000, 3) as duration_ms,
    -- At least so long, in milliseconds. Only where the pairing is ambiguous.
    round(epoch_us(answered_after - requested_at) / 1000, 3) as duration_min_ms,
    -- At most so long, in milliseconds. Only where the pairing is ambiguous; null where it may have had no answer.
    round(epoch_us(answered_before - requested_at) / 1000, 3) as duration_max_ms,
    -- gRPC code of the answer; null while none is known. In an ambiguous pairing, what all possible answers agree on.
    code,
    -- Text of the error, as it came.
    error,
    -- The how manieth try it is since the same call last succeeded, as far as the trace shows; null for calls about nothing.
    attempt,
    -- Whether the driver refused it because the same operation was still running: no failure of its own.
    echo,
    -- How call and answer were joined. `exact`: both name the same thing. `inferred`: no other assignment of answers to
    -- calls is possible. `ambiguous`: several are. Null while no answer is known.
    pairing,
    -- Why requested_at or answered_at is null; null where both are known.
    case
        when requested_seq is null then 'no line of its caller'
        when answered_seq is not null then null
        when answered_before is not null then 'several answers are possible'
        when is_before_gap then 'its answer may lie in a gap of the log'
        when answered_after is not null then 'an answer may be its own or another call''s'
        when stream in (from ended_logs) then 'its caller ended before an answer'
        else 'no answer in the log'
    end as unknown_because,
    -- When the driver began with it; null where its log is not in the trace, or which line it is is not certain.
    driver_requested_at,
    -- When the driver had done it.
    driver_answered_at,
    -- How long the driver worked on it, in milliseconds.
    round(epoch_us(driver_answered_at - driver_requested_at) / 1000, 3) as driver_ms,
    -- Part of the duration in which the driver was not at work: the way there and back, and waiting. In milliseconds.
    round(epoch_us((answered_at - requested_at) - (driver_answered_at - driver_requested_at)) / 1000, 3) as queue_ms,
    -- Row in `logs` of the caller's line of the call.
    requested_seq,
    -- Row in `logs` of the caller's line of the answer.
    answered_seq,
    -- Row in `logs` of the driver's line of the call.
    driver_requested_seq,
    -- Row in `logs` of the driver's line of the answer.
    driver_answered_seq
from numbered
order by coalesce(requested_at, driver_requested_at, driver_answered_at), seq
