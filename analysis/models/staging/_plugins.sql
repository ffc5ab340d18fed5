-- One volume plugin of Kubernetes, and after what the attach/detach controller and the kubelet name its volumes: `id`
-- (its own id of the volume: GetVolumeName of each plugin), `pv` (the PersistentVolume), `pod` (pod and volume: what is
-- neither attached nor mounted once a node, `pkg/volume/util/util.go`, GetUniqueVolumeNameFromSpecWithPod).
from (
    values
        ('kubernetes.io/csi', 'id'),
        ('kubernetes.io/aws-ebs', 'id'),
        ('kubernetes.io/azure-disk', 'id'),
        ('kubernetes.io/azure-file', 'pod'),
        ('kubernetes.io/cinder', 'id'),
        ('kubernetes.io/gce-pd', 'id'),
        ('kubernetes.io/glusterfs', 'pod'),
        ('kubernetes.io/host-path', 'pod'),
        ('kubernetes.io/iscsi', 'id'),
        ('kubernetes.io/local-volume', 'pv'),
        ('kubernetes.io/nfs', 'pod'),
        ('kubernetes.io/portworx-volume', 'pod'),
        ('kubernetes.io/rbd', 'id'),
        ('kubernetes.io/vsphere-volume', 'id')
) as plugins (plugin, named_by)
