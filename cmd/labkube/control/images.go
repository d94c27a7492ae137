package control

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"k8s.io/apimachinery/pkg/util/wait"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// criNamespace is where containerd keeps what belongs to Kubernetes.
const criNamespace = "k8s.io"

// criDeadline bounds how long containerd may take to notice an image it just got.
const criDeadline = 10 * time.Second

// Images is the answer to POST /images.
type Images struct {
	Images []string `json:"images"`
}

// Import loads the images of a tar (an OCI layout or what docker save writes)
// and returns their names once kubelet can use them.
func (c *Containerd) Import(ctx context.Context, tar io.Reader) ([]string, error) {
	ctx = namespaces.WithNamespace(ctx, criNamespace)
	images, err := c.client.Import(ctx, tar)
	if err != nil {
		return nil, fmt.Errorf("import images: %w", err)
	}
	snapshotter, err := c.snapshotter(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, image := range images {
		if err := client.NewImage(c.client, image).Unpack(ctx, snapshotter); err != nil {
			return nil, fmt.Errorf("unpack image %s: %w", image.Name, err)
		}
		if err := c.waitImage(ctx, image.Name); err != nil {
			return nil, fmt.Errorf("image %s does not show up in containerd: %w", image.Name, err)
		}
		names = append(names, image.Name)
	}
	return names, nil
}

// snapshotter names the snapshotter that containers will use: the last word of
// the directory that it keeps images in.
func (c *Containerd) snapshotter(ctx context.Context) (string, error) {
	info, err := c.images.ImageFsInfo(ctx, &cri.ImageFsInfoRequest{})
	if err != nil {
		return "", fmt.Errorf("ask containerd for its image store: %w", err)
	}
	for _, fs := range info.GetImageFilesystems() {
		if _, name, ok := strings.Cut(filepath.Base(fs.GetFsId().GetMountpoint()), ".snapshotter.v1."); ok {
			return name, nil
		}
	}
	return "", nil // containerd's default
}

// waitImage waits until containerd's Kubernetes side knows an image: it learns
// of it from an event, and a pod started before would try to pull.
func (c *Containerd) waitImage(ctx context.Context, name string) error {
	request := &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: name}}
	return wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, criDeadline, true, func(ctx context.Context) (bool, error) {
		status, err := c.images.ImageStatus(ctx, request)
		return status.GetImage() != nil, err
	})
}

// HandleImages adds POST /images.
func (a *API) HandleImages(c *Containerd) {
	a.Handle("POST /images", func(r *http.Request) (any, error) {
		names, err := c.Import(r.Context(), r.Body)
		return Images{Images: names}, err
	})
}
