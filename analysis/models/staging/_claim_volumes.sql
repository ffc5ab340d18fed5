-- One claim with one volume of which it is or was the claim; a claim that never had a PersistentVolume is a volume
-- itself.
select volume_id, claim_uid, occurrence
from volume_claims
union all
select volume_id, claim_uid, 1
from _volumes
where volume_id = claim_uid
