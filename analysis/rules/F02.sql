-- title: the claim waits for a pod that cannot be placed
-- step: node_selected
-- severity: warning
-- sentence: The claim waits for pod {pod}, {why}
-- symptom: The claim is Pending with WaitForFirstConsumer or WaitForPodScheduled, and its pod does not run.
-- cause: With binding mode WaitForFirstConsumer a volume is made once the scheduler has chosen the pod's node. It has
--   none for the pod, or was passed over: a pod with spec.nodeName never meets it.
-- advice: Mend what the scheduler says of the pod. Never set spec.nodeName on a pod with such a claim: use a node
--   selector.
-- look-alikes: Before any pod names the claim it waits by design. With selected-node on the claim it is F07.
-- needs: persistentvolumeclaims, pods, events
-- echo of: F11 by pod, F10 by pod, F09 by pod, F12 by pod

-- `pkg/controller/volume/persistentvolume/pv_controller.go`, syncUnboundClaim and emitEventForUnboundDelayBindingClaim:
-- only pods without a node are waited for.
with waiting as (
    select
        uid as claim_uid,
        min(told_at) as from_at,
        max(told_at) as last_at,
        list(seq order by seq) as evidence
    from _complaints
    where kind = 'PersistentVolumeClaim' and reason in ('WaitForFirstConsumer', 'WaitForPodScheduled')
    group by uid
),

-- Unbound claims of the same pod are not what stops it.
refused as (
    select
        use_id,
        min(told_at) as from_at,
        arg_max(message, told_at) as message,
        list(seq order by seq) as evidence
    from _complaints
    where reason = 'FailedScheduling'
        and not contains(message, 'unbound immediate')
        and not contains(message, 'ephemeral volume controller')
    group by use_id
),

placed as (
    select
        uid as pod_uid,
        min(seq) filter (type in ('ADDED', 'LISTED')) as first_seq,
        min(seq) filter (node is not null) as node_seq
    from objects
    where kind = 'Pod'
    group by uid
),

selected as (
    select uid as claim_uid, min(observed_at) as selected_at
    from objects
    where kind = 'PersistentVolumeClaim' and selected_node is not null
    group by uid
),

waits as (
    select
        uses.volume_id,
        uses.use_id,
        uses.pod_uid,
        uses.namespace || '/' || uses.pod as pod,
        claim_goals.reached_at as bound_at,
        pod_goals.reached_at as placed_at,
        refused.from_at as refused_at,
        refused.message,
        coalesce(placed.node_seq = placed.first_seq, false) as is_pinned,
        pod_seen.observed_at as pinned_at,
        waiting.from_at,
        waiting.last_at,
        waiting.evidence as waiting_evidence,
        refused.evidence as refused_evidence,
        selected.selected_at,
        placed.first_seq
    from waiting
    join uses on uses.claim_uid = waiting.claim_uid
    join placed on placed.pod_uid = uses.pod_uid
    join objects as pod_seen on pod_seen.seq = placed.first_seq
    left join refused on refused.use_id = uses.use_id
    left join _goals as claim_goals on claim_goals.goal = 'bound' and claim_goals.uid = waiting.claim_uid
    left join _goals as pod_goals on pod_goals.goal = 'placed' and pod_goals.uid = uses.pod_uid
    left join selected on selected.claim_uid = waiting.claim_uid
)

select
    volume_id,
    use_id,
    null as node,
    null as driver,
    if(is_pinned, pinned_at, refused_at) as from_at,
    least(bound_at, if(is_pinned, null, placed_at)) as to_at,
    'certain' as confidence,
    list_concat(if(is_pinned, [first_seq], refused_evidence), waiting_evidence) as evidence,
    {
        pod: pod,
        why: if(
            is_pinned,
            'which was given its node by spec.nodeName: the scheduler, which would choose one, never saw it',
            'which cannot be scheduled: ' || message
        )
    } as details
from waits
where (
        is_pinned
        and last_at > pinned_at
        and selected_at is null
        and (bound_at is null or bound_at > pinned_at + interval 10 seconds)
    )
    or (
        not is_pinned
        and refused_at is not null
        and (selected_at is null or selected_at > refused_at)
        and (bound_at is null or bound_at > refused_at)
    )
