-- title: the claim is tied to a node that is gone, or cannot take it
-- step: node_selected
-- severity: error
-- sentence: The claim is to be made for node {node}, {why}.
-- symptom: The claim is Pending with the annotation selected-node; its pod finds no other node.
-- cause: The node went away between the scheduler's choice and CreateVolume (an autoscaler), or the claim was
--   restored from a backup with the annotation. Provisioners before 6.1 may keep it for ever.
-- advice: Remove the annotation volume.kubernetes.io/selected-node from the claim, unless a CreateVolume is under
--   way; upgrade external-provisioner.
-- look-alikes: Without selected-node it is F02; with a node that exists and lacks the driver F06.
-- needs: persistentvolumeclaims, nodes, events

with selections as (
    select uid as claim_uid, selected_node as node, min(seq) as seq, min(observed_at) as from_at
    from objects
    where kind = 'PersistentVolumeClaim' and selected_node is not null and type not in ('DELETED', 'VANISHED')
    group by uid, selected_node
),

-- Until another node, or none, is chosen.
unselections as (
    select selections.claim_uid, selections.node, min(objects.observed_at) as to_at
    from selections
    join objects
        on objects.kind = 'PersistentVolumeClaim'
        and objects.uid = selections.claim_uid
        and objects.seq > selections.seq
        and objects.selected_node is distinct from selections.node
    group by selections.claim_uid, selections.node
),

nodes as (
    select
        name as node,
        max(observed_at) as last_at,
        arg_max(seq, seq) as last_seq,
        arg_max(type, seq) in ('DELETED', 'VANISHED') as is_gone
    from objects
    where kind = 'Node'
    group by name
),

complaints as (
    select
        claim_uid,
        min(told_at) as from_at,
        list(seq order by seq) as evidence,
        arg_max(message, told_at) as message
    from _provision_errors
    where meaning = 'node'
    group by claim_uid
),

-- The scheduler finds the claim's node alone good enough.
refused as (
    select use_id, min(told_at) as from_at, list(seq order by seq) as evidence
    from _complaints
    where reason = 'FailedScheduling' and contains(message, 'didn''t find available persistent volumes to bind')
    group by use_id
),

refused_claims as (
    select uses.claim_uid, min(refused.from_at) as from_at, list_sort(flatten(list(refused.evidence))) as evidence
    from refused
    join uses using (use_id)
    group by uses.claim_uid
),

judged as (
    select
        selections.claim_uid,
        selections.node,
        selections.from_at as selected_at,
        least(unselections.to_at, _goals.reached_at) as to_at,
        case
            when nodes.node is null and (select count(*) > 0 from nodes) then 'which the cluster does not have'
            when nodes.is_gone then 'which is gone'
            when complaints.claim_uid is not null then 'of which the provisioner says: ' || complaints.message
            when refused_claims.claim_uid is not null then 'where its pod finds no room any more'
        end as why,
        greatest(
            selections.from_at,
            coalesce(
                if(nodes.is_gone, nodes.last_at, null),
                if(nodes.node is null, selections.from_at, null),
                complaints.from_at,
                refused_claims.from_at
            )
        ) as from_at,
        list_concat(
            [selections.seq],
            if(nodes.is_gone, [nodes.last_seq], []),
            coalesce(complaints.evidence, []),
            coalesce(refused_claims.evidence, [])
        ) as evidence
    from selections
    left join unselections using (claim_uid, node)
    left join nodes using (node)
    left join complaints using (claim_uid)
    left join refused_claims using (claim_uid)
    left join _goals on _goals.goal = 'bound' and _goals.uid = selections.claim_uid
)

select
    _claim_volumes.volume_id,
    null as use_id,
    judged.node,
    null as driver,
    judged.from_at,
    judged.to_at,
    'certain' as confidence,
    judged.evidence,
    {node: judged.node, why: judged.why} as details
from judged
join _claim_volumes using (claim_uid)
where judged.why is not null and (judged.to_at is null or judged.to_at > judged.from_at + interval 5 seconds)
