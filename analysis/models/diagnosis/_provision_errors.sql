-- One time that was said of a claim why no volume is made for it (Event ProvisioningFailed, of its provisioner or of
-- the PV controller), and what that means.
select
    uid as claim_uid,
    volume_id,
    seq,
    told_at,
    message,
    code,
    counted,
    -- `node`: the node that was chosen is gone. `topology`: it is not known where. `snapshot`: what it is to be made
    -- from is not ready. `static`: it waits for a PersistentVolume that somebody makes. `blocked`: an earlier call
    -- still runs. `away`: nobody answers. Else `refused`: trying again changes nothing
    -- (sig-storage-lib-external-provisioner, and isFinalError in external-provisioner's pkg/controller/controller.go).
    case
        when regexp_matches(
                message, 'node "[^"]+" not found|failed to get selected CSINode|csinode\S* "[^"]+" not found'
            ) then 'node'
        when contains(message, 'error generating accessibility requirements') then 'topology'
        when regexp_matches(message, 'snapshot.*(is being deleted|not ready|not Ready|not bound|not found)')
            then 'snapshot'
        when exists (
            from _pvs
            where _pvs.storage_class = regexp_extract(message, 'storageclass.storage.k8s.io "([^"]+)" not found', 1)
                and _pvs.storage_class != ''
        ) then 'static'
        when code in ('DeadlineExceeded', 'Aborted')
            or (code is null and contains(message, 'context deadline exceeded')) then 'blocked'
        when code in ('Canceled', 'Unavailable') or regexp_matches(message, 'context canceled|connection refused')
            then 'away'
        else 'refused'
    end as meaning
from _complaints
where kind = 'PersistentVolumeClaim' and reason = 'ProvisioningFailed'
