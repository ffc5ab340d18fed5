-- title: no provisioner takes up the claim
-- step: provision_requested
-- severity: error
-- sentence: The claim waits for the provisioner {provisioner}, and no process of that name has acted on
--   it{registered}.
-- symptom: The claim is Pending, ExternalProvisioning repeats, and there is no Event of the provisioner itself.
-- cause: The driver is not installed, its controller pod is down, it may not watch claims, it has lost its lease
--   (F30), or the class names another provisioner than the one that runs.
-- advice: Check that the controller pod of the driver runs, that its csi-provisioner container holds its Lease, and
--   that `provisioner:` of the class is the driver's name, letter for letter.
-- look-alikes: With Events of the provisioner it is F04 to F06. A populator announces itself with Provisioning.
-- needs: persistentvolumeclaims, events
-- echo of: F30 by driver

-- pv_controller.go asks again at each resync, every 15 s; external-provisioner says Provisioning before each try.
with asked as (
    select
        uid as claim_uid,
        min(told_at) as from_at,
        max(told_at) as last_at,
        list(seq order by seq) as evidence
    from _complaints
    where kind = 'PersistentVolumeClaim' and reason = 'ExternalProvisioning'
    group by uid
),

answered as (
    select uid as claim_uid, min(told_at) as answered_at
    from _complaints
    where kind = 'PersistentVolumeClaim'
        and reason in ('Provisioning', 'ProvisioningFailed', 'ProvisioningSucceeded')
        and component != 'persistentvolume-controller'
    group by uid
),

waits as (
    select
        asked.*,
        least(answered.answered_at, _goals.reached_at) as to_at
    from asked
    left join answered using (claim_uid)
    left join _goals on _goals.goal = 'bound' and _goals.uid = asked.claim_uid
)

select
    _claim_volumes.volume_id,
    null as use_id,
    null as node,
    _claims.provisioner as driver,
    waits.from_at,
    waits.to_at,
    'certain' as confidence,
    waits.evidence,
    {
        provisioner: _claims.provisioner,
        registered: if(
            exists (from _csi_drivers)
            and not exists (from _csi_drivers where _csi_drivers.driver = _claims.provisioner),
            '; there is no CSIDriver of that name either',
            ''
        )
    } as details
from waits
join _claims using (claim_uid)
join _claim_volumes using (claim_uid)
cross join _span
-- A provisioner that is there answers within a second; after two resyncs none is.
where coalesce(waits.to_at, _span.last_at) > waits.from_at + interval 30 seconds
