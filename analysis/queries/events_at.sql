-- One kind of Event about the object with $uid that had arrived by $at, as last seen: what a component said of it.
select
    reason,
    message,
    reporting_component,
    max(seq) as seq,
    max(observed_at) as observed_at,
    max(event_count) as event_count,
    min(observed_at) as first_observed_at
from objects
where kind = 'Event'
    and type != 'DELETED'
    and involved_uid = $uid
    and observed_at <= $at
group by reason, message, reporting_component
order by seq desc
