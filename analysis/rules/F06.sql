-- title: the chosen node has no topology of the driver
-- step: provision_running
-- severity: error
-- sentence: The volume is not made, as its place is not known: {error}
-- symptom: ProvisioningFailed `error generating accessibility requirements: ...`, again and again.
-- cause: The driver is not registered on the node that was chosen (a taint, a broken registrar: F20), its labels were
--   changed, or allowedTopologies leaves the node out. The provisioner keeps the choice, so that nothing else is
--   tried.
-- advice: Let the driver's DaemonSet run on every node that may get such pods; compare the class's allowedTopologies
--   with the labels of the node.
-- look-alikes: F09 is about a volume that exists already. A node or CSINode that is gone is F07.
-- needs: persistentvolumeclaims, events
-- echo of: F20 by driver and node

-- external-provisioner, pkg/controller/topology.go, GenerateAccessibilityRequirements.
with told as (
    select
        claim_uid,
        volume_id,
        min(told_at) as from_at,
        arg_max(message, told_at) as message,
        list(seq order by seq) as evidence
    from _provision_errors
    where meaning = 'topology'
    group by claim_uid, volume_id
),

chosen as (
    select uid as claim_uid, arg_max(selected_node, seq) as node
    from objects
    where kind = 'PersistentVolumeClaim' and selected_node is not null
    group by uid
)

select
    told.volume_id,
    null as use_id,
    chosen.node,
    null as driver,
    told.from_at,
    _goals.reached_at as to_at,
    'certain' as confidence,
    told.evidence,
    {error: regexp_replace(told.message, '^.*error generating accessibility requirements: ', '')} as details
from told
left join chosen using (claim_uid)
left join _goals on _goals.goal = 'bound' and _goals.uid = told.claim_uid
