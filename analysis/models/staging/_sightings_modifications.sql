-- One version of a claim in which a milestone of a change of its VolumeAttributesClass is first seen. Each class that
-- it asks for after the one it was made with is one modification.
with changed as (
    select claim_uid
    from _claim_versions
    group by claim_uid
    having min(attributes_class) != max(attributes_class) or min(attributes_class) != min(attributes_class_current)
),

versions as (
    select
        claim_uid,
        seq,
        attributes_class,
        attributes_class_current,
        attributes_class != attributes_class_current
            and attributes_class is distinct from lag(attributes_class) over lives as is_asked,
        first_value(seq) over lives as first_seq
    from _claim_versions
    where not is_gone and claim_uid in (select claim_uid from changed)
    window lives as (partition by claim_uid order by seq)
),

numbered as (
    select *, count(*) filter (is_asked) over (partition by claim_uid order by seq) as occurrence
    from versions
),

modifications as (
    select
        claim_uid,
        occurrence,
        any_value(first_seq) as first_seq,
        min(seq) filter (is_asked) as asked_seq,
        min(seq) filter (attributes_class = attributes_class_current) as done_seq
    from numbered
    where occurrence > 0
    group by claim_uid, occurrence
),

sightings as (
    select
        claim_uid,
        occurrence,
        first_seq,
        'modify_asked' as milestone,
        asked_seq as seq,
        'spec.volumeAttributesClassName' as source
    from modifications
    union all by name
    select
        claim_uid,
        occurrence,
        first_seq,
        'modify_done' as milestone,
        done_seq as seq,
        'status.currentVolumeAttributesClassName' as source
    from modifications
)

select
    milestone,
    volume_id,
    null::varchar as use_id,
    null::varchar as attachment_uid,
    sightings.occurrence,
    seq,
    first_seq,
    'PersistentVolumeClaim ' || source as source,
    null::timestamptz as stamped_at,
    null::varchar as stamp_clock,
    null::varchar as stamp_source
from sightings
join _claim_volumes using (claim_uid)
where seq is not null
