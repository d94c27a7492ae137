package control

import (
	"context"
	"fmt"
	"time"

	"github.com/containerd/containerd/v2/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/apimachinery/pkg/util/wait"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"labctl.dev/labctl/cmd/labkube/layout"
)

// Containerd is a connection to the node's container runtime.
type Containerd struct {
	client  *client.Client
	images  cri.ImageServiceClient
	runtime cri.RuntimeServiceClient
}

// DialContainerd connects lazily: it succeeds before containerd serves.
func DialContainerd() (*Containerd, error) {
	conn, err := grpc.NewClient("unix://"+layout.ContainerdSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("dial containerd: %w", err)
	}
	c, err := client.NewWithConn(conn)
	if err != nil {
		return nil, fmt.Errorf("dial containerd: %w", err)
	}
	return &Containerd{client: c, images: cri.NewImageServiceClient(conn), runtime: cri.NewRuntimeServiceClient(conn)}, nil
}

// Check fails unless containerd and the part of it that kubelet uses answer.
func (c *Containerd) Check(ctx context.Context) error {
	_, err := c.images.ImageFsInfo(ctx, &cri.ImageFsInfoRequest{})
	return err
}

// Wait blocks until Check passes or ctx ends.
func (c *Containerd) Wait(ctx context.Context) error {
	return wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return c.Check(ctx) == nil, nil
	})
}

// podUID is the label in which kubelet writes the UID of a sandbox's pod.
const podUID = "io.kubernetes.pod.uid"

// Sandboxes returns the UIDs of the pods that have a running sandbox.
func (c *Containerd) Sandboxes(ctx context.Context) (map[string]bool, error) {
	response, err := c.runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return nil, fmt.Errorf("list sandboxes: %w", err)
	}
	uids := map[string]bool{}
	for _, sandbox := range response.GetItems() {
		if sandbox.GetState() == cri.PodSandboxState_SANDBOX_READY {
			uids[sandbox.GetLabels()[podUID]] = true
		}
	}
	return uids, nil
}
