-- One call of a CSI RPC, at the line that first tells of it.
select logs.observed_at, logs.seq
from operations
join logs on logs.seq = operations.seq
order by logs.observed_at, logs.seq
