-- One renewal of a Lease by which a sidecar of a CSI driver leads. The names of these leases:
-- `csi-lib-utils/leaderelection`, sanitizeName, and each sidecar's prefix.
with drivers as (
    select name as driver
    from objects
    where kind = 'CSIDriver' and name is not null
    union
    select driver
    from registrations
    union
    select driver
    from _attachments
    union
    select provisioner
    from objects
    where kind = 'StorageClass' and provisioner is not null
),

sidecar_leases as (
    select driver, prefixes.component, prefixes.prefix || regexp_replace(driver, '[^a-zA-Z0-9-]', '-', 'g') as lease
    from drivers
    cross join (
        values
            ('csi-provisioner', ''),
            ('csi-attacher', 'external-attacher-leader-'),
            ('csi-resizer', 'external-resizer-'),
            ('csi-snapshotter', 'external-snapshotter-leader-')
    ) as prefixes (component, prefix)
),

renewals as (
    select
        sidecar_leases.driver,
        sidecar_leases.component,
        objects.namespace,
        objects.name,
        objects.lease_holder,
        objects.observed_at,
        objects.seq,
        lead(objects.observed_at) over renewed as next_at,
        lead(objects.seq) over renewed as next_seq
    from objects
    join sidecar_leases on sidecar_leases.lease = objects.name
    where objects.kind = 'Lease' and objects.type not in ('DELETED', 'VANISHED')
    window renewed as (partition by objects.namespace, objects.name order by objects.seq)
)

select
    driver,
    -- `csi-provisioner`, `csi-attacher`, `csi-resizer` or `csi-snapshotter`.
    component,
    -- Name of the pod that leads.
    lease_holder,
    seq,
    observed_at,
    -- The next one; null after the last.
    next_seq,
    next_at,
    -- So long it may rest: by default it is renewed each 5 s, and lasts 15 s; a sidecar may be told otherwise.
    greatest(interval 20 seconds, 4 * median(next_at - observed_at) over (partition by namespace, name)) as patience
from renewals
