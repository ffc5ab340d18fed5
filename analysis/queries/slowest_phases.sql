-- One phase of a group ($direction to $grp) of `samples` with its volume and pod, the longest first.
select
    samples.volume_id,
    volumes.label as volume,
    uses.pod,
    uses.node,
    samples.begins_at,
    samples.duration_us,
    samples.is_complete,
    samples.evidence
from samples
left join _volumes as volumes using (volume_id)
left join uses using (use_id)
where samples.direction = $direction
    and samples.link = $link
    and samples.phase = $phase
    and samples.owner = $owner
    and samples.grp is not distinct from $grp
order by samples.duration_us desc, samples.begins_at, samples.volume_id
limit $most
