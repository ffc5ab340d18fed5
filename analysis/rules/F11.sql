-- title: no node has room for the volume
-- step: schedule
-- severity: error
-- sentence: No node that pod {pod} may go to has room for {asked}: {largest}.
-- symptom: The pod is Pending; FailedScheduling says `did not have enough free storage`.
-- cause: The backend is full there; or csi-provisioner does not publish CSIStorageCapacity (--enable-capacity), or
--   its topology labels match no node.
-- advice: Free or add capacity, or ask for less; see `kubectl get csistoragecapacities -A`, which is renewed each
--   minute.
-- look-alikes: ResourceExhausted from CreateVolume is F04: there was room as far as the scheduler knew.
-- needs: persistentvolumeclaims, pods, nodes, csistoragecapacities, events

with told as (
    select
        use_id,
        volume_id,
        uid as pod_uid,
        min(told_at) as from_at,
        list(seq order by seq) as evidence
    from _complaints
    where reason = 'FailedScheduling' and contains(message, 'did not have enough free storage')
    group by use_id, volume_id, uid
),

-- What was said of each place at that time, as far as it was not taken back since.
capacities as (
    select
        told.use_id,
        told.from_at,
        objects.uid,
        arg_max(objects.type, objects.seq) as latest_type,
        arg_max(objects.storage_class, objects.seq) as storage_class,
        arg_max(coalesce(objects.max_volume_bytes, objects.capacity_bytes), objects.seq) as bytes,
        arg_max(objects.object -> '$.nodeTopology.matchLabels', objects.seq) as place
    from told
    join objects on objects.kind = 'CSIStorageCapacity' and objects.observed_at <= told.from_at
    group by told.use_id, told.from_at, objects.uid
),

nodes as (
    select distinct object -> '$.metadata.labels' as labels
    from objects
    where kind = 'Node' and object is not null and exists (from told)
),

-- The scheduler asks those of the class whose topology takes in a node, and none without a topology
-- (`pkg/scheduler/framework/plugins/volumebinding/binder.go`, hasEnoughCapacity and nodeHasAccess).
largest as (
    select capacities.use_id, max(capacities.bytes) as bytes
    from capacities
    join uses using (use_id)
    join _claims on _claims.claim_uid = uses.claim_uid and _claims.storage_class = capacities.storage_class
    where capacities.latest_type not in ('DELETED', 'VANISHED')
        and exists (from nodes where json_contains(nodes.labels, capacities.place))
    group by capacities.use_id
)

select
    told.volume_id,
    told.use_id,
    null as node,
    null as driver,
    told.from_at,
    _goals.reached_at as to_at,
    'certain' as confidence,
    told.evidence,
    {
        pod: uses.namespace || '/' || uses.pod,
        asked: format_bytes(_claims.requested_bytes),
        largest: coalesce(
            'the most there was is ' || format_bytes(largest.bytes),
            'no CSIStorageCapacity of its class was published for a node that there is'
        )
    } as details
from told
join uses using (use_id)
join _claims on _claims.claim_uid = uses.claim_uid
left join largest using (use_id)
left join _goals on _goals.goal = 'placed' and _goals.uid = told.pod_uid
-- Of a pod's claims those that are still to be made.
where _claims.claim_uid in (
        select uid
        from objects
        where kind = 'PersistentVolumeClaim' and phase = 'Pending'
    )
