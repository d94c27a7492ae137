// Package snapshot holds what a namespace looked like at one moment: all that a
// diagnosis reads. It can be made by hand, so a diagnosis needs no cluster to
// be tested.
package snapshot

import (
	"encoding/json"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Snapshot is one namespace, and the little of the cluster that bears on it.
type Snapshot struct {
	Namespace string
	Taken     time.Time

	// Of the cluster.
	Namespaces     []corev1.Namespace
	Nodes          []corev1.Node
	StorageClasses []storagev1.StorageClass
	AllPods        []corev1.Pod // of every namespace: they share the nodes

	// Of the namespace.
	Services        []corev1.Service
	EndpointSlices  []discoveryv1.EndpointSlice
	Deployments     []appsv1.Deployment
	ReplicaSets     []appsv1.ReplicaSet
	StatefulSets    []appsv1.StatefulSet
	DaemonSets      []appsv1.DaemonSet
	Jobs            []batchv1.Job
	CronJobs        []batchv1.CronJob
	ConfigMaps      []Keyed
	Secrets         []Keyed
	Claims          []corev1.PersistentVolumeClaim
	Quotas          []corev1.ResourceQuota
	ServiceAccounts []corev1.ServiceAccount
	NetworkPolicies []networkingv1.NetworkPolicy
	Events          []corev1.Event

	// Logs, Rights and Kinds hold what was asked for in a first pass; see Wants.
	Logs   map[LogRef]string
	Rights *Rights
	Kinds  map[string][]metav1.PartialObjectMetadata

	wants Wants
}

// Keyed is a ConfigMap or a Secret: the keys, never the values.
type Keyed struct {
	metav1.ObjectMeta `json:"metadata"`
	Data              map[string]json.RawMessage `json:"data"`
	BinaryData        map[string]json.RawMessage `json:"binaryData"`
}

// Keys are the names under which it holds values.
func (k *Keyed) Keys() []string {
	var keys []string
	for _, data := range []map[string]json.RawMessage{k.Data, k.BinaryData} {
		for key := range data {
			keys = append(keys, key)
		}
	}
	return keys
}

// Rights is who may do what, as RBAC has it.
type Rights struct {
	Roles               []rbacv1.Role        // of every namespace
	RoleBindings        []rbacv1.RoleBinding // of every namespace
	ClusterRoles        []rbacv1.ClusterRole
	ClusterRoleBindings []rbacv1.ClusterRoleBinding
}

// LogRef names what one container printed: this time, or before its last
// restart.
type LogRef struct {
	Pod, Container string
	Previous       bool
}
