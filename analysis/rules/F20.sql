-- title: the CSI driver is not registered on the node
-- step: stage
-- severity: error
-- sentence: The driver {driver} is not registered on {node}: {standing}.
-- symptom: FailedMount `driver name ... not found in the list of registered CSI drivers`; CSINode does not list the
--   driver. While unmounting only the kubelet's log has it.
-- cause: The driver's pod does not run on the node (a taint, a crash, a slow start), its registrar or NodeGetInfo
--   fails, or the driver is not installed.
-- advice: See to the driver's node pod: tolerations, priorityClass system-node-critical, a startup taint. Its
--   registrar's and the kubelet's log name the first error.
-- look-alikes: A driver that is registered and has crashed answers `connection refused` or Unavailable.
-- needs: persistentvolumeclaims, persistentvolumes, pods, csinodes, events
-- echo of: F30 by driver, F14 by node

-- `pkg/volume/csi/csi_client.go`, newCsiDriverClient.
with told as (
    select
        use_id,
        seq,
        told_at,
        regexp_extract(message, 'driver name (\S+) not found in the list of registered CSI drivers', 1) as driver
    from _complaints
    where use_id is not null
        and contains(message, 'not found in the list of registered CSI drivers')
    union all
    select
        _logged_failures.use_id,
        _logged_failures.seq,
        _logged_failures.told_at,
        regexp_extract(_logged_failures.error, 'driver name (\S+) not found in the list of registered CSI drivers', 1)
    from _logged_failures
    where _logged_failures.use_id is not null
        and contains(_logged_failures.error, 'not found in the list of registered CSI drivers')
),

waits as (
    select
        told.use_id,
        told.driver,
        uses.node,
        min(told.told_at) as from_at,
        max(told.told_at) as last_at,
        list(distinct told.seq order by told.seq) as evidence
    from told
    join uses using (use_id)
    group by told.use_id, told.driver, uses.node
),

-- What was last known of it on that node, and when it was there again.
registered as (
    select
        waits.use_id,
        waits.driver,
        max(registrations.latest) filter (
            registrations.milestone = 'driver_lost' and registrations.earliest <= waits.from_at
        ) as lost_at,
        min(registrations.latest) filter (
            registrations.milestone = 'driver_registered' and registrations.latest > waits.from_at
        ) as back_at,
        max(registrations.evidence) filter (
            registrations.milestone = 'driver_lost' and registrations.earliest <= waits.from_at
        ) as lost_seq
    from waits
    join registrations on registrations.node = waits.node and registrations.driver = waits.driver
    group by waits.use_id, waits.driver
)

select
    uses.volume_id,
    waits.use_id,
    waits.node,
    waits.driver,
    waits.from_at,
    -- What failed after it was back had not heard of that yet.
    if(registered.back_at is null, uses.ended_at, greatest(registered.back_at, waits.last_at)) as to_at,
    'certain' as confidence,
    if(registered.lost_seq is null, waits.evidence, list_prepend(registered.lost_seq, waits.evidence)) as evidence,
    {
        driver: waits.driver,
        node: waits.node,
        standing: case
            when registered.lost_at is not null
                then strftime(registered.lost_at at time zone 'UTC', 'it was until %H:%M:%S UTC')
            when registered.back_at is not null then 'its registration came late'
            else 'as far as this trace goes back it never was'
        end
    } as details
from waits
join uses using (use_id)
left join registered on registered.use_id = waits.use_id and registered.driver = waits.driver
