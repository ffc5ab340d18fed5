-- One change in the time after $begin, up to and with $end; then how many claims, volumes and attachments stood how at
-- the two instants.
with span as (
    select coalesce($begin::timestamptz, first_at) as begins_at, coalesce($end::timestamptz, last_at) as ends_at
    from _span
),

phases_of as (
    select
        kind,
        uid,
        arg_max(type, seq) filter (observed_at <= span.begins_at) as type_before,
        arg_max(phase, seq) filter (observed_at <= span.begins_at) as phase_before,
        arg_max(type, seq) filter (observed_at <= span.ends_at) as type_after,
        arg_max(phase, seq) filter (observed_at <= span.ends_at) as phase_after
    from objects
    cross join span
    where kind in ('PersistentVolume', 'PersistentVolumeClaim') and uid is not null and observed_at <= span.ends_at
    group by kind, uid
),

standings as (
    select 'PersistentVolumeClaims' as subject, phase_before as what, 1 as had, 0 as has
    from phases_of
    where kind = 'PersistentVolumeClaim' and type_before not in ('DELETED', 'VANISHED')
    union all
    select 'PersistentVolumeClaims', phase_after, 0, 1
    from phases_of
    where kind = 'PersistentVolumeClaim' and type_after not in ('DELETED', 'VANISHED')
    union all
    select 'PersistentVolumes', phase_before, 1, 0
    from phases_of
    where kind = 'PersistentVolume' and type_before not in ('DELETED', 'VANISHED')
    union all
    select 'PersistentVolumes', phase_after, 0, 1
    from phases_of
    where kind = 'PersistentVolume' and type_after not in ('DELETED', 'VANISHED')
    union all
    select
        'VolumeAttachments',
        standing,
        (valid_from <= span.begins_at and (valid_to is null or valid_to > span.begins_at))::int,
        (valid_from <= span.ends_at and (valid_to is null or valid_to > span.ends_at))::int
    from attach_actual
    cross join span
    where standing != 'none'
    union all
    select
        'drift',
        kind || ' (' || world || ')',
        (from_at <= span.begins_at and (to_at is null or to_at > span.begins_at))::int,
        (from_at <= span.ends_at and (to_at is null or to_at > span.ends_at))::int
    from drift
    cross join span
),

counted as (
    select subject, what, sum(had) as had, sum(has) as has
    from standings
    group by subject, what
)

select *
from (
    select topic, subject, what, before, after, changed_at, seq
    from changes
    cross join span
    where changed_at > span.begins_at and changed_at <= span.ends_at
    union all
    select 'volumes', subject, what, had::bigint::varchar, has::bigint::varchar, null, null
    from counted
    where had != has
)
order by changed_at nulls last, seq, topic, subject, what
