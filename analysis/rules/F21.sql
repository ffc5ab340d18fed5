-- title: the file system is damaged, of another type, or cannot be made
-- step: stage
-- severity: error
-- sentence: The volume cannot be mounted on {node}, its file system is damaged or of another type: {error}
-- symptom: FailedMount with `wrong fs type, bad option, bad superblock`, `can't read superblock` or fsck's
--   complaints.
-- cause: A detach while it was mounted (F14), two writers, an xfs clone with the same UUID, a changed fsType, I/O
--   errors.
-- advice: Look at how the volume was last detached. Take a snapshot before fsck is run by hand; mount xfs clones
--   nouuid.
-- look-alikes: Once, right after the attach, it may be a device that was not there yet; a network file system's mount
--   is refused for other reasons (F27).
-- needs: persistentvolumeclaims, persistentvolumes, pods, events
-- echo of: F23 by volume, F14 by volume

-- `staging/src/k8s.io/mount-utils/mount_linux.go`, checkAndRepairFilesystem and formatAndMount; e2fsprogs, util-linux.
with told as (
    select use_id, seq, told_at, message as error
    from _complaints
    where reason in ('FailedMount', 'FailedMountOnFilesystemMismatch', 'FailedMapVolume') and use_id is not null
    union all
    select use_id, seq, told_at, error
    from _logged_failures
    where use_id is not null and starts_with(verb, 'MountVolume')
),

damaged as (
    select told.*
    from told
    join uses using (use_id)
    left join _volumes using (volume_id)
    where regexp_matches(
            told.error,
            '(?i)wrong fs type|bad superblock|can''t read superblock|''?fsck''? found errors|`fsck` error'
            || '|structure needs cleaning|unformatted disk|unknown filesystem type|has wrong filesystem|duplicate uuid'
        )
        -- Its helper is not there, or its server refuses.
        and not regexp_matches(told.error, '(?i)-t (nfs|nfs4|cifs|ceph|glusterfs)\b|filesystem type ''(nfs|cifs|ceph)')
        and coalesce(_volumes.plugin, '')
        not in ('kubernetes.io/nfs', 'kubernetes.io/glusterfs', 'kubernetes.io/cephfs')
)

select
    uses.volume_id,
    damaged.use_id,
    uses.node,
    null as driver,
    min(damaged.told_at) as from_at,
    any_value(_goals.reached_at) as to_at,
    if(count(*) > 1, 'certain', 'likely') as confidence,
    list(distinct damaged.seq order by damaged.seq) as evidence,
    {
        node: uses.node,
        error: arg_max(
            trim(regexp_extract(
                damaged.error,
                '(?is)((mount: [^\n]*|[^\n:]*)(wrong fs|bad superb|superblock|fsck|structure|unformatted'
                || '|unknown filesystem|wrong filesystem|uuid)[^\n]*)',
                1
            )),
            damaged.told_at
        )
    } as details
from damaged
join uses using (use_id)
left join _goals on _goals.goal = 'mounted' and _goals.uid = uses.pod_uid
group by uses.volume_id, damaged.use_id, uses.node
