package volume

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"labctl.dev/labctl/cmd/labkube/cluster"
)

// Annotations by which Kubernetes and provisioners talk about a volume.
const (
	provisionedBy = "pv.kubernetes.io/provisioned-by"
	provisioner   = "volume.kubernetes.io/storage-provisioner"
	selectedNode  = "volume.kubernetes.io/selected-node"
)

var errUnsupported = errors.New("not supported")

// wanted returns the class of a claim that waits for this node to provision
// it, or nil.
func (c *controller) wanted(claim *corev1.PersistentVolumeClaim) (*storagev1.StorageClass, error) {
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil ||
		claim.Annotations[provisioner] != cluster.Provisioner || claim.Spec.StorageClassName == nil {
		return nil, nil
	}
	class, err := c.classes.Get(*claim.Spec.StorageClassName)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	node := claim.Annotations[selectedNode]
	immediate := node == "" && ptr.Deref(class.VolumeBindingMode, storagev1.VolumeBindingImmediate) == storagev1.VolumeBindingImmediate
	// Nobody has chosen a node for an immediate claim: the server takes it.
	if node == c.Node.Name || immediate && c.Node.Index == 1 {
		return class, nil
	}
	return nil, nil
}

// owns tells whether a volume was made by this node.
func (c *controller) owns(volume *corev1.PersistentVolume) bool {
	return volume.Annotations[provisionedBy] == cluster.Provisioner && volume.Annotations[selectedNode] == c.Node.Name
}

// newVolume returns the volume for a claim. It is a local volume rather than a
// hostPath so that a pod's fsGroup is respected.
func newVolume(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass, node string, store Store) (*corev1.PersistentVolume, error) {
	if ptr.Deref(claim.Spec.VolumeMode, corev1.PersistentVolumeFilesystem) != corev1.PersistentVolumeFilesystem {
		return nil, fmt.Errorf("volumeMode %s: %w by %s, use Filesystem", *claim.Spec.VolumeMode, errUnsupported, cluster.Provisioner)
	}
	if claim.Spec.Selector != nil {
		return nil, fmt.Errorf("spec.selector: %w by %s, as it makes a new volume for each claim", errUnsupported, cluster.Provisioner)
	}
	name := "pvc-" + string(claim.UID)
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{provisionedBy: cluster.Provisioner, selectedNode: node},
		},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName:              class.Name,
			PersistentVolumeReclaimPolicy: ptr.Deref(class.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete),
			AccessModes:                   claim.Spec.AccessModes,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			VolumeMode:                    ptr.To(corev1.PersistentVolumeFilesystem),
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: store.Path(name)}},
			NodeAffinity:                  affinity(node),
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID, ResourceVersion: claim.ResourceVersion,
			},
		},
	}, nil
}

func affinity(node string) *corev1.VolumeNodeAffinity {
	return &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchExpressions: []corev1.NodeSelectorRequirement{{
			Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
		}},
	}}}}
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func ignoreExists(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
