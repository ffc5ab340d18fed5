-- One version of one claim or PersistentVolume in which its phase, or what it names as the other, is not as before.
with sides as (
    select
        'PersistentVolumeClaim' as kind,
        claim_uid as uid,
        namespace,
        name,
        seq,
        observed_at,
        type,
        phase,
        null as claim_uid,
        null as claim_namespace,
        null as claim_name,
        volume_name,
        message
    from _claim_versions
    where not is_gone
    union all
    select
        'PersistentVolume',
        pv_uid,
        null,
        name,
        seq,
        observed_at,
        type,
        phase,
        claim_uid,
        claim_namespace,
        claim_name,
        null,
        message
    from _pv_versions
    where not is_gone
),

versions as (
    select
        *,
        lag(seq) over object as seq_before,
        lag(phase) over object as phase_before,
        lag(claim_uid) over object as claim_uid_before,
        lag(volume_name) over object as volume_name_before
    from sides
    window object as (partition by uid order by seq)
)

from versions
where seq_before is null
    or phase is distinct from phase_before
    or claim_uid is distinct from claim_uid_before
    or volume_name is distinct from volume_name_before
