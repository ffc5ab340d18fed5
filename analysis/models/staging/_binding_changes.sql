-- One version of one claim or PersistentVolume in which its phase, or what it names as the other, is not as before.
with versions as (
    select
        kind,
        uid,
        namespace,
        name,
        seq,
        observed_at,
        type,
        phase,
        claim_uid,
        claim_namespace,
        claim_name,
        volume_name,
        message,
        lag(seq) over object as seq_before,
        lag(phase) over object as phase_before,
        lag(claim_uid) over object as claim_uid_before,
        lag(volume_name) over object as volume_name_before
    from objects
    where kind in ('PersistentVolume', 'PersistentVolumeClaim') and type not in ('DELETED', 'VANISHED')
    window object as (partition by uid order by seq)
)

from versions
where seq_before is null
    or phase is distinct from phase_before
    or claim_uid is distinct from claim_uid_before
    or volume_name is distinct from volume_name_before
