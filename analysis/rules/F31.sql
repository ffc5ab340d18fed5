-- title: the claim stays Terminating
-- step: release
-- severity: warning
-- sentence: The claim was to be deleted and is held by {holder}.
-- symptom: The claim has a deletionTimestamp and finalizers, its phase stays Bound.
-- cause: kubernetes.io/pvc-protection: a pod that was placed names it, one that has ended too; else the finalizer of
--   a snapshot or clone in the making, or of an operator that is gone.
-- advice: Delete that pod or its job (ttlSecondsAfterFinished), never the finalizer: it is what keeps data in use
--   safe.
-- look-alikes: A claim that is gone while its PersistentVolume is there is F32 or F33; a pod that is itself being
--   deleted is given its grace period.
-- needs: persistentvolumeclaims, pods
-- echo of: F28 by volume, F27 by volume, F14 by volume, F36 by volume

-- `pkg/controller/volume/pvcprotection/pvc_protection_controller.go`, podUsesPVC: nodeName counts, the phase does not.
with deleting as (
    select
        uid as claim_uid,
        min(observed_at) as from_at,
        arg_max(finalizers, seq) filter (type not in ('DELETED', 'VANISHED')) as finalizers,
        min(seq) as seq
    from objects
    where kind = 'PersistentVolumeClaim' and deletion_requested_at is not null
    group by uid
),

leaving as (
    select uid as pod_uid, min(observed_at) as leaving_at
    from objects
    where kind = 'Pod' and deletion_requested_at is not null
    group by uid
),

standing as (
    select
        deleting.claim_uid,
        deleting.from_at,
        uses.pod_uid,
        uses.namespace || '/' || uses.pod as pod,
        any_value(uses.ended_at) as ended_at,
        arg_max(objects.phase, objects.seq) as phase,
        max(objects.seq) as seq
    from deleting
    join uses on uses.claim_uid = deleting.claim_uid and uses.node is not null
    join objects
        on objects.kind = 'Pod' and objects.uid = uses.pod_uid and objects.observed_at <= deleting.from_at
    where uses.ended_at is null or uses.ended_at > deleting.from_at
    group by all
),

users as (
    select
        standing.claim_uid,
        max(coalesce(leaving.leaving_at, standing.ended_at, _span.last_at)) as stays_until,
        string_agg(
            concat('the pod ', standing.pod, ' (', coalesce(standing.phase, '?'), ')'), ', ' order by standing.pod
        ) as pods,
        list(standing.seq order by standing.seq) as evidence
    from standing
    cross join _span
    left join leaving using (pod_uid)
    group by standing.claim_uid
),

judged as (
    select
        deleting.*,
        _claims.ended_at,
        users.pods,
        users.evidence as users_evidence,
        coalesce(_claims.ended_at, _span.last_at) - deleting.from_at as lasted,
        -- For so long a pod used it that nobody had asked to go.
        least(users.stays_until, coalesce(_claims.ended_at, _span.last_at)) - deleting.from_at as kept
    from deleting
    join _claims using (claim_uid)
    cross join _span
    left join users using (claim_uid)
)

select
    arg_max(_claim_volumes.volume_id, _claim_volumes.occurrence) as volume_id,
    null as use_id,
    null as node,
    null as driver,
    judged.from_at,
    judged.ended_at as to_at,
    'certain' as confidence,
    list_prepend(judged.seq, coalesce(judged.users_evidence, [])) as evidence,
    {
        holder: if(
            list_contains(judged.finalizers, 'kubernetes.io/pvc-protection') and judged.pods is not null,
            judged.pods,
            'the finalizer ' || array_to_string(judged.finalizers, ', ')
        )
    } as details
from judged
join _claim_volumes using (claim_uid)
where judged.kept >= interval 10 seconds or judged.lasted >= interval 2 minutes
group by all
