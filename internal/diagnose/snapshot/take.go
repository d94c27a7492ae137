package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/client-go/rest"

	"labctl.dev/labctl/internal/kube"
)

// Take reads a namespace, all kinds at once. Everything is there, or it fails:
// a diagnosis from half a snapshot would name things missing that are not.
func Take(ctx context.Context, client *kube.Client, namespace string) (*Snapshot, error) {
	s := &Snapshot{Namespace: namespace, Taken: time.Now()}
	core, apps := client.Typed.CoreV1().RESTClient(), client.Typed.AppsV1().RESTClient()
	batch, network := client.Typed.BatchV1().RESTClient(), client.Typed.NetworkingV1().RESTClient()
	err := all(ctx,
		list(core, "namespaces", "", &s.Namespaces),
		list(core, "nodes", "", &s.Nodes),
		list(client.Typed.StorageV1().RESTClient(), "storageclasses", "", &s.StorageClasses),
		list(core, "pods", "", &s.AllPods),
		list(core, "services", namespace, &s.Services),
		list(client.Typed.DiscoveryV1().RESTClient(), "endpointslices", namespace, &s.EndpointSlices),
		list(apps, "deployments", namespace, &s.Deployments),
		list(apps, "replicasets", namespace, &s.ReplicaSets),
		list(apps, "statefulsets", namespace, &s.StatefulSets),
		list(apps, "daemonsets", namespace, &s.DaemonSets),
		list(batch, "jobs", namespace, &s.Jobs),
		list(batch, "cronjobs", namespace, &s.CronJobs),
		list(core, "configmaps", namespace, &s.ConfigMaps),
		list(core, "secrets", namespace, &s.Secrets),
		list(core, "persistentvolumeclaims", namespace, &s.Claims),
		list(core, "resourcequotas", namespace, &s.Quotas),
		list(core, "serviceaccounts", namespace, &s.ServiceAccounts),
		list(network, "networkpolicies", namespace, &s.NetworkPolicies),
		list(core, "events", namespace, &s.Events),
	)
	if err != nil {
		return nil, err
	}
	return s, nil
}

type read func(context.Context) error

// all runs the reads at once and returns the first error.
func all(ctx context.Context, reads ...read) error {
	errs := make(chan error, len(reads))
	for _, r := range reads {
		go func() { errs <- r(ctx) }()
	}
	var first error
	for range reads {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// list reads all objects of a resource; an empty namespace means all. It takes
// what the API server has at hand (resourceVersion 0): waiting for its cache to
// catch up can cost a tenth of a second a list, and a diagnosis follows a
// failure that is older than that.
func list[T any](client rest.Interface, resource, namespace string, into *[]T) read {
	return func(ctx context.Context) error {
		raw, err := client.Get().Namespace(namespace).Resource(resource).
			SetHeader("Accept", "application/json").Param("resourceVersion", "0").DoRaw(ctx)
		if err != nil {
			return fmt.Errorf("list %s: %w", resource, err)
		}
		var page struct {
			Items []T `json:"items"`
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			return fmt.Errorf("list %s: %w", resource, err)
		}
		*into = page.Items
		return nil
	}
}
