// Package kube is the little that labctl needs on top of client-go: one client
// from a kubeconfig, objects by the kind people write, the pods that belong to
// something, exec.
package kube

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// FieldManager is the name under which labctl applies objects.
const FieldManager = "labctl"

// Client talks to one cluster. It is safe for concurrent use.
type Client struct {
	Config  *rest.Config
	Typed   kubernetes.Interface
	Dynamic dynamic.Interface

	mapper meta.ResettableRESTMapper
	mu     sync.Mutex // guards a reset of the mapper
}

// FromFile makes a client from a kubeconfig file. It does not connect yet.
func FromFile(path string) (*Client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	return FromConfig(config)
}

// FromConfig makes a client. Client-side rate limits are off: the cluster is
// the learner's own, and a check must not wait for itself.
func FromConfig(config *rest.Config) (*Client, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	config.UserAgent = "labctl"
	config.WarningHandler = rest.NoWarnings{}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	cached := memory.NewMemCacheClient(typed.Discovery())
	c := FromParts(typed, dyn, restmapper.NewDeferredDiscoveryRESTMapper(cached))
	c.Config = config
	return c, nil
}

// FromParts makes a client of parts made elsewhere, such as client-go's fakes.
// It has no Config, so it cannot exec.
func FromParts(typed kubernetes.Interface, dyn dynamic.Interface, mapper meta.ResettableRESTMapper) *Client {
	return &Client{Typed: typed, Dynamic: dyn, mapper: mapper}
}

// Mapping finds the resource of a kind. apiVersion may be empty, then the
// cluster's preferred one is taken; kind may be written as kubectl accepts it
// (Deployment, deployments, deploy is not).
func (c *Client) Mapping(kind, apiVersion string) (*meta.RESTMapping, error) {
	m, err := c.mapping(kind, apiVersion)
	if meta.IsNoMatchError(err) {
		// A custom resource may have been defined since discovery was read.
		c.mu.Lock()
		c.mapper.Reset()
		c.mu.Unlock()
		m, err = c.mapping(kind, apiVersion)
	}
	return m, err
}

func (c *Client) mapping(kind, apiVersion string) (*meta.RESTMapping, error) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return nil, err
	}
	if apiVersion != "" {
		return c.mapper.RESTMapping(gv.WithKind(kind).GroupKind(), gv.Version)
	}
	gvk, err := c.mapper.KindFor(schema.GroupVersionResource{Resource: strings.ToLower(kind)})
	if err != nil {
		return nil, err
	}
	return c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
}

// Resource is the dynamic interface of a mapping in a namespace. The namespace
// is left out for cluster-scoped kinds; "*" or "" means all.
func (c *Client) Resource(m *meta.RESTMapping, namespace string) dynamic.ResourceInterface {
	r := c.Dynamic.Resource(m.Resource)
	if m.Scope.Name() == meta.RESTScopeNameRoot || namespace == "*" || namespace == "" {
		return r
	}
	return r.Namespace(namespace)
}

// Get reads one object by kind and name.
func (c *Client) Get(ctx context.Context, kind, apiVersion, namespace, name string) (*unstructured.Unstructured, error) {
	m, err := c.Mapping(kind, apiVersion)
	if err != nil {
		return nil, err
	}
	return c.Resource(m, namespace).Get(ctx, name, metav1.GetOptions{})
}

// List reads the objects of a kind that a label selector matches.
func (c *Client) List(ctx context.Context, kind, apiVersion, namespace, selector string) ([]unstructured.Unstructured, error) {
	m, err := c.Mapping(kind, apiVersion)
	if err != nil {
		return nil, err
	}
	list, err := c.Resource(m, namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}
