-- title: a PersistentVolume is there, and is not given to the claim
-- step: bind
-- severity: warning
-- sentence: The claim is not bound to {pv}: {why}.
-- symptom: The claim is Pending with VolumeMismatch or FailedBinding, or without any Event.
-- cause: The PersistentVolume differs from what the claim asks for, belongs to another claim (also to an earlier one
--   of the same name: Released), or the one that the claim names does not exist.
-- advice: Make the named property equal on both. Of a Released volume remove spec.claimRef once its data may be used
--   again.
-- look-alikes: Without a class, and with no volume that could fit, it is F01; a claim that is Lost is F34.
-- needs: persistentvolumeclaims, persistentvolumes, events

-- Pending claims as they were made, and from when to when.
with claims as (
    select
        _claims.*,
        _goals.reached_at as to_at,
        nullif(made.volume_name, '') as wanted_pv,
        json_exists(made.object, '$.spec.selector') as has_selector
    from _claims
    join objects as made on made.seq = _claims.first_seq
    left join _goals on _goals.goal = 'bound' and _goals.uid = _claims.claim_uid
    where made.phase is distinct from 'Bound'
),

told as (
    select
        uid as claim_uid,
        min(told_at) as from_at,
        arg_max(message, told_at) as message,
        list(seq order by seq) as evidence
    from _complaints
    where kind = 'PersistentVolumeClaim'
        and (
            reason = 'VolumeMismatch'
            or (reason = 'FailedBinding' and contains(message, 'already bound to a different claim'))
        )
    group by uid
),

-- Nobody says so.
names_none as (
    select claims.claim_uid, claims.first_observed_at as from_at, claims.to_at, claims.first_seq, claims.wanted_pv
    from claims
    cross join _span
    where claims.wanted_pv is not null
        and claims.claim_uid not in (select claim_uid from told)
        and not exists (
            from _pvs
            where _pvs.name = claims.wanted_pv and _pvs.first_observed_at < coalesce(claims.to_at, _span.last_at)
        )
        and coalesce(claims.to_at, _span.last_at) > claims.first_observed_at + interval 10 seconds
),

-- Classes that no object stands for are names that PersistentVolumes and claims share: nothing is provisioned for them.
static_classes as (
    select distinct _pvs.storage_class
    from _pvs
    where _pvs.storage_class != ''
        and _pvs.provisioner is null
        and not exists (
            from objects
            where objects.kind = 'StorageClass'
                and objects.name = _pvs.storage_class
                and objects.provisioner != 'kubernetes.io/no-provisioner'
        )
),

versions as (
    select uid as pv_uid, seq, observed_at, phase, claim_name, claim_namespace, claim_uid, deletion_requested_at
    from objects
    where kind = 'PersistentVolume' and type not in ('DELETED', 'VANISHED')
),

-- What the filters say, in their order (SIGNALS 6): the volume as it was when the claim had waited for a resync.
candidates as (
    select
        claims.claim_uid,
        claims.first_seq,
        claims.first_observed_at,
        claims.to_at,
        _pvs.name as pv,
        versions.seq,
        case
            when versions.claim_name is not null and versions.phase = 'Released'
                then {
                    position: 2,
                    why: concat('it is Released: it held data of ', versions.claim_namespace, '/', versions.claim_name)
                }
            when versions.claim_name is not null
                and (versions.claim_namespace, versions.claim_name) != (claims.namespace, claims.name)
                then {position: 2, why: 'it belongs to ' || versions.claim_namespace || '/' || versions.claim_name}
            when versions.claim_uid is not null and versions.claim_uid != claims.claim_uid
                then {position: 2, why: 'it belongs to an earlier claim of the same name'}
            when _pvs.capacity_bytes < claims.requested_bytes
                then {
                    position: 3,
                    why: concat(
                        'it has ',
                        format_bytes(_pvs.capacity_bytes),
                        ', not the ',
                        format_bytes(claims.requested_bytes),
                        ' asked for'
                    )
                }
            when coalesce(_pvs.volume_mode, 'Filesystem') != coalesce(claims.volume_mode, 'Filesystem')
                then {position: 4, why: concat('its volumeMode is ', _pvs.volume_mode, ', not ', claims.volume_mode)}
            when versions.deletion_requested_at is not null then {position: 6, why: 'it is being deleted'}
            when versions.phase is distinct from 'Available'
                then {position: 10, why: concat('its phase is ', versions.phase)}
            when claims.has_selector then {position: 11, why: 'its labels may not match the selector of the claim'}
            when len(list_filter(claims.access_modes, lambda mode: not list_contains(_pvs.access_modes, mode))) > 0
                then {
                    position: 14,
                    why: concat(
                        'it allows ',
                        array_to_string(_pvs.access_modes, ', '),
                        ', not ',
                        array_to_string(claims.access_modes, ', ')
                    )
                }
        end as failed
    from claims
    join static_classes using (storage_class)
    join _pvs on _pvs.storage_class = claims.storage_class
    asof join versions
        on versions.pv_uid = _pvs.pv_uid
        and least(claims.first_observed_at + interval 15 seconds, claims.to_at) >= versions.observed_at
    where claims.wanted_pv is null
),

-- The volume that came furthest.
nearest as (
    select
        claim_uid,
        first_seq,
        first_observed_at,
        to_at,
        unnest(max_by({pv: pv, seq: seq, why: failed.why}, failed.position))
    from candidates
    where failed is not null
    group by claim_uid, first_seq, first_observed_at, to_at
),

found as (
    select
        told.claim_uid,
        told.from_at,
        claims.to_at,
        'certain' as confidence,
        told.evidence,
        claims.wanted_pv as pv,
        told.message as why
    from told
    join claims using (claim_uid)
    union all
    select claim_uid, from_at, to_at, 'certain', [first_seq], wanted_pv, 'there is no PersistentVolume of that name'
    from names_none
    union all
    -- No controller says it: the filters were run again.
    select claim_uid, first_observed_at, to_at, 'likely', [first_seq, seq], pv, why
    from nearest
    cross join _span
    where coalesce(to_at, _span.last_at) > first_observed_at + interval 15 seconds
)

select
    _claim_volumes.volume_id,
    null as use_id,
    null as node,
    null as driver,
    found.from_at,
    found.to_at,
    found.confidence,
    found.evidence,
    {pv: found.pv, why: rtrim(found.why, '.')} as details
from found
join _claim_volumes using (claim_uid)
