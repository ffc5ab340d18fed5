-- title: the pod's claim is missing, is being deleted, or is another's
-- step: schedule
-- severity: error
-- sentence: The pod {pod} waits for its claim {claim}: {error}
-- symptom: The pod is Pending; FailedScheduling says `persistentvolumeclaim "..." not found`, `is being deleted`, or
--   `was not created for pod`.
-- cause: The claim was never made, is in another namespace, or is on its way out; or a claim that somebody else made
--   has the name of the pod's ephemeral one (POD-VOLUME).
-- advice: Make the claim, or name another. A claim in the way of an ephemeral volume has to be renamed or deleted by
--   its owner: the pod never takes it.
-- look-alikes: A claim that is there and not bound is F01 to F08; one whose volume is gone F34; `waiting for ephemeral
--   volume controller` is normal for a moment.
-- needs: pods, events, persistentvolumeclaims
-- echo of: F31 by volume

-- `pkg/scheduler/framework/plugins/volumebinding/volume_binding.go`, podHasPVCs; `component-helpers/storage/ephemeral`,
-- VolumeIsForPod; the kubelet's, for a pod that it was given without the scheduler.
with told as (
    select
        use_id,
        uid as pod_uid,
        if(reason = 'FailedMount', 'mounted', 'placed') as goal,
        seq,
        told_at,
        coalesce(
            nullif(regexp_extract(message, '(persistentvolumeclaims? "[^"]+" (not found|is being deleted))', 1), ''),
            nullif(regexp_extract(message, '(PVC \S+ was not created for pod \S+( \(pod is not owner\))?)', 1), '')
        ) as error
    from _complaints
    where kind = 'Pod' and reason in ('FailedScheduling', 'FailedBinding', 'FailedMount')
)

select
    uses.volume_id,
    uses.use_id,
    uses.node,
    null as driver,
    min(told.told_at) as from_at,
    -- The claim that was missing may come, and the pod wait for something else from then on.
    least(
        any_value(_goals.reached_at),
        min(_claims.first_observed_at) filter (_claims.first_observed_at > told.told_at)
    ) as to_at,
    'certain' as confidence,
    list(distinct told.seq order by told.seq) as evidence,
    {
        pod: any_value(uses.namespace || '/' || uses.pod),
        claim: any_value(uses.claim_name),
        error: arg_max(told.error, told.told_at)
    } as details
from told
join uses on uses.use_id = told.use_id and contains(told.error, uses.claim_name)
cross join _span
left join _claims using (claim_uid)
left join _goals on _goals.goal = told.goal and _goals.uid = told.pod_uid
group by uses.volume_id, uses.use_id, uses.node
-- A claim may be made right after its pod.
having coalesce(to_at, any_value(_span.last_at)) > min(told.told_at) + interval 5 seconds
