-- One call to a driver for a volume ($volume_id), in the order of the first lines that tell of them.
with volume as (
    from volumes where volume_id = $volume_id
)

select
    operations.method,
    -- When its first line arrived: on the recorder's clock, as all instants of a timeline are.
    logs.observed_at as instant,
    operations.code,
    operations.error,
    operations.seq
from operations
join logs on logs.seq = operations.seq
join volume
    on (operations.driver is null or volume.driver is null or operations.driver = volume.driver)
    and (
        operations.claim_uid = volume.claim_uid
        or operations.pv = volume.pv_name
        or (
            operations.volume_handle = volume.volume_handle
            -- A handle can be given again.
            and logs.observed_at >= volume.first_observed_at - interval 1 minute
            and (volume.ended_at is null or logs.observed_at <= volume.ended_at + interval 1 minute)
        )
    )
where ($begin::timestamptz is null or instant >= $begin)
    and ($end::timestamptz is null or instant < $end)
order by operations.seq
