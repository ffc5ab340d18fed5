-- One milestone that happened: a named instant in the life of a volume, of one of its attachments, or of one of its
-- uses.
with signals as (
    select *, {source: source, told_at: told_at, earliest: earliest, latest: latest, clock: clock, seq: seq} as signal
    from _signals
    where volume_id is not null or use_id is not null
),

-- Signals of one rank are of one sort: the first of them speaks for all. (Lists of all cost ten times as much.)
judged as (
    select
        volume_id,
        use_id,
        attachment_uid,
        milestone,
        occurrence,
        max(earliest) as earliest,
        min(latest) as latest,
        [
            arg_min(signal, seq) filter (rank = 1),
            arg_min(signal, seq) filter (rank = 2),
            arg_min(signal, seq) filter (rank = 3),
            arg_min(signal, seq) filter (rank = 4)
        ] as by_rank
    from signals
    group by all
),

chosen as (
    select
        * exclude (by_rank),
        list_filter(by_rank, lambda each: each is not null) as told,
        coalesce(list_filter(told, lambda each: each.told_at is not null)[1], told[1]) as signal,
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
    -- The use that it belongs to; of an attachment, the use that caused it, and on the way down the last that it
    -- served.
    use_id,
    -- UID of the VolumeAttachment; null for what is not about one.
    attachment_uid,
    -- Its name; docs/models.md lists them.
    milestone,
    -- The how manieth time it happened to this subject: a volume bound to a second claim is bound twice.
    occurrence,
    -- When it happened, as well as is known, on the recorder's clock; null if nothing is known but that it was before
    -- `latest`.
    if(signal.told_at is null, null, least(greatest(signal.told_at, earliest), latest)) as happened_at,
    -- It did not happen before; null where nothing says so.
    earliest,
    -- It did not happen after; null where only a clock tells that nobody knows.
    latest,
    -- From earliest to latest, in microseconds; null where earliest is not known.
    epoch_us(latest) - epoch_us(earliest) as precision_us,
    -- The clock that dates it: `recorder` for the time of arrival, else one of `clocks`.
    signal.clock as clock,
    -- The signal that dates it.
    signal.source as source,
    -- Row of the trace that it was read from.
    signal.seq as evidence,
    -- The other signals of it, one of each sort; `at` is when each says that it happened, or by when, or after when.
    [
        {source: each.source, 'at': coalesce(each.told_at, each.latest, each.earliest), seq: each.seq}
        for each in told if each.seq != signal.seq or each.source != signal.source
    ] as others,
    -- What the signals say that cannot all be true; null if they agree.
    if(
        is_contradicted,
        'the signals leave no instant that all of them allow: ' || array_to_string([each.source for each in told], ', '),
        null
    ) as disagreement
from bounded
