package kind

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/engine"
)

// claimFile says in a cluster's directory that its name in Docker is its own. The
// volume alone would not do: `docker volume prune` takes it.
const claimFile = "claimed"

// claim makes the volume that says whose a cluster is, and removes what a killed
// predecessor left. Somebody else's cluster or volume of that name stays.
func claim(ctx context.Context, docker *container.Client, name, dir string) error {
	mine, err := owned(ctx, docker, name, dir)
	if err != nil {
		return err
	}
	if mine {
		err = purge(ctx, docker, name, dir)
	} else {
		err = refuseNodes(ctx, docker, name)
	}
	if err != nil {
		return fmt.Errorf("look for the rest of an earlier cluster: %w", err)
	}
	made, err := docker.API.VolumeCreate(ctx, volume.CreateOptions{Name: name, Labels: map[string]string{dirLabel: dir}})
	if err != nil {
		return fmt.Errorf("make the volume %s: %w", name, err)
	}
	if made.Labels[dirLabel] != dir { // Docker returns one that is there, whoever made it
		return &engine.Trouble{
			Reason: "the volume " + name + " in Docker is somebody else's",
			Remedy: "Remove it with `docker volume rm " + name + "` if nobody needs it, then try again",
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, claimFile), nil, 0o644)
}

func refuseNodes(ctx context.Context, docker *container.Client, name string) error {
	all, err := nodes(ctx, docker, name)
	if err != nil || len(all) == 0 {
		return err
	}
	return &engine.Trouble{
		Reason: "there is a kind cluster " + name + " already, and it is somebody else's",
		Remedy: "Remove it with `kind delete cluster --name " + name + "` if nobody needs it, then try again",
	}
}

// owned says whether what there is of this name in Docker belongs to the cluster
// of this directory.
func owned(ctx context.Context, docker *container.Client, name, dir string) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, claimFile)); err == nil {
		return true, nil
	}
	v, err := docker.API.VolumeInspect(ctx, name)
	if err != nil && !container.Gone(err) {
		return false, fmt.Errorf("look at the volume %s: %w", name, err)
	}
	return err == nil && v.Labels[dirLabel] == dir, nil
}

// unclaim removes the volume, if it is the one of this directory. An empty dir
// stands for any cluster of labctl's.
func unclaim(ctx context.Context, docker *container.Client, name, dir string) error {
	dirs, err := claims(ctx, docker)
	if err != nil {
		return err
	}
	if owner, ours := dirs[name]; !ours || dir != "" && owner != dir {
		return nil
	}
	if err := docker.API.VolumeRemove(ctx, name, false); err != nil && !container.Gone(err) {
		return fmt.Errorf("remove the volume %s: %w", name, err)
	}
	return nil
}

// claims are the directories of all of labctl's clusters, by their names.
func claims(ctx context.Context, docker *container.Client) (map[string]string, error) {
	list, err := docker.API.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", dirLabel))})
	if err != nil {
		return nil, fmt.Errorf("list the volumes: %w", err)
	}
	dirs := map[string]string{}
	for _, v := range list.Volumes {
		if strings.HasPrefix(v.Name, clusterPrefix) {
			dirs[v.Name] = v.Labels[dirLabel]
		}
	}
	return dirs, nil
}
