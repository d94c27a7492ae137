// Package manifest applies a lab's Kubernetes manifests and waits until what
// they describe is ready.
package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Parse reads every object of a file of YAML or JSON documents. Lists are taken
// apart; empty documents are left out. The name is for errors.
func Parse(name string, data []byte) ([]unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	var objects []unstructured.Unstructured
	for n := 1; ; n++ {
		var object unstructured.Unstructured
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: document %d: %w", name, n, err)
		}
		if len(object.Object) == 0 {
			continue
		}
		if object.IsList() {
			list, err := object.ToList()
			if err != nil {
				return nil, fmt.Errorf("%s: document %d: %w", name, n, err)
			}
			objects = append(objects, list.Items...)
			continue
		}
		if object.GetKind() == "" || object.GetAPIVersion() == "" || object.GetName() == "" {
			return nil, fmt.Errorf("%s: document %d: apiVersion, kind and metadata.name are required", name, n)
		}
		objects = append(objects, object)
	}
}

// Sort puts objects into an order in which they can be applied: what others
// refer to first, workloads last. Equals stay in the order they were written.
func Sort(objects []unstructured.Unstructured) {
	slices.SortStableFunc(objects, func(a, b unstructured.Unstructured) int {
		return cmp.Compare(rank(a.GetKind()), rank(b.GetKind()))
	})
}

func rank(kind string) int {
	switch kind {
	case "Namespace", "CustomResourceDefinition":
		return 0
	case "StorageClass", "PriorityClass", "ResourceQuota", "LimitRange", "ServiceAccount",
		"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding":
		return 1
	case "ConfigMap", "Secret", "PersistentVolume", "PersistentVolumeClaim", "Service", "NetworkPolicy":
		return 2
	default:
		return 3
	}
}
