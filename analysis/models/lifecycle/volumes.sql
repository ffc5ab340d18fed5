-- One volume: what it is, where it stands at the end of the trace, what it waits for, and what took it longest.
with waits as (
    select
        volume_id,
        phase,
        owner,
        begins_at,
        epoch_us(seen_until) - epoch_us(begins_at) as waiting_us,
        attempts,
        last_error
    from phases
    where state = 'open' and volume_id is not null
),

-- What its user leaves it waiting for counts only where there is nothing else.
longest_waits as (
    select volume_id, unnest(max_by(waits, {is_stuck: owner != 'user', waiting_us: waiting_us}))
    from waits
    group by volume_id
),

slowest as (
    select
        volume_id,
        unnest(
            max_by(
                {phase: phase, owner: owner, duration_us: duration_us, attempts: attempts, last_error: last_error},
                duration_us
            )
        )
    from phases
    where state in ('done', 'abandoned') and owner != 'user'
    group by volume_id
),

used as (
    select
        uses.volume_id,
        count(*) as uses,
        bool_or(uses.ended_at is null and starts.use_id is not null) as is_in_use
    from uses
    left join milestones as starts on starts.use_id = uses.use_id and starts.milestone = 'containers_started'
    group by uses.volume_id
),

attached as (
    select distinct volume_id
    from _attachments
    where ended_at is null and attached
),

standings as (
    select
        _volumes.volume_id,
        case
            when _volumes.ended_at is not null then 'deleted'
            when _claims.phase = 'Lost' then 'lost'
            when _pvs.phase = 'Failed' then 'failed'
            when used.is_in_use then 'in use'
            when attached.volume_id is not null then 'attached'
            when _pvs.phase is not null then lower(_pvs.phase)
            when _claims.phase = 'Bound' then 'bound'
            else 'pending'
        end as standing
    from _volumes
    left join _claims on _claims.claim_uid = _volumes.claim_uid and _claims.ended_at is null
    left join _pvs on _pvs.pv_uid = _volumes.pv_uid
    left join used on used.volume_id = _volumes.volume_id
    left join attached on attached.volume_id = _volumes.volume_id
)

select
    _volumes.*,
    -- At the end of the trace: `pending`, `available`, `bound`, `attached`, `in use`, `released`, `failed`, `lost`
    -- (its claim has no PersistentVolume any more) or `deleted`.
    standings.standing,
    -- The open phase of the volume or of one of its uses, the one that has lasted longest; null where nothing is
    -- waited for.
    longest_waits.phase,
    -- Who has the time of that phase.
    longest_waits.owner,
    -- Since when it has been in that phase, on the recorder's clock; null where it waits for its user only, or for
    -- nothing.
    if(longest_waits.owner = 'user', null, longest_waits.begins_at) as stuck_since,
    -- How long that phase has been seen to last, in microseconds.
    longest_waits.waiting_us,
    -- How many uses it has had, as far as the trace knows.
    coalesce(used.uses, 0) as uses,
    -- The phase that took longest of those that are over; what was left to the user does not count.
    slowest.phase as slowest_phase,
    -- Who had the time of that phase.
    slowest.owner as slowest_owner,
    -- How long it took, in microseconds.
    slowest.duration_us as slowest_us,
    -- How many tries the open phase has had; where none is open, the slowest.
    if(longest_waits.volume_id is null, slowest.attempts, longest_waits.attempts) as attempts,
    -- Last error of the open phase; where none is open, of the slowest.
    if(longest_waits.volume_id is null, slowest.last_error, longest_waits.last_error) as last_error
from _volumes
join standings using (volume_id)
left join longest_waits on longest_waits.volume_id = _volumes.volume_id
left join slowest on slowest.volume_id = _volumes.volume_id
left join used on used.volume_id = _volumes.volume_id
