-- One row that tells of an error: a Warning Event, an error line of a log, or the answer of a call that failed.
select observed_at, seq
from objects
where kind = 'Event' and event_type = 'Warning' and type not in ('DELETED', 'VANISHED')
union
select observed_at, seq
from logs
where severity in ('E', 'F')
union
select logs.observed_at, logs.seq
from operations
join logs on logs.seq = coalesce(operations.answered_seq, operations.driver_answered_seq)
where operations.code != 'OK'
order by observed_at, seq
