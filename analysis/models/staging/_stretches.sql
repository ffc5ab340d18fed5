-- One stretch of one subject from a milestone whose instant is known to the next, or on and on where none has come
-- that must. Milestones whose instant is not known do not divide it; as the first or last of their chain they leave
-- that end open.
with ends as (
    select
        *,
        position = min(position) over subject as is_first,
        position = max(position) over subject as is_last
    from _chain_milestones
    window subject as (partition by subject_id)
),

followed as (
    select
        subject_id,
        position as from_position,
        milestone as from_milestone,
        happened_at as begins_at,
        not_before as from_not_before,
        not_after as from_not_after,
        evidence as evidence_from,
        reached,
        lead(position) over chain_order as to_position,
        lead(milestone) over chain_order as to_milestone,
        lead(happened_at) over chain_order as ends_at,
        lead(not_before) over chain_order as to_not_before,
        lead(not_after) over chain_order as to_not_after,
        lead(evidence) over chain_order as evidence_to
    from ends
    where happened_at is not null or is_first or is_last
    window chain_order as (partition by subject_id order by position)
),

-- Subjects of one sort wait for the same last milestone.
sorts as (
    select sorts.chain, sorts.features, max(_links.position) as last_position
    from (select distinct chain, features from _subjects) as sorts
    join _links
        on _links.chain = sorts.chain
        and _links.need != 'extra'
        and (_links.only_for is null or list_contains(sorts.features, _links.only_for))
    group by sorts.chain, sorts.features
)

select
    followed.* exclude (reached),
    sorts.last_position
from followed
join _subjects using (subject_id)
join sorts using (chain, features)
where coalesce(begins_at, ends_at) is not null
    and (to_position is not null or reached < sorts.last_position)
