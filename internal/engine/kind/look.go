package kind

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/versions"

	"labctl.dev/labctl/internal/container"
	"labctl.dev/labctl/internal/space"
)

const (
	// pingTime bounds asking Docker: a daemon that hangs is as good as none.
	pingTime = 600 * time.Millisecond
	// minAPI is Docker 20.10's, the first with private cgroup namespaces for nodes
	// on machines with cgroup v1.
	minAPI = "1.41"
	// MinMemory is the free memory, in bytes, that a node needs with a small lab.
	MinMemory = 1 << 30
	// MinDisk is the free space, in bytes, that a node and what is done on it take;
	// imageDisk is that of labctl's node image, while Docker does not have it.
	MinDisk   = 1 << 30
	imageDisk = 2 << 30
)

// Lack is why something cannot be used, and what would help; nothing lacks if its
// Reason is empty.
type Lack struct{ Reason, Remedy string }

// Report is what there is of the user's Docker for nodes.
type Report struct {
	// Host is the engine's address. Version and API are empty unless it answers.
	Host, Version, API string
	// Docker is why the engine is of no use.
	Docker Lack
	// Image says where the nodes' image comes from; NoImage why there is none.
	Image   string
	NoImage Lack
	// Space says what is free for nodes, in words, as far as that can be known;
	// NoSpace why it is too little.
	Space   string
	NoSpace Lack

	source source
}

// Lack is the first that is lacking, of all.
func (r Report) Lack() Lack {
	for _, l := range []Lack{r.Docker, r.NoImage, r.NoSpace} {
		if l.Reason != "" {
			return l
		}
	}
	return Lack{}
}

// Look asks the user's Docker Engine. It fails only when ctx ends.
func (e *Engine) Look(ctx context.Context) (Report, error) {
	docker, host, err := e.docker()
	if err != nil {
		return Report{Docker: Lack{err.Error(), e.findAnother()}}, nil
	}
	defer func() { _ = docker.Close() }() // it only closes idle connections
	r := Report{Host: host}
	if !container.Local(host) {
		r.Docker = Lack{"the Docker Engine at " + host + " is on another machine, and the ports of nodes there cannot be reached",
			"`unset DOCKER_HOST`, or choose a context of this machine: `docker context use default`"}
		return r, nil
	}
	r.API, r.Docker = ping(ctx, docker, host)
	if r.Docker.Reason != "" || ctx.Err() != nil {
		return r, ctx.Err()
	}
	none := new(noImageError)
	if r.source, err = e.findImage(ctx, docker); errors.As(err, &none) {
		r.NoImage = Lack{none.reason, noImageRemedy()}
	} else if err != nil {
		reason, remedy := unreachable(host, pingTime, err)
		r.Docker = Lack{reason, remedy}
		return r, ctx.Err()
	}
	r.Image = r.source.describe()
	r.Version, r.Space, r.NoSpace = room(ctx, docker, r.source)
	return r, ctx.Err()
}

// ping asks the engine whether it is there, and which API it speaks.
func ping(ctx context.Context, docker *container.Client, host string) (api string, lack Lack) {
	look, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	pong, err := docker.API.Ping(look)
	switch {
	case err != nil:
		reason, remedy := unreachable(host, pingTime, err)
		return "", Lack{reason, remedy}
	case versions.LessThan(pong.APIVersion, minAPI):
		return pong.APIVersion, Lack{fmt.Sprintf("the Docker Engine at %s is too old: its API is %s, and %s (Docker 20.10) is the first that can run nodes", host, pong.APIVersion, minAPI),
			"Update Docker: https://docs.docker.com/engine/install/"}
	}
	return pong.APIVersion, Lack{}
}

// room compares what the engine says it has with what a node needs. Where the
// engine shares this machine's disk and memory, what is free of them counts; where it
// is in a virtual machine, that one's memory is all that is known. An engine
// that does not say is given the benefit of the doubt.
func room(ctx context.Context, docker *container.Client, image source) (version, words string, lack Lack) {
	look, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	info, err := docker.API.Info(look)
	if err != nil {
		return "", "", Lack{}
	}
	total := uint64(max(info.MemTotal, 0))
	free, known, _ := space.Memory()
	words = fmt.Sprintf("%s of memory in all", space.Size(total))
	if known {
		free = min(free, total)
		words = fmt.Sprintf("%s of %s of memory free", space.Size(free), space.Size(total))
	} else {
		free = total
	}
	if total > 0 && free < MinMemory {
		lack = Lack{fmt.Sprintf("Docker has only %s, and a node needs %s", words, space.Size(MinMemory)),
			"End other programs or containers, or another lab with `labctl stop`; give Docker Desktop more memory in its settings"}
	}
	need := uint64(MinDisk)
	if image.ref == ownImage && image.load != "" || image.pull {
		need += imageDisk
	}
	disk, existing, err := space.Disk(info.DockerRootDir)
	if err != nil || existing != info.DockerRootDir { // it is not on this machine
		return info.ServerVersion, words, lack
	}
	words += fmt.Sprintf(", %s of disk in %s", space.Size(disk), info.DockerRootDir)
	if disk < need {
		lack = Lack{fmt.Sprintf("Docker has only %s of disk left in %s, and a node needs %s", space.Size(disk), info.DockerRootDir, space.Size(need)),
			"Free some: `docker system df` says what Docker keeps, `docker system prune` removes what is unused"}
	}
	return info.ServerVersion, words, lack
}
