-- One clock that stamps of the trace were read from, against the recorder's. How far they are apart is told by the
-- shortest way that a stamp ever took to the recorder, as NTP does it: longer ways are delays, and a delay cannot be
-- negative.
with fine as (
    select clock, observed_at, stamped_at
    from _event_stamps
    where type = 'ADDED' and stamped_at is not null
    union all
    select name, observed_at, lease_renewed_at
    from objects
    where kind = 'Lease' and name in ('kube-controller-manager', 'kube-scheduler') and type in ('ADDED', 'MODIFIED')
    union all
    -- The runtime stamps a line with its node's clock. Lines of no pod may be a file's, which have no time of arrival.
    select 'node/' || node, observed_at, stamped_at::timestamptz
    from logs
    where node is not null and stamped_at is not null and not starts_with(stream, 'log//')
),

minutes as (
    select
        clock,
        count(*) as samples,
        min(epoch_us(observed_at) - epoch_us(stamped_at)) as shortest_us,
        avg(epoch_us(observed_at) - epoch_us(stamped_at)) as typical_us
    from fine
    group by clock, time_bucket(interval 1 minute, observed_at)
),

-- The shortest ways of other minutes say how much is drift; in a tenth of them the recorder may have been held up. And
-- of few stamps even the shortest way is long: of n it is less than 7/n of the typical delay too long, in 999 of 1000
-- cases.
finely_known as (
    select
        clock,
        min(shortest_us) as offset_us,
        5000
            + coalesce(quantile_disc(shortest_us, 0.9) filter (samples >= 5), quantile_disc(shortest_us, 0.9))
            - min(shortest_us)
            + (7 * (quantile_disc(typical_us, 0.5) - min(shortest_us)) / sum(samples))::bigint as error_us,
        sum(samples)::bigint as samples
    from minutes
    group by clock
),

-- The server stamps whole seconds only. The fraction that is cut off is as good as random: of n stamps the smallest is
-- below 7/n seconds, in 999 of 1000 cases. What is made together has one fraction.
creations as (
    select observed_at, created_at
    from objects
    where type = 'ADDED' and created_at is not null and kind != 'Event'
),

server as (
    select
        min(epoch_us(observed_at) - epoch_us(created_at)) as offset_us,
        max(epoch_us(observed_at) - epoch_us(created_at)) as longest_us,
        5000 + least(1000000, 7000000 // nullif(count(distinct created_at), 0)) as error_us,
        count(distinct created_at) as samples
    from creations
),

-- After an interruption come all at once the changes that happened meanwhile.
resumptions as (
    select stream, observed_at as resumed_at
    from streams
    where what = 'resumed'
),

-- Who renews a Lease stamps it and writes it at once: the longest way less the shortest is what a watch can be late.
lease_ways as (
    select
        max(epoch_us(observed_at) - epoch_us(lease_renewed_at))
            - min(epoch_us(observed_at) - epoch_us(lease_renewed_at)) as late_us
    from objects
    asof left join resumptions on resumptions.stream = objects.stream and objects.observed_at >= resumptions.resumed_at
    where kind = 'Lease'
        and type = 'MODIFIED'
        and lease_renewed_at is not null
        and (resumed_at is null or observed_at > resumed_at + interval 10 seconds)
    group by namespace, name, lease_holder
    having count(*) >= 20
)

select
    -- `server`: the API servers'. `node/NAME`: a node's. Else the program that stamps by it.
    clock,
    -- The recorder's clock less this one, in microseconds. It holds the shortest delay on the way, which cannot be told
    -- apart.
    offset_us,
    -- How wrong the offset may be, in microseconds: a stamp t happened between t + offset - error and t + offset.
    error_us,
    -- How many stamps that arrived live it is drawn from; for `server`, from how many different seconds.
    samples,
    -- Whether that is enough to compare this clock with others. If not, its stamps give no bounds.
    known,
    -- The longest that a change took from the server to the recorder, in microseconds, as far as stamps tell; null
    -- where too few do, and for other clocks than `server`.
    watch_delay_us
from (
    select clock, offset_us, error_us, samples, samples >= 5 as known, null::bigint as watch_delay_us
    from finely_known
    union all
    select
        'server',
        offset_us,
        error_us,
        samples,
        samples >= 5,
        coalesce(
            (select max(late_us) from lease_ways) + 5000,
            if(samples >= 5, greatest(1000000, longest_us - offset_us), null)
        )
    from server
    where samples > 0 or exists (from lease_ways)
)
order by clock
