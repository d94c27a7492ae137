package kubelet

import (
	"context"
	"fmt"
	"syscall"
	"time"

	cadvisorapi "github.com/google/cadvisor/lib/model"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet/cadvisor"

	"labctl.dev/labctl/cmd/labkube/layout"
)

// stats is cAdvisor, save for file systems: it looks for their devices, which
// a node's own mount table does not show. Everything a node keeps is below one
// directory, so that one is asked directly.
type stats struct {
	cadvisor.Interface
	dir string
}

func newStats(ctx context.Context, node layout.Node) (*stats, error) {
	endpoint := "unix://" + layout.ContainerdSocket
	inner, err := cadvisor.New(klog.FromContext(ctx), cadvisor.NewImageFsInfoProvider(endpoint), node.DataDir,
		[]string{"/kubepods"}, cadvisor.UsingLegacyCadvisorStats(endpoint), false, false)
	if err != nil {
		return nil, fmt.Errorf("start cAdvisor: %w", err)
	}
	return &stats{Interface: inner, dir: node.DataDir}, nil
}

// RootFsInfo implements cadvisor.Interface.
func (s *stats) RootFsInfo() (cadvisorapi.FsInfo, error) { return statfs(s.dir) }

// ImagesFsInfo implements cadvisor.Interface.
func (s *stats) ImagesFsInfo(context.Context) (cadvisorapi.FsInfo, error) { return statfs(s.dir) }

// ContainerFsInfo implements cadvisor.Interface.
func (s *stats) ContainerFsInfo(context.Context) (cadvisorapi.FsInfo, error) { return statfs(s.dir) }

// GetDirFsInfo implements cadvisor.Interface.
func (s *stats) GetDirFsInfo(path string) (cadvisorapi.FsInfo, error) { return statfs(path) }

func statfs(path string) (cadvisorapi.FsInfo, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return cadvisorapi.FsInfo{}, fmt.Errorf("statfs %s: %w", path, err)
	}
	block := uint64(fs.Bsize)
	inodes, free := fs.Files, fs.Ffree
	return cadvisorapi.FsInfo{
		Timestamp:  time.Now(),
		Device:     fmt.Sprintf("%x", fs.Fsid),
		Mountpoint: path,
		Capacity:   fs.Blocks * block,
		Available:  fs.Bavail * block,
		Usage:      (fs.Blocks - fs.Bfree) * block,
		Inodes:     &inodes,
		InodesFree: &free,
	}, nil
}
