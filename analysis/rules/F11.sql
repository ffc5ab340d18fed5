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
-- needs: pods, events, csistoragecapacities

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

-- What was said of each place at that time.
capacities as (
    select
        told.use_id,
        objects.uid,
        max_by(
            {bytes: coalesce(objects.max_volume_bytes, objects.capacity_bytes), type: objects.type},
            objects.seq
        ) as latest
    from told
    join uses using (use_id)
    join _claims on _claims.claim_uid = uses.claim_uid
    join objects
        on objects.kind = 'CSIStorageCapacity'
        and objects.storage_class = _claims.storage_class
        and objects.observed_at <= told.from_at
    group by told.use_id, objects.uid
),

largest as (
    select use_id, max(latest.bytes) as bytes
    from capacities
    where latest.type not in ('DELETED', 'VANISHED')
    group by use_id
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
            'no CSIStorageCapacity of its class was published'
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
