-- One milestone that happened: a named instant in the life of a volume, of one of its attachments, or of one of its uses.
with judged as (
    select
        volume_id,
        use_id,
        attachment_uid,
        milestone,
        occurrence,
        max(earliest) as earliest,
        min(latest) as latest,
        arg_min(told_at, {rank: rank, seq: seq}) as told_at,
        arg_min(signal, {rank: rank, seq: seq}) filter (told_at is not null) as best,
        arg_min(signal, {latest: latest, seq: seq}) as soonest,
        list({source: source, 'at': coalesce(told_at, latest, earliest), seq: seq} order by rank, seq) as told
    from (select *, {earliest: earliest, latest: latest, clock: clock, source: source, seq: seq} as signal from _signals) as signals
    where volume_id is not null or use_id is not null
    group by all
),

chosen as (
    select
        *,
        coalesce(best, soonest) as signal,
        -- Signals that leave no instant for all of them contradict each other; then the best one stands alone.
        earliest > latest as is_contradicted
    from judged
),

bounded as (
    select
        * replace (
            if(is_contradicted, signal.earliest, earliest) as earliest,
            if(is_contradicted, signal.latest, latest) as latest
        )
    from chosen
)

select
    -- The volume; null where the claim that a use waits for never existed.
    volume_id,
    -- The use that it belongs to; of an attachment, the use that caused it, and on the way down the last that it served.
    use_id,
    -- UID of the VolumeAttachment; null for what is not about one.
    attachment_uid,
    -- Its name; docs/models.md lists them.
    milestone,
    -- The how manieth time it happened to this subject: a volume bound to a second claim is bound twice.
    occurrence,
    -- When it happened, as well as is known, on the recorder's clock; null if nothing is known but that it was before `latest`.
    if(told_at is null, null, least(greatest(told_at, earliest), latest)) as happened_at,
    -- It did not happen before; null where nothing says so.
    earliest,
    -- It did not happen after.
    latest,
    -- From earliest to latest, in microseconds; null where earliest is not known.
    epoch_us(latest) - epoch_us(earliest) as precision_us,
    -- The clock that dates it: `recorder` for the time of arrival, else one of `clocks`.
    signal.clock as clock,
    -- The signal that dates it.
    signal.source as source,
    -- Row of the trace that it was read from.
    signal.seq as evidence,
    -- The other signals of it that there are; `at` is when each says that it happened, or by when, or after when.
    list_filter(told, lambda each: each.seq != signal.seq or each.source != signal.source) as others,
    -- What the signals say that cannot all be true; null if they agree.
    if(
        is_contradicted,
        'the signals leave no instant that all of them allow: ' || array_to_string(list_transform(told, lambda each: each.source), ', '),
        null
    ) as disagreement
from bounded
