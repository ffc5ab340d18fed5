-- One version of a claim or its PersistentVolume in which a milestone of an expansion is first seen. Each change of
-- what the claim asks for, beyond what it has, is one expansion: a user may take back what cannot be had.
with changed as (
    select claim_uid
    from _claim_versions
    group by claim_uid
    having max(requested_bytes) > min(capacity_bytes)
),

versions as (
    select
        claim_uid,
        seq,
        requested_bytes,
        capacity_bytes,
        starts_with(resize_status, 'NodeResize')
            or list_contains([each.type for each in conditions if each.status = 'True'], 'FileSystemResizePending')
            as is_node_pending,
        requested_bytes > capacity_bytes
            and requested_bytes is distinct from lag(requested_bytes) over lives as is_asked,
        first_value(seq) over lives as first_seq
    from _claim_versions
    where not is_gone and claim_uid in (select claim_uid from changed)
    window lives as (partition by claim_uid order by seq)
),

numbered as (
    select *, count(*) filter (is_asked) over (partition by claim_uid order by seq) as occurrence
    from versions
),

expansions as (
    select
        claim_uid,
        volume_id,
        numbered.occurrence,
        any_value(first_seq) as first_seq,
        max(requested_bytes) as target_bytes,
        min(seq) filter (is_asked) as asked_seq,
        min(seq) filter (is_node_pending) as pending_seq,
        min(seq) filter (capacity_bytes >= requested_bytes) as done_seq
    from numbered
    join _claim_volumes using (claim_uid)
    where numbered.occurrence > 0
    group by claim_uid, volume_id, numbered.occurrence
),

-- The PersistentVolume grows when the driver has done its part.
grown as (
    select
        pv_uid as volume_id,
        capacity_bytes,
        min(seq) as grown_seq,
        min(min(seq)) over (partition by pv_uid) as first_seq
    from _pv_versions
    where capacity_bytes is not null and pv_uid in (select volume_id from expansions)
    group by pv_uid, capacity_bytes
),

controller_done as (
    select
        expansions.volume_id,
        expansions.occurrence,
        arg_min(grown_seq, grown.capacity_bytes) as seq,
        any_value(grown.first_seq) as first_seq
    from expansions
    join grown
        on grown.volume_id = expansions.volume_id
        and grown.capacity_bytes >= target_bytes
        and grown_seq > grown.first_seq
    group by expansions.volume_id, expansions.occurrence
),

sightings as (
    select
        volume_id,
        occurrence,
        first_seq,
        'expand_asked' as milestone,
        asked_seq as seq,
        'PersistentVolumeClaim spec.resources' as source
    from expansions
    union all by name
    select
        volume_id,
        occurrence,
        first_seq,
        'expand_controller_done' as milestone,
        seq,
        'PersistentVolume spec.capacity' as source
    from controller_done
    union all by name
    select
        volume_id,
        occurrence,
        first_seq,
        'expand_node_pending' as milestone,
        pending_seq as seq,
        'PersistentVolumeClaim status' as source
    from expansions
    union all by name
    select
        volume_id,
        occurrence,
        first_seq,
        'expand_done' as milestone,
        done_seq as seq,
        'PersistentVolumeClaim status.capacity' as source
    from expansions
)

select
    milestone,
    volume_id,
    null::varchar as use_id,
    null::varchar as attachment_uid,
    occurrence,
    seq,
    first_seq,
    source,
    null::timestamptz as stamped_at,
    null::varchar as stamp_clock,
    null::varchar as stamp_source
from sightings
where seq is not null
