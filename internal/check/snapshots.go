package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"labctl.dev/labctl/internal/check/probe"
	"labctl.dev/labctl/internal/check/progress"
	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/diagnose/snapshot"
	"labctl.dev/labctl/internal/kube"
)

// snapshots shares what namespaces look like between checks that ask at the
// same time.
type snapshots struct {
	client *kube.Client
	docker *container.Client
	mu     sync.Mutex
	last   map[string]*snapshot.Snapshot
}

// fresh is how old a snapshot may be. It is far below progress.Quiet.
const fresh = 150 * time.Millisecond

// progress says whether something still moves. Without a cluster nobody can tell;
// then everything may have changed just now.
func (s *snapshots) progress(ctx context.Context, about probe.About) (progress.State, error) {
	if s.docker != nil && (s.client == nil || about.Kind == progress.Docker) {
		all, err := s.docker.All(ctx)
		if err != nil {
			return progress.State{}, fmt.Errorf("look whether any container is still on its way: %w", err)
		}
		return progress.Containers(time.Now(), all), nil
	}
	if s.client == nil {
		return progress.State{Changed: time.Now()}, nil
	}
	now, err := s.take(ctx, about.Namespace)
	if err != nil {
		return progress.State{}, err
	}
	return progress.Of(now, about.Subject), nil
}

func (s *snapshots) take(ctx context.Context, namespace string) (*snapshot.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.last[namespace]; ok && time.Since(last.Taken) < fresh {
		return last, nil
	}
	ctx, cancel := context.WithTimeout(ctx, transientTime)
	defer cancel()
	now, err := snapshot.Take(ctx, s.client, namespace)
	if err != nil {
		return nil, fmt.Errorf("look whether anything is still on its way: %w", err)
	}
	if s.last == nil {
		s.last = map[string]*snapshot.Snapshot{}
	}
	s.last[namespace] = now
	return now, nil
}

// transient tells the errors of a server that is away for a moment.
func transient(err error) bool {
	var op *net.OpError
	return container.Unreachable(err) || utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) ||
		errors.Is(err, syscall.EPIPE) || errors.As(err, &op) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) ||
		apierrors.IsInternalError(err) || errors.Is(err, context.DeadlineExceeded)
}
