-- One milestone in its place in a chain of `_links`.
with last_claims as (
    select volume_id, max(occurrence) as occurrence
    from volume_claims
    group by volume_id
)

select
    _links.chain,
    -- The use whose chain it is, else the volume.
    coalesce(milestones.use_id, milestones.volume_id) as id,
    -- How manieth time through the chain: a use goes up and down once, and a volume is deleted with its last claim.
    case
        when _links.scope = 'use' then 1
        when _links.only_for = 'delete' then coalesce(last_claims.occurrence, 1)
        else milestones.occurrence
    end as occurrence,
    _links.position,
    -- As in `_links`.
    _links.only_for,
    _links.yields,
    milestones.volume_id,
    milestones.use_id,
    milestones.attachment_uid,
    milestones.milestone,
    -- Of a use that was attached several times: the first attach and the last detach are its way up and down.
    if(_links.direction = 'down', -milestones.occurrence, milestones.occurrence) as turn,
    -- Without bounds nothing is known of the clock: the instant says nothing beside others.
    if(milestones.earliest is null and milestones.latest is null, null, milestones.happened_at) as happened_at,
    milestones.earliest,
    milestones.latest,
    milestones.clock,
    milestones.evidence
from milestones
join _links on _links.milestone = milestones.milestone
left join last_claims on last_claims.volume_id = milestones.volume_id
where _links.scope = 'volume' or milestones.use_id is not null
