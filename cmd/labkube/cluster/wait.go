package cluster

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Connect returns the configuration and a client of a kubeconfig, without
// client-side rate limits: the API server is ours alone.
func Connect(kubeconfig string) (*rest.Config, kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", kubeconfig, err)
	}
	config.QPS, config.UserAgent = -1, "labkube"
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	return config, client, err
}

// Healthy asks the API server's own health check, path /livez or /readyz.
func Healthy(ctx context.Context, client kubernetes.Interface, path string) error {
	_, err := client.Discovery().RESTClient().Get().AbsPath(path).DoRaw(ctx)
	return err
}

// WaitHealthy polls the API server until its check passes or ctx ends.
func WaitHealthy(ctx context.Context, client kubernetes.Interface, path string) error {
	var last error
	err := wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		last = Healthy(ctx, client, path)
		return last == nil, nil
	})
	if err != nil && last != nil {
		return fmt.Errorf("wait for the API server: %w (%w)", last, err)
	}
	return err
}
